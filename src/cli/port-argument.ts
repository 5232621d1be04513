import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';

/** The path of a simulated Arduino Uno. */
export const SIMULATED_PATH = 'sim:';

const MAX_BAUD_RATE = 4_294_967_295;

/** A port as the command line names it. */
export interface PortArgument {
  /** What packets of it are shown under: the path if no name was given. */
  name: string;
  path: string;
  /** In bit/s. */
  baudRate: number;
}

/**
 * Reads `path` or `name=path`, each with optional `@baud`: the first `=` ends the name, a last `@` followed only by
 * digits is the baud rate.
 *
 * @throws CliError (wrong use)
 */
export function parsePort(argument: string, defaultBaudRate: number): PortArgument {
  const [, name, path = '', digits] = /^(?:([^=]*)=)?(.*?)(?:@(\d+))?$/s.exec(argument)!;
  if (name === '' || path === '' || path.includes('\0')) {
    const problem = name === '' ? 'the name before "=" is empty' : 'the path is empty or cannot be one';
    throw new CliError(
      ExitCode.usage,
      `port "${argument}": ${problem}; write PATH or NAME=PATH, and @BAUD if you want`,
    );
  }
  const baudRate = digits === undefined ? defaultBaudRate : Number(digits);
  if (baudRate < 1 || baudRate > MAX_BAUD_RATE) {
    throw new CliError(ExitCode.usage, `port "${argument}": the baud rate takes a number from 1 to ${MAX_BAUD_RATE}`);
  }
  return { name: name ?? path, path, baudRate };
}

/**
 * Reads several ports. Their names must differ.
 *
 * @throws CliError (wrong use)
 */
export function parsePorts(portArguments: readonly string[], defaultBaudRate: number): PortArgument[] {
  const ports = portArguments.map((argument) => parsePort(argument, defaultBaudRate));
  const names = new Set<string>();
  for (const { name, path } of ports) {
    if (names.has(name)) {
      throw new CliError(ExitCode.usage, `two ports are named "${name}"; give each a name of its own: NAME=${path}`);
    }
    names.add(name);
  }
  return ports;
}
