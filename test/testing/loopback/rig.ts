import { LoopbackCommunicator, type LoopbackConnection } from '../../../src/testing/index.js';
import { gate } from '../../contract/harness.js';
import { Inbox } from '../../support/inbox.js';

export const bytes = (...values: number[]) => Uint8Array.from(values);

/** A started communicator with one connection, `a`. */
export async function started(connection: LoopbackConnection = {}, shutdownTimeoutMs = 2_000) {
  const communicator = new LoopbackCommunicator({ shutdownTimeoutMs });
  communicator.addConnection('a', connection);
  const inbox = new Inbox();
  communicator.setReceiveHandler(inbox.handler);
  await communicator.initialize();
  return { communicator, inbox };
}

/** A receive handler that settles when it is released. */
export function stuckHandler() {
  const entered = gate();
  const released = gate();
  const packets: Uint8Array[] = [];
  const handler = async (_name: string, packet: Uint8Array) => {
    packets.push(packet);
    entered.open();
    await released.opened;
  };
  return { handler, packets, entered: entered.opened, release: released.open };
}
