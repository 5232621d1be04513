import { readFile, stat } from 'node:fs/promises';
import { ConnectionError, type ConnectionErrorCode } from '../errors.js';
import type { Binding } from './binding.js';
import { describePorts } from './device-selector.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';

/** How long a message may wait for the list of ports. */
const LIST_TIMEOUT_MS = 1_000;

/** Bindings tell the cause in words only. The first pattern that matches counts. */
const CAUSES: readonly [ConnectionErrorCode, RegExp][] = [
  ['PORT_BUSY', /cannot lock|is locked|resource busy|temporarily unavailable|EBUSY|EAGAIN/i],
  ['PORT_NOT_FOUND', /no such (file|device)|does not exist|file not found|ENOENT|ENXIO|ENODEV/i],
  ['PERMISSION_DENIED', /permission denied|access denied|EACCES|EPERM|not permitted/i],
];

/** What is said of a path that can be opened, or of a folder, but has no line behind it. */
const NO_SERIAL_PORT = /inappropriate ioctl|ENOTTY|is a directory|EISDIR/i;

/** What went wrong when a port was opened, in words that a person can act on. Does nothing to a ConnectionError. */
export async function describeOpenError(
  error: unknown,
  binding: Binding,
  name: string,
  connection: CompleteSerialConnection,
): Promise<ConnectionError> {
  if (error instanceof ConnectionError) {
    return error;
  }
  const text = error instanceof Error ? error.message : String(error);
  const code = isWorkerUnsupported(error)
    ? 'WORKER_UNSUPPORTED'
    : (CAUSES.find(([, pattern]) => pattern.test(text))?.[0] ?? 'PORT_OPEN_FAILED');
  return new ConnectionError(
    code,
    name,
    `${label(name, connection)}: ${await explain(code, text, binding, connection)}`,
    {
      cause: error,
    },
  );
}

function isWorkerUnsupported(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'WORKER_UNSUPPORTED';
}

/** The error of a port that took longer than `openTimeoutMs` to open. */
export function openTimeout(name: string, connection: CompleteSerialConnection): ConnectionError {
  return new ConnectionError(
    'OPEN_TIMEOUT',
    name,
    `${label(name, connection)}: not open after ${connection.openTimeoutMs} ms; ` +
      'unplug the device and plug it in again, or raise openTimeoutMs',
  );
}

function label(name: string, connection: CompleteSerialConnection): string {
  return `connection ${describeConnection(name, connection)}`;
}

async function explain(
  code: ConnectionErrorCode,
  text: string,
  binding: Binding,
  { path, baudRate }: CompleteSerialConnection,
): Promise<string> {
  switch (code) {
    case 'PORT_NOT_FOUND':
      return `no such port; ${await listExisting(binding)}`;
    case 'PORT_BUSY':
      return 'busy; another program has it open (a serial monitor, or this program a second time): close that first';
    case 'PERMISSION_DENIED':
      return `no permission; ${await adviseOnPermission(path)}`;
    case 'WORKER_UNSUPPORTED':
      return text;
    default:
      if (NO_SERIAL_PORT.test(text)) {
        return `this is no serial port; ${await listExisting(binding)}`;
      }
      return `cannot be opened at ${baudRate} bit/s: ${text.replace(/^Error:? /, '')}`;
  }
}

async function listExisting(binding: Binding): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('the list took too long')), LIST_TIMEOUT_MS);
  });
  try {
    const ports = await Promise.race([binding.list(), timeout]);
    return describePorts(ports);
  } catch (error) {
    return `and the ports cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

async function adviseOnPermission(path: string | undefined): Promise<string> {
  if (process.platform === 'win32') {
    return 'another program may have it open: close that first';
  }
  if (path === undefined) {
    return 'see who may use it with "ls -l /dev/tty*"';
  }
  try {
    const { gid } = await stat(path);
    const groups = await readFile('/etc/group', 'utf8');
    const group = groups
      .split('\n')
      .map((line) => line.split(':'))
      .find((fields) => fields[2] === String(gid))?.[0];
    if (group !== undefined && group !== 'root') {
      return `it belongs to group ${group}: run "sudo usermod -aG ${group} $USER", then log in again`;
    }
  } catch {
    // Without the group the advice is just less exact.
  }
  return `see who may use it with "ls -l ${path}"`;
}
