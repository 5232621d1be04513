import type { ConnectionErrorCode } from '../../errors.js';
import { describePorts } from './describe-ports.js';
import { advisePermission } from './permission-advice.js';
import type { PortFacts } from './port-facts.js';
import type { SystemFacts } from './system-facts.js';

/** An attempt to open a port that failed. */
export interface OpenFailure {
  code: ConnectionErrorCode;
  /** The text of the binding's error. */
  text: string;
  /** Undefined if the port was not even found. */
  path: string | undefined;
  baudRate: number | undefined;
}

/** What a path looks like that may be a port of Windows: those of virtual ports have names such as CNCA0. */
const WINDOWS_NAME = /^(\\\\\.\\)?[\w-]+$/;

/** What errors of Windows mean that `serialport` reports as a number. */
const WINDOWS_ERRORS: Readonly<Record<string, string>> = {
  31: 'the device does not work; unplug it and plug it in again',
  121: 'the device does not answer; if it is a Bluetooth device, switch it on and bring it near',
};

/** Matches the error of a path that is a file, a directory or another device. */
const NOT_A_SERIAL_PORT = /inappropriate ioctl|ENOTTY|is a directory|EISDIR|Open \(GetCommState\)/i;

/** Matches the error of a node whose device is missing, but not that of a missing node. */
const NO_DEVICE = /no such device|ENXIO|ENODEV/i;

/** Matches what no permission of a file can allow. */
const FORBIDDEN = /EPERM|not permitted/i;

/** Whether the path may be that of a node whose device is missing. */
export function isDeviceMissing({ code, text }: OpenFailure): boolean {
  return code === 'PORT_NOT_FOUND' && NO_DEVICE.test(text);
}

/** Whether the explanation lists the ports. */
export function needsPorts({ code, text }: OpenFailure): boolean {
  return code === 'PORT_NOT_FOUND' || (code === 'PORT_OPEN_FAILED' && NOT_A_SERIAL_PORT.test(text));
}

/** Says why a port could not be opened, and what to do: a function of the facts only. */
export function explainFailure(failure: OpenFailure, facts: PortFacts): string {
  const { code, text, path, baudRate } = failure;
  switch (code) {
    case 'PORT_NOT_FOUND':
      return explainNotFound(failure, facts);
    case 'PORT_BUSY':
      return explainBusy(facts);
    case 'PERMISSION_DENIED': {
      const advice = advisePermission(path, FORBIDDEN.test(text), facts);
      return advice === undefined ? 'permission denied' : `permission denied; ${advice}`;
    }
    case 'WORKER_UNSUPPORTED':
    case 'RUNTIME_UNSUPPORTED':
    case 'NATIVE_CODE_MISSING':
      return text;
    default:
      if (NOT_A_SERIAL_PORT.test(text)) {
        return `not a serial port; ${listPorts(facts)}`;
      }
      return `cannot be opened${baudRate ? ` at ${baudRate} bit/s` : ''}: ${windowsError(text) ?? text.replace(/^Error:? /, '')}`;
  }
}

/** Says that a port exists, but cannot be reached here. */
export function explainMissingNode(path: string, { isContainer }: SystemFacts): string {
  return isContainer
    ? `the port exists, but this container has no node for it; start the container with "--device ${path}"`
    : `the port exists, but /dev has no node for it; if this is a container, start it with "--device ${path}"`;
}

function explainNotFound(failure: OpenFailure, facts: PortFacts): string {
  const { path } = failure;
  const { system, node, ports } = facts;
  if (node?.deviceNumber !== undefined && isDeviceMissing(failure)) {
    const restart = system.isContainer ? 'plug it in, then start the container again' : 'plug it in';
    return `the node exists, but its device (${node.deviceNumber}) does not; ${restart}; ${listPorts(facts)}`;
  }
  // In a container, a node can have the name of a port that has no node, so this comes after what is known of the node.
  if (typeof ports === 'object' && ports.some((port) => port.path === path && port.hasNode === false)) {
    return explainMissingNode(path!, system);
  }
  const isForeign =
    system.platform === 'win32' && path !== undefined && !WINDOWS_NAME.test(path) && !hasOtherNames(ports);
  return `no such port${isForeign ? ': on Windows, ports have names such as COM3' : ''}; ${listPorts(facts)}`;
}

/** Whether the binding lists ports whose names are not those of Windows, as test doubles do. */
function hasOtherNames(ports: PortFacts['ports']): boolean {
  return typeof ports === 'object' && ports.some((port) => !WINDOWS_NAME.test(port.path));
}

function windowsError(text: string): string | undefined {
  const [, code] = /^(?:Error: )?Opening .*: Unknown error code (\d+)$/i.exec(text) ?? [];
  return code && WINDOWS_ERRORS[code];
}

function explainBusy({ holder }: PortFacts): string {
  if (holder === undefined) {
    return 'port is in use by another program (a serial monitor, or a second copy of this one); close it first';
  }
  return holder.pid === process.pid
    ? 'port is in use by this program; close it first'
    : `port is in use by ${holder.command || 'another program'} (process ${holder.pid}); close it first`;
}

function listPorts({ ports = [], system }: PortFacts): string {
  return typeof ports === 'string' ? `the ports cannot be listed: ${ports}` : describePorts(ports, system);
}
