import { hostname } from 'node:os';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { type PortArgument, parsePorts } from '../../ports/port-argument.js';

/** What separates the levels of a topic, matches several topics, or is no text. */
const FORBIDDEN = /[/+#\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * Parses ports whose names are levels of topics. One without a name gets the last part of its path as its name.
 *
 * @throws CliError (usage error)
 */
export function parseBridgedPorts(portArguments: readonly string[], defaultBaudRate: number): PortArgument[] {
  const ports = parsePorts(portArguments, defaultBaudRate, lastPart);
  for (const { name, path } of ports) {
    const forbidden = forbiddenIn(name);
    if (name === '' || forbidden !== undefined) {
      const isOwn = name === lastPart(path);
      const problem = forbidden === undefined ? 'it has no name' : `${forbidden} cannot be part of a topic`;
      const advice = isOwn ? 'give the port a name: NAME=PORT' : 'choose another NAME';
      throw new CliError(ExitCode.usage, `port "${isOwn ? path : name}": ${problem}; ${advice}`);
    }
  }
  return ports;
}

/**
 * The name of the bridge.
 *
 * @throws CliError (usage error) if it cannot be a level of a topic
 */
export function bridgeName(given: string | undefined): string {
  const name = given ?? hostname();
  const forbidden = forbiddenIn(name);
  if (name === '' || forbidden !== undefined) {
    const where = given === undefined ? 'the name of this machine' : '--name';
    const problem = forbidden === undefined ? 'it is empty' : `${forbidden} cannot be part of a topic`;
    const advice = given === undefined ? 'choose one with --name' : 'choose another name, for example bench';
    throw new CliError(ExitCode.usage, `${where}: ${problem}; ${advice}`);
  }
  return name;
}

/** @throws CliError (usage error) if topics cannot begin with it */
export function checkBase(base: string): void {
  const levels = base.split('/');
  const forbidden = levels.map(forbiddenIn).find((each) => each !== undefined);
  const problem =
    forbidden !== undefined
      ? `${forbidden} cannot be part of a topic`
      : levels.includes('')
        ? 'a level is empty'
        : base.startsWith('$')
          ? 'topics that begin with "$" belong to the broker'
          : undefined;
  if (problem !== undefined) {
    throw new CliError(ExitCode.usage, `--base: ${problem}; expected for example serial or plant/serial`);
  }
}

/** `ttyACM0` of `/dev/ttyACM0`. What has no `/` keeps its whole path: `usb:2341:0043`, `COM3`. */
function lastPart(path: string): string {
  return path.split(/[/\\]/).at(-1)!;
}

function forbiddenIn(level: string): string | undefined {
  const character = FORBIDDEN.exec(level)?.[0];
  return character === undefined ? undefined : `"${character}"`;
}
