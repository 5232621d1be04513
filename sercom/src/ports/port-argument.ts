import type { DeviceSelector } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

/** The path of a simulated Arduino Uno. */
export const SIMULATED_PATH = 'sim:';

const MAX_BAUD_RATE = 4_294_967_295;

const USB_PREFIX = 'usb:';

/** A port as the command line names it. */
export interface PortArgument {
  /** What packets of it are shown under: the path if no name was given. */
  name: string;
  /** Where it is; `usb:VID:PID[:SERIAL]` if that is to be looked up. */
  path: string;
  /** What to look up instead of the path. */
  device?: DeviceSelector;
  /** In bit/s. */
  baudRate: number;
}

/**
 * Reads `path`, `name=path`, `usb:VID:PID[:SERIAL]` or `name=usb:…`, each with optional `@baud`: the first `=` ends the
 * name, a last `@` followed only by digits is the baud rate.
 *
 * @throws CliError (wrong use)
 */
export function parsePort(argument: string, defaultBaudRate: number): PortArgument {
  const [, name, path = '', digits] = /^(?:([^=]*)=)?(.*?)(?:@(\d+))?$/s.exec(argument)!;
  if (name === '' || path === '' || path.includes('\0')) {
    const problem = name === '' ? 'the name before "=" is empty' : 'the path is empty or cannot be one';
    throw new CliError(
      ExitCode.usage,
      `port "${argument}": ${problem}; write PATH, usb:VID:PID or NAME=PATH, and @BAUD if you want`,
    );
  }
  if (path.startsWith(SIMULATED_PATH) && path !== SIMULATED_PATH) {
    throw new CliError(
      ExitCode.usage,
      `port "${argument}": behind sim: there can be @ and a baud rate only, as in sim:@9600`,
    );
  }
  const baudRate = digits === undefined ? defaultBaudRate : Number(digits);
  if (baudRate < 1 || baudRate > MAX_BAUD_RATE) {
    throw new CliError(ExitCode.usage, `port "${argument}": the baud rate takes a number from 1 to ${MAX_BAUD_RATE}`);
  }
  const port = { name: name ?? path, path, baudRate };
  return path.startsWith(USB_PREFIX) ? { ...port, device: parseDevice(argument, path) } : port;
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

function parseDevice(argument: string, path: string): DeviceSelector {
  const match = /^([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?$/is.exec(path.slice(USB_PREFIX.length));
  if (match === null) {
    throw new CliError(
      ExitCode.usage,
      `port "${argument}": write usb:VID:PID or usb:VID:PID:SERIAL, as in usb:2341:0043; "sercom list" shows all three`,
    );
  }
  const [, vendorId = '', productId = '', serialNumber] = match;
  return { vendorId, productId, ...(serialNumber !== undefined && { serialNumber }) };
}
