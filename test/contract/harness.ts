import { onTestFinished } from 'vitest';
import type { Communicator } from '../../src/index.js';
import { Inbox } from '../support/inbox.js';

/** A communicator under test, with devices that echo every packet. */
export interface ContractHarness {
  /** New: UNINITIALIZED, without connections and without a handler. */
  readonly communicator: Communicator<unknown>;
  /** Describes a connection to an echoing device. Each call describes another device. At most two are asked for. */
  connection(): unknown;
  /**
   * Describes a connection with ids of 1 byte to a device that echoes requests and can make its own. Absent if there is no
   * such device.
   */
  requestingDevice?(): { connection: unknown; request(packet: Uint8Array): Promise<Uint8Array> };
  /** Describes a connection that cannot be opened before `mend`. Absent if opening cannot fail. */
  brokenConnection?(): { connection: unknown; mend(): void | Promise<void> };
  /**
   * Makes the device of the first connection stop accepting bytes, or accept them again. Absent if it accepts none while
   * the receive handler is busy.
   */
  stall?(isStalled: boolean): void;
  /** Size of a packet of which a few fill every buffer on the way to a stalled device. Default: 60,000. */
  readonly fillBytes?: number;
  /** Whether a connection with ids can have a handler for requests of the device. Default: true. */
  readonly canAnswer?: boolean;
  /** Called at the end of the test, in any state of the communicator. */
  dispose(): Promise<void>;
}

export type MakeHarness = () => Promise<ContractHarness>;

/** A harness that is disposed of at the end of the test. */
export async function fresh(makeHarness: MakeHarness): Promise<ContractHarness> {
  const harness = await makeHarness();
  onTestFinished(async () => {
    await harness.communicator[Symbol.asyncDispose]();
    await harness.dispose();
  });
  return harness;
}

/** Like {@link fresh}, with connections of these names, and an inbox as the receive handler. */
export async function setUp(makeHarness: MakeHarness, ...names: string[]) {
  const harness = await fresh(makeHarness);
  const { communicator } = harness;
  const inbox = new Inbox();
  communicator.setReceiveHandler(inbox.handler);
  for (const name of names) {
    communicator.addConnection(name, harness.connection());
  }
  return { harness, communicator, inbox };
}

/** Like {@link setUp}, and initialized. */
export async function start(makeHarness: MakeHarness, ...names: string[]) {
  const parts = await setUp(makeHarness, ...names);
  await parts.communicator.initialize();
  return parts;
}

/** Like {@link setUp}, with more settings for each connection. */
export async function setUpWith(makeHarness: MakeHarness, settings: object, ...names: string[]) {
  const parts = await setUp(makeHarness);
  for (const name of names) {
    parts.communicator.addConnection(name, { ...(parts.harness.connection() as object), ...settings });
  }
  return parts;
}

/** Like {@link setUpWith}, and initialized. */
export async function startWith(makeHarness: MakeHarness, settings: object, ...names: string[]) {
  const parts = await setUpWith(makeHarness, settings, ...names);
  await parts.communicator.initialize();
  return parts;
}

/** How a promise settles. */
export async function outcome(promise: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** How a promise has settled before the next tick; undefined if it is pending. */
export async function settledAtOnce(
  promise: Promise<unknown>,
): Promise<Awaited<ReturnType<typeof outcome>> | undefined> {
  let settled: Awaited<ReturnType<typeof outcome>> | undefined;
  void outcome(promise).then((result) => {
    settled = result;
  });
  await new Promise(process.nextTick);
  return settled;
}

/** A promise that the test settles. */
export function gate(): { opened: Promise<void>; open(): void; fail(error: unknown): void } {
  let open!: () => void;
  let fail!: (error: unknown) => void;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Waits some turns of the event loop, long enough for something that must not happen to happen. */
export async function someTurns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Counts the listeners of a signal: those it has now, and the most it has had at once. */
export function countListeners(signal: AbortSignal): { now: number; most: number } {
  const count = { now: 0, most: 0 };
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...parameters: Parameters<typeof addEventListener>) => {
    count.most = Math.max(count.most, ++count.now);
    addEventListener.apply(signal, parameters);
  };
  signal.removeEventListener = (...parameters: Parameters<typeof removeEventListener>) => {
    count.now--;
    removeEventListener.apply(signal, parameters);
  };
  return count;
}
