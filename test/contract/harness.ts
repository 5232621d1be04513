import { onTestFinished } from 'vitest';
import type { Communicator } from '../../src/index.js';
import { Inbox } from '../support/inbox.js';

/** A communicator under test, with devices that send every packet back. */
export interface ContractHarness {
  /** New: UNINITIALIZED, without connections and without a handler. */
  readonly communicator: Communicator<unknown>;
  /** Describes a connection to a device that echoes: to another one at each call. At most two are asked for. */
  connection(): unknown;
  /** Describes a connection that cannot be opened until `mend`. Left out where opening cannot fail. */
  brokenConnection?(): { connection: unknown; mend(): void | Promise<void> };
  /** Called when the test is over, whatever the state of the communicator. */
  dispose(): Promise<void>;
}

export type MakeHarness = () => Promise<ContractHarness>;

/** A harness that is given up when the test is over. */
export async function fresh(makeHarness: MakeHarness): Promise<ContractHarness> {
  const harness = await makeHarness();
  onTestFinished(async () => {
    await harness.communicator[Symbol.asyncDispose]();
    await harness.dispose();
  });
  return harness;
}

/** As {@link fresh}, with connections of those names, and an inbox as receive handler. */
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

/** As {@link setUp}, and initialized. */
export async function start(makeHarness: MakeHarness, ...names: string[]) {
  const parts = await setUp(makeHarness, ...names);
  await parts.communicator.initialize();
  return parts;
}

/** How a promise has settled. It must settle. */
export async function outcome(promise: Promise<unknown>): Promise<{ value: unknown } | { error: unknown }> {
  return promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
}

/** A promise to be settled by the test. */
export function gate(): { opened: Promise<void>; open(): void; fail(error: unknown): void } {
  let open!: () => void;
  let fail!: (error: unknown) => void;
  const opened = new Promise<void>((resolve, reject) => {
    open = resolve;
    fail = reject;
  });
  return { opened, open, fail };
}

/** Turns of the event loop in which something that must not happen would have happened. */
export async function someTurns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
