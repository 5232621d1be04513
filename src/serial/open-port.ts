import type { Binding, PortInfo } from './binding.js';
import { findDevice } from './device-selector.js';
import { describeOpenError, openTimeout } from './open-error.js';
import { within } from './patient-timer.js';
import type { Port } from './port.js';
import type { PortDirectory } from './port-directory.js';
import { asPort } from './read-port-adapter.js';
import type { CompleteSerialConnection } from './serial-connection.js';

/** A port that was opened. */
export interface OpenedPort {
  port: Port;
  path: string;
  /** The description of the port. If it is not listed, only its path is known. */
  info: PortInfo;
}

/** An attempt to open a port. */
export interface Opening {
  /** Settles within `openTimeoutMs`. Rejects with a ConnectionError, whose message says why and what to do. */
  opened: Promise<OpenedPort>;
  /** Resolves when nothing of the attempt is in progress. After a timeout, that may be never. */
  ended: Promise<void>;
}

/** How old a listing may be in which a device is looked up again. The first time it is new. */
const RETRY_LISTING_MS = 500;

/** How old a listing may be that an error message shows. */
const SHOWN_LISTING_MS = { first: 500, retry: 5_000 };

/** How long an open port waits for its description, but at most half of `openTimeoutMs`. */
const DESCRIBE_LIMIT_MS = 1_000;

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
  const binding = directory.sharing(isRetry ? RETRY_LISTING_MS : 0);
  const opening = findAndOpen(binding, name, connection, abandoning.signal);
  const ended = opening.then(
    () => undefined,
    () => undefined,
  );
  const shown = directory.sharing(isRetry ? SHOWN_LISTING_MS.retry : SHOWN_LISTING_MS.first);
  return { opened: withTimeout(opening, ended, abandoning, shown, name, connection), ended };
}

async function withTimeout(
  opening: Promise<OpenedPort>,
  ended: Promise<void>,
  abandoning: AbortController,
  shown: Binding,
  name: string,
  connection: CompleteSerialConnection,
): Promise<OpenedPort> {
  try {
    if (await within(connection.openTimeoutMs, ended)) {
      return await opening;
    }
    // The caller gets the timeout error. If the port still opens later, abort() makes sure that it is closed.
    abandoning.abort();
    throw openTimeout(name, connection);
  } catch (error) {
    throw await describeOpenError(error, shown, name, connection);
  }
}

/** @param abandoned - when it aborts, the port is closed, or is closed as soon as it is open */
async function findAndOpen(
  binding: Binding,
  name: string,
  connection: CompleteSerialConnection,
  abandoned: AbortSignal,
): Promise<OpenedPort> {
  const found = connection.device && (await findDevice(binding, name, connection.device));
  const path = found?.path ?? connection.path!;
  const { baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, hupcl, lock, dtr, rts } = connection;
  const options = { path, baudRate, dataBits, stopBits, parity, rtscts, xon, xoff, hupcl, lock };
  const port = asPort(await binding.open(options));
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
      await Promise.race([port.set({ dtr: dtr ?? true, rts: rts ?? true, brk: false }), whenAbandoned]);
    }
    return {
      port,
      path,
      info: found ?? (await describe(binding, path, Math.min(DESCRIBE_LIMIT_MS, connection.openTimeoutMs / 2))),
    };
  } catch (error) {
    await close();
    throw error;
  } finally {
    abandoned.removeEventListener('abort', close);
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
