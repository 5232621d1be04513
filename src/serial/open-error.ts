import { ConnectionError, type ConnectionErrorCode } from '../errors.js';
import { explainFailure } from './advice/port-advice.js';
import { portFacts } from './advice/port-facts.js';
import type { Binding } from './binding.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';

/** Bindings report the cause only as text. The first pattern that matches decides. */
const CAUSES: readonly [ConnectionErrorCode, RegExp][] = [
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
  const text = error instanceof Error ? error.message : String(error);
  const code = unsupportedCode(error) ?? CAUSES.find(([, pattern]) => pattern.test(text))?.[0] ?? 'PORT_OPEN_FAILED';
  const failure = { code, text, path, baudRate: connection.baudRate };
  const why = explainFailure(failure, await portFacts(failure, binding));
  const found = path === connection.path || path === undefined ? '' : `${path}: `;
  return new ConnectionError(code, name, `${label(name, connection)}: ${found}${why}`, { cause: error });
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
