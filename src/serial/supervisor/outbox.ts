import type { SendOptions } from '../../call-arguments.js';
import type { ConnectionError } from '../../errors.js';
import type { Transmission } from '../../requests/transmission.js';
import type { ConnectionDelivery } from '../delivery/connection-delivery.js';

/** What the outbox needs of its connection. */
interface OutboxOwner {
  /** Why packets are not accepted now. */
  refusal(): ConnectionError | undefined;
  /** There is something to write. */
  wake(): void;
}

/** What one connection sends: accepts it, unless the state of the connection forbids that. */
export class Outbox {
  readonly #delivery: ConnectionDelivery;
  readonly #owner: OutboxOwner;

  constructor(delivery: ConnectionDelivery, owner: OutboxOwner) {
    this.#delivery = delivery;
    this.#owner = owner;
  }

  /** Sends a packet as `Communicator.send` promises. */
  send(packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    const sent = this.#delivery.send(packet, options, this.#owner.refusal());
    this.#owner.wake();
    return sent;
  }

  /** Sends the packet of a request, and reports to it. */
  sendRequest(packet: Uint8Array, transmission: Transmission): void {
    this.#delivery.sendRequest(packet, transmission, this.#owner.refusal());
    this.#owner.wake();
  }

  /** Keeps room for a packet that is sent later. Throws what {@link send} would reject with. */
  hold(packetBytes: number): () => void {
    return this.#delivery.hold(packetBytes, this.#owner.refusal());
  }
}
