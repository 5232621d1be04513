import { readFile, stat } from 'node:fs/promises';
import { ConnectionError, type ConnectionErrorCode } from '../errors.js';
import type { Binding } from './binding.js';
import { describePorts } from './device-selector.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';

/** How long an error waits for the list of ports that its message shows. */
const LIST_TIMEOUT_MS = 1_000;

/** Bindings report the cause only as text. The first pattern that matches decides. */
const CAUSES: readonly [ConnectionErrorCode, RegExp][] = [
  ['PORT_BUSY', /cannot lock|is locked|resource busy|temporarily unavailable|EBUSY|EAGAIN/i],
  ['PORT_NOT_FOUND', /no such (file|device)|does not exist|file not found|ENOENT|ENXIO|ENODEV/i],
  ['PERMISSION_DENIED', /permission denied|access denied|EACCES|EPERM|not permitted/i],
];

/** Matches the error of a path that is a file, a directory or another device. */
const NOT_A_SERIAL_PORT = /inappropriate ioctl|ENOTTY|is a directory|EISDIR/i;

/** Turns an error of `open` into a ConnectionError whose message says what to do. Returns a ConnectionError unchanged. */
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
  const code = unsupportedCode(error) ?? CAUSES.find(([, pattern]) => pattern.test(text))?.[0] ?? 'PORT_OPEN_FAILED';
  return new ConnectionError(
    code,
    name,
    `${label(name, connection)}: ${await explain(code, text, binding, connection)}`,
    {
      cause: error,
    },
  );
}

/** The code with which a binding says that ports do not work in this thread or runtime. */
function unsupportedCode(error: unknown): 'WORKER_UNSUPPORTED' | 'RUNTIME_UNSUPPORTED' | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'WORKER_UNSUPPORTED' || code === 'RUNTIME_UNSUPPORTED' ? code : undefined;
}

/** Makes the error of a port that did not open within `openTimeoutMs`. */
export function openTimeout(name: string, connection: CompleteSerialConnection): ConnectionError {
  return new ConnectionError(
    'OPEN_TIMEOUT',
    name,
    `${label(name, connection)}: did not open within ${connection.openTimeoutMs} ms; ` +
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
      return 'port is in use by another program (a serial monitor, or a second copy of this one); close it first';
    case 'PERMISSION_DENIED':
      return `permission denied; ${await adviseOnPermission(path)}`;
    case 'WORKER_UNSUPPORTED':
    case 'RUNTIME_UNSUPPORTED':
      return text;
    default:
      if (NOT_A_SERIAL_PORT.test(text)) {
        return `not a serial port; ${await listExisting(binding)}`;
      }
      return `cannot be opened at ${baudRate} bit/s: ${text.replace(/^Error:? /, '')}`;
  }
}

async function listExisting(binding: Binding): Promise<string> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${LIST_TIMEOUT_MS} ms`)), LIST_TIMEOUT_MS);
  });
  try {
    const ports = await Promise.race([binding.list(), timeout]);
    return describePorts(ports);
  } catch (error) {
    return `the ports cannot be listed: ${error instanceof Error ? error.message : String(error)}`;
  } finally {
    clearTimeout(timer);
  }
}

async function adviseOnPermission(path: string | undefined): Promise<string> {
  if (process.platform === 'win32') {
    return 'another program may have it open; close it first';
  }
  if (path === undefined) {
    return 'run "ls -l /dev/tty*" to see which group may use it';
  }
  try {
    const { gid } = await stat(path);
    const groups = await readFile('/etc/group', 'utf8');
    const group = groups
      .split('\n')
      .map((line) => line.split(':'))
      .find((fields) => fields[2] === String(gid))?.[0];
    if (group !== undefined && group !== 'root') {
      return `it belongs to group ${group}; run "sudo usermod -aG ${group} $USER", then log in again`;
    }
  } catch {
    // Without the group, the advice is less exact.
  }
  return `run "ls -l ${path}" to see which group may use it`;
}
