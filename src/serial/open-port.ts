import type { ConnectionError } from '../errors.js';
import type { Binding, BindingPort, DescribingBinding, PortInfo } from './binding.js';
import { findDevice } from './device-selector.js';
import { describeOpenError, openTimeout } from './open-error.js';
import type { CompleteSerialConnection } from './serial-connection.js';

/** A port that was just opened. */
export interface OpenedPort {
  port: BindingPort;
  /** Where it was found. */
  path: string;
  /** What is known of it: just the path, if it cannot be listed. */
  info: PortInfo;
}

/**
 * Finds and opens the port of one connection, and sets its control lines. A port that is open only after
 * `openTimeoutMs` is closed again.
 *
 * @throws ConnectionError whose message says why, and what to do
 */
export async function openPort(
  binding: Binding,
  name: string,
  connection: CompleteSerialConnection,
): Promise<OpenedPort> {
  const opening = findAndOpen(binding, name, connection);
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
    opening.then(({ port }) => port.close()).catch(() => undefined);
    throw first;
  } catch (error) {
    throw await describeOpenError(error, binding, name, connection);
  } finally {
    clearTimeout(timer);
  }
}

async function findAndOpen(binding: Binding, name: string, connection: CompleteSerialConnection): Promise<OpenedPort> {
  const found = connection.device && (await findDevice(binding, name, connection.device));
  const path = found?.path ?? connection.path!;
  const { baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, hupcl, lock, dtr, rts } = connection;
  const port = await binding.open({ path, baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, hupcl, lock });
  try {
    if (dtr !== undefined || rts !== undefined) {
      await port.set({ dtr: dtr ?? true, rts: rts ?? true, brk: false });
    }
    return { port, path, info: found ?? (await describe(binding, path)) };
  } catch (error) {
    await port.close();
    throw error;
  }
}

async function describe(binding: DescribingBinding, path: string): Promise<PortInfo> {
  const none = {
    manufacturer: undefined,
    serialNumber: undefined,
    pnpId: undefined,
    locationId: undefined,
    productId: undefined,
    vendorId: undefined,
  };
  try {
    const info = await (binding.describe ? binding.describe(path) : findInList(binding, path));
    return info ?? { path, ...none };
  } catch {
    // A port that can be opened is worth more than its description.
    return { path, ...none };
  }
}

async function findInList(binding: Binding, path: string): Promise<PortInfo | undefined> {
  return (await binding.list()).find((port) => port.path === path);
}
