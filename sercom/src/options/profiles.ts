import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';
import { type Command, InvalidArgumentError, type Option } from 'commander';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { similar } from '../text/suggest.js';
import { isOverridden } from './option-rules.js';

/** What a port argument begins with that means a profile: `@bench`. */
const PREFIX = '@';

/** What a profile may say: `ports`, and options by their long names, without the dashes. */
type Profile = Record<string, unknown>;

/** Where profiles are kept. */
function configFile(): string {
  const { XDG_CONFIG_HOME } = process.env;
  // XDG says that a relative path is to be ignored.
  const folder =
    XDG_CONFIG_HOME !== undefined && path.isAbsolute(XDG_CONFIG_HOME)
      ? XDG_CONFIG_HOME
      : path.join(homedir(), '.config');
  return path.join(folder, 'sercom', 'config.json');
}

/** The names of all profiles; none if they cannot be read. */
export async function profileNames(): Promise<string[]> {
  return readProfiles().then(
    (profiles) => Object.keys(profiles).map((name) => `${PREFIX}${name}`),
    () => [],
  );
}

/** Whether an argument means a profile, if it is a port. */
export function namesProfile(argument: string): boolean {
  return argument.startsWith(PREFIX);
}

/**
 * Puts profiles in place: those among the ports become their ports, and their options are set unless the command line
 * has set them, or what they cannot go with.
 *
 * @throws CliError (wrong use) that says what is wrong in which profile
 */
export async function expandProfiles(portArguments: readonly string[], command: Command): Promise<string[]> {
  const expanded: string[] = [];
  for (const argument of portArguments) {
    if (namesProfile(argument)) {
      expanded.push(...(await applyProfile(argument.slice(PREFIX.length), command)));
    } else {
      expanded.push(argument);
    }
  }
  return expanded;
}

/** Sets the options of a profile, and gives its ports. */
async function applyProfile(name: string, command: Command): Promise<string[]> {
  const profiles = await readProfiles();
  if (!Object.hasOwn(profiles, name)) {
    const meant = similar(name, Object.keys(profiles));
    const help = meant === undefined ? describeProfiles(profiles) : `Did you mean ${PREFIX}${meant}?`;
    throw new CliError(ExitCode.usage, `there is no profile "${name}" in ${configFile()}; ${help}`);
  }
  const { ports = [], ...options } = profiles[name]!;
  const where = `${configFile()}: profile "${name}"`;
  if (!Array.isArray(ports) || ports.some((port) => typeof port !== 'string' || port.startsWith(PREFIX))) {
    throw new CliError(ExitCode.usage, `${where}: "ports" takes an array of ports, as in ["arm=/dev/ttyACM0@9600"]`);
  }
  for (const [long, value] of Object.entries(options)) {
    setOption(where, command, long, value);
  }
  return ports as string[];
}

function setOption(where: string, command: Command, long: string, value: unknown): void {
  const optionsOf = ({ options }: Command) => options.filter((option) => option.long !== undefined);
  const option = optionsOf(command).find((each) => each.long === `--${long}`);
  if (option === undefined) {
    const known = [...new Set((command.parent?.commands ?? []).flatMap(optionsOf).map((each) => each.long!.slice(2)))];
    if (known.includes(long)) {
      // A profile is for several commands, and not all have all options.
      return;
    }
    const meant = similar(long, known);
    const help = meant === undefined ? 'see "sercom monitor --help"' : `Did you mean "${meant}"?`;
    throw new CliError(ExitCode.usage, `${where}: there is no option "${long}"; ${help}`);
  }
  if (!isOverridden(option, command)) {
    const setting = settingOf(`${where}: "${long}"`, option, value);
    command.setOptionValueWithSource(option.attributeName(), setting, 'config');
  }
}

function settingOf(where: string, option: Option, value: unknown): unknown {
  if (option.isBoolean() || option.negate) {
    if (typeof value !== 'boolean') {
      throw new CliError(ExitCode.usage, `${where} takes true or false`);
    }
    return option.negate ? !value : value;
  }
  let result: unknown;
  for (const each of Array.isArray(value) ? value : [value]) {
    if (typeof each !== 'string' && typeof each !== 'number') {
      throw new CliError(ExitCode.usage, `${where} takes a text or a number`);
    }
    try {
      result = option.parseArg === undefined ? String(each) : option.parseArg(String(each), result);
    } catch (error) {
      if (error instanceof InvalidArgumentError) {
        throw new CliError(ExitCode.usage, `${where}: "${each}" cannot be used. ${error.message}`, { cause: error });
      }
      throw error;
    }
  }
  return result;
}

async function readProfiles(): Promise<Record<string, Profile>> {
  const file = configFile();
  let profiles: unknown;
  try {
    profiles = JSON.parse(await readFile(file, 'utf8')).profiles;
  } catch (error) {
    const reason =
      (error as NodeJS.ErrnoException).code === 'ENOENT'
        ? `there is no ${file}; write {"profiles": {"NAME": {"ports": ["/dev/ttyACM0"]}}} there`
        : `${file}: ${(error as Error).message}`;
    throw new CliError(ExitCode.usage, `profiles: ${reason}`, { cause: error });
  }
  if (!isObject(profiles) || !Object.values(profiles).every(isObject)) {
    throw new CliError(ExitCode.usage, `${file}: it takes {"profiles": {"NAME": {"ports": [...], OPTION: VALUE}}}`);
  }
  return profiles as Record<string, Profile>;
}

function describeProfiles(profiles: Record<string, Profile>): string {
  const names = Object.keys(profiles).map((name) => `${PREFIX}${name}`);
  return names.length === 0 ? 'it is empty' : `there are ${names.join(', ')}`;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
