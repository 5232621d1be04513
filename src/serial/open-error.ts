import { ConnectionError, type ConnectionErrorCode } from '../errors.js';
import { adviseOnServer, explainNetworkFailure } from './advice/network-advice.js';
import { explainFailure } from './advice/port-advice.js';
import { portFacts } from './advice/port-facts.js';
import type { Binding } from './binding.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';

/**
 * Bindings report the cause only as text. The first pattern that matches decides. On Windows, `serialport` knows few errors
 * by name; the numbers are those of Windows. There, a port in use is reported as access denied.
 */
const CAUSES: readonly [ConnectionErrorCode, RegExp][] = [
  ['PORT_BUSY', /^(Error: )?Opening .*: (access denied|unknown error code (32|170))$/i],
  ['PORT_NOT_FOUND', /^(Error: )?Opening .*: unknown error code (3|20|53|55|67|123|161|433|1167)$/i],
  ['PORT_BUSY', /cannot lock|is locked|resource busy|temporarily unavailable|EBUSY|EAGAIN/i],
  ['PORT_NOT_FOUND', /no such (file|device)|does not exist|file not found|ENOENT|ENXIO|ENODEV/i],
  ['PERMISSION_DENIED', /permission denied|access denied|EACCES|EPERM|not permitted/i],
];

/**
 * Turns an error of `open` into a ConnectionError whose message says what to do. Returns a ConnectionError unchanged.
 *
 * @param path - of the port that was tried; undefined if it was not even found
 */
export async function describeOpenError(
  error: unknown,
  binding: Binding,
  name: string,
  connection: CompleteSerialConnection,
  path: string | undefined,
): Promise<ConnectionError> {
  if (error instanceof ConnectionError) {
    return error;
  }
  if ((error as NodeJS.ErrnoException | null)?.code === 'OPEN_TIMEOUT') {
    return openTimeout(name, connection);
  }
  const network = explainNetworkFailure(error, connection.path);
  if (network !== undefined) {
    return new ConnectionError(network.code, name, `${label(name, connection)}: ${network.why}`, { cause: error });
  }
  const text = error instanceof Error ? error.message : String(error);
  const code = unsupportedCode(error) ?? CAUSES.find(([, pattern]) => pattern.test(text))?.[0] ?? 'PORT_OPEN_FAILED';
  const failure = { code, text, path, baudRate: connection.baudRate };
  const why = explainFailure(failure, await portFacts(failure, binding));
  const found = path === connection.path || path === undefined ? '' : `${path}: `;
  return new ConnectionError(code, name, `${label(name, connection)}: ${found}${why}`, { cause: error });
}

/** Codes with which a binding says that no port can be opened in this thread, runtime or installation. */
const UNSUPPORTED_CODES = ['WORKER_UNSUPPORTED', 'RUNTIME_UNSUPPORTED', 'NATIVE_CODE_MISSING'] as const;

function unsupportedCode(error: unknown): (typeof UNSUPPORTED_CODES)[number] | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return UNSUPPORTED_CODES.find((unsupported) => unsupported === code);
}

/** Makes the error of a port that did not open within `openTimeoutMs`. */
export function openTimeout(name: string, connection: CompleteSerialConnection): ConnectionError {
  return new ConnectionError(
    'OPEN_TIMEOUT',
    name,
    `${label(name, connection)}: did not open within ${connection.openTimeoutMs} ms; ` +
      (adviseOnServer(connection.path, 'late') ?? 'unplug the device and plug it in again, or raise openTimeoutMs'),
  );
}

function label(name: string, connection: CompleteSerialConnection): string {
  return `connection ${describeConnection(name, connection)}`;
}
