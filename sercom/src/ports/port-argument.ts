import type { DeviceSelector, PortInfo } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { parseUsb, selects, USB_GRAMMAR, USB_PREFIX, usbForms } from './usb-port.js';

/** The path of a simulated Arduino Uno that echoes. With a file after it, the board runs that image instead. */
export const SIMULATED_PATH = 'sim:';

/** What the name of an image must end with, so that a mistyped baud rate is not taken for one. */
const IMAGE_NAME = /[^/\\]\.i?hex$/i;

const MAX_BAUD_RATE = 4_294_967_295;

/** A port given on the command line. */
export interface PortArgument {
  /** The name that its packets are shown under. Default: the path. */
  name: string;
  /** The path of the port, `usb:…` or `sim:[FILE]`. */
  path: string;
  /** The device to look up instead of the path. */
  device?: DeviceSelector;
  /** In bit/s. */
  baudRate: number;
}

/**
 * Parses `PATH`, `usb:…` or `sim:[FILE]`, each with optional `NAME=` before and `@BAUD` after: the first `=` ends the name,
 * and a last `@` followed only by digits is the baud rate.
 *
 * @throws CliError (usage error)
 */
export function parsePort(argument: string, defaultBaudRate: number): PortArgument {
  const [, name, path = '', digits] = /^(?:([^=]*)=)?(.*?)(?:@(\d+))?$/s.exec(argument)!;
  const usageError = (message: string) => new CliError(ExitCode.usage, `port "${argument}": ${message}`);
  if (name === '' || path === '' || path.includes('\0')) {
    const problem = name === '' ? 'the name before "=" is empty' : 'the path is empty or invalid';
    throw usageError(`${problem}; expected [NAME=]PATH[@BAUD] or [NAME=]usb:VID:PID[:SERIAL][#INTERFACE][@BAUD]`);
  }
  const imageFile = imageFileOf(path);
  if (imageFile !== undefined && !IMAGE_NAME.test(imageFile)) {
    throw usageError('expected sim: or sim:FILE.hex, each with optional @BAUD, for example sim:build/uno.hex@9600');
  }
  const baudRate = digits === undefined ? defaultBaudRate : Number(digits);
  if (baudRate < 1 || baudRate > MAX_BAUD_RATE) {
    throw usageError(`invalid baud rate; expected an integer from 1 to ${MAX_BAUD_RATE}`);
  }
  const port = { name: name ?? path, path, baudRate };
  if (!path.startsWith(USB_PREFIX)) {
    return port;
  }
  const device = parseUsb(path.slice(USB_PREFIX.length));
  if (device === undefined) {
    throw usageError(`expected ${USB_GRAMMAR}, for example usb:2341:0043; see "sercom list"`);
  }
  return { ...port, device };
}

/** The image that a simulated board runs. Undefined if it runs the echo sketch, and for real ports. */
export function imageFileOf(path: string): string | undefined {
  return path.startsWith(SIMULATED_PATH) && path !== SIMULATED_PATH ? path.slice(SIMULATED_PATH.length) : undefined;
}

/**
 * Parses several ports. Their names must differ.
 *
 * @throws CliError (usage error)
 */
export function parsePorts(portArguments: readonly string[], defaultBaudRate: number): PortArgument[] {
  const ports = portArguments.map((argument) => parsePort(argument, defaultBaudRate));
  const names = new Set<string>();
  for (const { name, path } of ports) {
    if (names.has(name)) {
      throw new CliError(ExitCode.usage, `two ports are named "${name}"; give each its own name: NAME=${path}`);
    }
    names.add(name);
  }
  return ports;
}

/**
 * The shortest way to write each USB port so that it selects only that port. Ports without a node in `/dev` have none.
 *
 * @param given - what the user has selected so far. Names that include it are preferred.
 */
export function usbNames(ports: readonly PortInfo[], given: DeviceSelector = {}): Map<PortInfo, string> {
  const candidates = ports.filter(({ hasNode }) => hasNode !== false);
  const names = new Map<PortInfo, string>();
  for (const port of candidates) {
    // A serial number may contain what has a meaning in a port argument, so each form is parsed again.
    const forms = usbForms(port).map((form) => ({ form, device: parsePort(form, 1).device ?? {} }));
    const unique = forms.filter(
      ({ device }) => selects(device, port) && !candidates.some((other) => other !== port && selects(device, other)),
    );
    const best = unique.find(({ device }) => Object.keys(given).every((field) => field in device)) ?? unique[0];
    if (best !== undefined) {
      names.set(port, best.form);
    }
  }
  return names;
}
