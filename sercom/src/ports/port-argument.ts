import type { DeviceSelector, PortInfo } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { isRawPort, NETWORK_GRAMMAR } from './network-port.js';
import { simulationOf } from './simulated-boards.js';
import { parseUsb, selects, USB_GRAMMAR, USB_PREFIX, usbForms } from './usb-port.js';

const MAX_BAUD_RATE = 4_294_967_295;

/** A port given on the command line. */
export interface PortArgument {
  /** The name that its packets are shown under. */
  name: string;
  /** The path of the port, `usb:…`, `sim:…` or, on the network, for example `tcp://host:port`. */
  path: string;
  /** The device to look up instead of the path. */
  device?: DeviceSelector;
  /** In bit/s. Undefined if the port is raw, and none was given for the line behind it. */
  baudRate: number | undefined;
}

/**
 * Parses `PATH`, `usb:…`, `sim:…` or `tcp://…`, each with optional `NAME=` before and `@BAUD` after: the first `=` ends the
 * name, and a last `@` followed only by digits is the baud rate. The library checks addresses.
 *
 * @param defaultName - the name of a port without `NAME=`. Default: its path
 * @throws CliError (usage error)
 */
export function parsePort(
  argument: string,
  defaultBaudRate: number,
  defaultName = (path: string): string => path,
): PortArgument {
  const [, name, path = '', digits] = /^(?:([^=]*)=)?(.*?)(?:@(\d+))?$/s.exec(argument)!;
  const usageError = (message: string) => new CliError(ExitCode.usage, `port "${argument}": ${message}`);
  if (name === '' || path === '' || path.includes('\0')) {
    const problem = name === '' ? 'the name before "=" is empty' : 'the path is empty or invalid';
    throw usageError(
      `${problem}; expected [NAME=]PATH[@BAUD], [NAME=]usb:VID:PID[:SERIAL][#INTERFACE][@BAUD], or a path such as ${NETWORK_GRAMMAR}`,
    );
  }
  const { kind, file } = simulationOf(path) ?? {};
  if (file !== undefined && !kind!.imageName.test(file)) {
    throw usageError(`expected ${kind!.grammar}`);
  }
  const ownBaudRate = digits === undefined ? undefined : Number(digits);
  const baudRate = ownBaudRate ?? (isRawPort(path) ? undefined : defaultBaudRate);
  if (baudRate !== undefined && (baudRate < 1 || baudRate > MAX_BAUD_RATE)) {
    throw usageError(`invalid baud rate; expected an integer from 1 to ${MAX_BAUD_RATE}`);
  }
  const port = { name: name ?? defaultName(path), path, baudRate };
  if (!path.startsWith(USB_PREFIX)) {
    return port;
  }
  const device = parseUsb(path.slice(USB_PREFIX.length));
  if (device === undefined) {
    throw usageError(`expected ${USB_GRAMMAR}, for example usb:2341:0043; see "sercom list"`);
  }
  return { ...port, device };
}

/**
 * Parses several ports. Their names must differ.
 *
 * @throws CliError (usage error)
 */
export function parsePorts(
  portArguments: readonly string[],
  defaultBaudRate: number,
  defaultName?: (path: string) => string,
): PortArgument[] {
  const ports = portArguments.map((argument) => parsePort(argument, defaultBaudRate, defaultName));
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
