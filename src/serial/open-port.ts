import type { ConnectionError } from '../errors.js';
import type { Binding, BindingPort } from './binding.js';
import { describeOpenError, openTimeout } from './open-error.js';
import type { CompleteSerialConnection } from './serial-connection.js';

/**
 * Opens the port of one connection. A port that opens after `openTimeoutMs` is closed again.
 *
 * @throws ConnectionError whose message says why, and what to do
 */
export async function openPort(
  binding: Binding,
  name: string,
  connection: CompleteSerialConnection,
): Promise<BindingPort> {
  const { path, baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, hupcl, lock } = connection;
  const opening = binding.open({ path, baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, hupcl, lock });
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<ConnectionError>((resolve) => {
    timer = setTimeout(() => resolve(openTimeout(name, connection)), connection.openTimeoutMs);
  });
  try {
    const first = await Promise.race([opening, timeout]);
    if (!(first instanceof Error)) {
      return first;
    }
    // The caller was told of a timeout: whatever becomes of the opening now is nobody's.
    opening.then((port) => port.close()).catch(() => undefined);
    throw first;
  } catch (error) {
    throw await describeOpenError(error, binding, name, connection);
  } finally {
    clearTimeout(timer);
  }
}
