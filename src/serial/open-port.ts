import { ConnectionError } from '../errors.js';
import { within } from '../timing/patient-timer.js';
import type { Binding, PortInfo } from './binding.js';
import { areLinesUnsupported, describeSignalsError, openedLines } from './control-lines.js';
import { findDevice } from './device-selector.js';
import { unsupportedSetting } from './native-binding.js';
import { isNetworkPath } from './network/network-address.js';
import { describeOpenError, openTimeout } from './open-error.js';
import type { Port } from './port.js';
import type { PortDirectory } from './port-directory.js';
import { asPort } from './read-port-adapter.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';

/** A port that was opened. */
export interface OpenedPort {
  port: Port;
  path: string;
  /** The description of the port. If it is not listed, only its path is known. */
  info: PortInfo;
  /** The baud rate that the operating system reports. If it reports none, the one that was requested, if any. */
  baudRate: number | undefined;
}

/** An attempt to open a port. */
export interface Opening {
  /**
   * Settles within `openTimeoutMs`, or, if the error lists the ports, up to a second later. Rejects with a
   * ConnectionError, whose message says why and what to do.
   */
  opened: Promise<OpenedPort>;
  /** Resolves when nothing of the attempt is in progress. After a timeout, that may be never. */
  ended: Promise<void>;
  /** The port is no longer wanted. If it opens all the same, it is closed again. */
  abandon(): void;
}

/** What is known of an attempt while it is in progress. */
interface Attempt {
  /** The path of the port. Undefined until the device is found. */
  path: string | undefined;
}

/** How old a listing may be that shows that a device is still absent. The first time it is new. */
const RETRY_LISTING_MS = 500;

/** How old a listing may be that an error message shows. */
const SHOWN_LISTING_MS = { first: 500, retry: 5_000 };

/** How long an open port waits for its description and baud rate, but at most half of `openTimeoutMs`. */
const DESCRIBE_LIMIT_MS = 1_000;

/** A larger share of the requested baud rate is too much for a receiver to follow. */
const MAX_BAUD_RATE_ERROR = 0.03;

/**
 * Finds and opens the port of one connection, and sets its control lines. If it opens only after `openTimeoutMs`, it is
 * closed again.
 *
 * @param isRetry - whether the connection has waited for its port: there may be hundreds, so their listings are shared
 */
export function openPort(
  directory: PortDirectory,
  name: string,
  connection: CompleteSerialConnection,
  isRetry: boolean,
): Opening {
  const abandoning = new AbortController();
  const attempt: Attempt = { path: connection.path };
  const opening = findAndOpen(directory, name, connection, isRetry, attempt, abandoning.signal);
  const ended = opening.then(
    () => undefined,
    () => undefined,
  );
  const shown = directory.sharing(isRetry ? SHOWN_LISTING_MS.retry : SHOWN_LISTING_MS.first);
  const opened = withTimeout(opening, ended, abandoning, shown, name, connection, attempt);
  return { opened, ended, abandon: () => abandoning.abort() };
}

async function withTimeout(
  opening: Promise<OpenedPort>,
  ended: Promise<void>,
  abandoning: AbortController,
  shown: Binding,
  name: string,
  connection: CompleteSerialConnection,
  attempt: Attempt,
): Promise<OpenedPort> {
  try {
    if (await within(connection.openTimeoutMs, ended)) {
      return await opening;
    }
    // The caller gets the timeout error. If the port still opens later, abort() makes sure that it is closed.
    abandoning.abort();
    throw openTimeout(name, connection);
  } catch (error) {
    throw await describeOpenError(error, shown, name, connection, attempt.path);
  }
}

/** @param abandoned - when it aborts, the port is closed, or is closed as soon as it is open */
async function findAndOpen(
  directory: PortDirectory,
  name: string,
  connection: CompleteSerialConnection,
  isRetry: boolean,
  attempt: Attempt,
  abandoned: AbortSignal,
): Promise<OpenedPort> {
  const binding = directory.sharing(isRetry ? RETRY_LISTING_MS : 0);
  let found = connection.device && (await findDevice(binding, name, connection.device));
  if (connection.device && isRetry) {
    // Since that listing was made, the path may have become that of another device.
    found = await findDevice(directory.sharing(0), name, connection.device);
  }
  // Opening a port resets most boards.
  abandoned.throwIfAborted();
  const path = found?.path ?? connection.path!;
  attempt.path = path;
  const { baudRate = 0, dataBits, stopBits, parity, rtscts, xon, xoff, lock, dtr, rts } = connection;
  // With DTR off from the beginning, opening does not reset the board.
  const isRemote = isNetworkPath(path);
  const hupcl = binding.opening === 'windows' && !isRemote ? openedLines(connection, binding).dtr : connection.hupcl;
  const { openTimeoutMs, keepAliveMs, tls } = connection;
  const network = isRemote && { openTimeoutMs, keepAliveMs, tls, signal: abandoned };
  const options = { path, baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, hupcl, lock, ...network };
  const port = asPort(await binding.open(options).catch((error) => rejectUnsupported(error, name, connection)));
  let closing: Promise<void> | undefined;
  const close = () => (closing ??= port.close().catch(() => undefined));
  if (abandoned.aborted) {
    await close();
    throw abandoned.reason;
  }
  abandoned.addEventListener('abort', close);
  try {
    if (dtr !== undefined || rts !== undefined) {
      // A call that hangs must not keep the next attempt from starting.
      const whenAbandoned = new Promise<never>((_, reject) => {
        abandoned.addEventListener('abort', () => reject(abandoned.reason));
      });
      const set = setLines(port, name, connection, binding);
      await Promise.race([set, whenAbandoned]);
    }
    const limitMs = Math.min(DESCRIBE_LIMIT_MS, connection.openTimeoutMs / 2);
    const [info, actualBaudRate] = await Promise.all([
      found ?? describe(binding, path, limitMs),
      readBaudRate(port, connection.baudRate, limitMs),
    ]);
    abandoned.throwIfAborted();
    checkBaudRate(actualBaudRate, name, connection);
    return { port, path, info, baudRate: actualBaudRate };
  } catch (error) {
    await close();
    throw error;
  } finally {
    abandoned.removeEventListener('abort', close);
  }
}

/** Rejects with an error that names the setting, if the binding has rejected one that this platform cannot do. */
function rejectUnsupported(error: unknown, name: string, connection: CompleteSerialConnection): never {
  const what = unsupportedSetting(connection);
  if (what !== undefined && /invalid (parity|stop bits) setting/i.test(String(error))) {
    const message = `connection ${describeConnection(name, connection)}: ${what}`;
    throw new ConnectionError('PORT_OPEN_FAILED', name, message, { cause: error });
  }
  throw error;
}

/** @throws ConnectionError (`SIGNALS_ERROR`) if the port has no control lines, or its driver cannot set them */
async function setLines(
  port: Port,
  name: string,
  connection: CompleteSerialConnection,
  binding: Binding,
): Promise<void> {
  try {
    await port.set(openedLines(connection, binding));
  } catch (error) {
    if (!areLinesUnsupported(error)) {
      throw error;
    }
    const message = `connection ${describeConnection(name, connection)}: ${describeSignalsError(error)}; omit dtr and rts`;
    throw new ConnectionError('SIGNALS_ERROR', name, message, { cause: error });
  }
}

/** Reads the baud rate that is set, or returns the requested one if the operating system does not report it. */
async function readBaudRate(port: Port, requested: number | undefined, limitMs: number): Promise<number | undefined> {
  let reported: number | undefined;
  const read = async () => {
    reported = (await port.getBaudRate()).baudRate;
  };
  await within(
    limitMs,
    read().catch(() => undefined),
  );
  return reported !== undefined && reported > 0 ? reported : requested;
}

/** @throws ConnectionError (`BAUD_RATE_UNSUPPORTED`) if the device could not understand this rate */
function checkBaudRate(actual: number | undefined, name: string, connection: CompleteSerialConnection): void {
  const { baudRate } = connection;
  if (actual !== undefined && baudRate !== undefined && Math.abs(actual - baudRate) > baudRate * MAX_BAUD_RATE_ERROR) {
    throw new ConnectionError(
      'BAUD_RATE_UNSUPPORTED',
      name,
      `connection ${describeConnection(name, connection)}: the driver cannot do ${baudRate} bit/s, and has set ${actual} bit/s; ` +
        'use a baud rate that both ends can do',
    );
  }
}

/** Describes an open port. Never fails, and never hangs: a missing description is no reason to close the port. */
async function describe(binding: Binding, path: string, limitMs: number): Promise<PortInfo> {
  let info: PortInfo | undefined;
  const described = async () => {
    info = await (binding.describe ? binding.describe(path) : findInList(binding, path));
  };
  await within(
    limitMs,
    described().catch(() => undefined),
  );
  return (
    info ?? {
      path,
      manufacturer: undefined,
      serialNumber: undefined,
      pnpId: undefined,
      locationId: undefined,
      productId: undefined,
      vendorId: undefined,
    }
  );
}

async function findInList(binding: Binding, path: string): Promise<PortInfo | undefined> {
  return (await binding.list()).find((port) => port.path === path);
}
