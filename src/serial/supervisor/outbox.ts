import type { ConnectionError } from '../../errors.js';
import type { Transmission } from '../../requests/transmission.js';
import type { Outcome } from '../sending/packet-group.js';
import { SendQueue } from '../sending/send-queue.js';
import type { CompleteSerialConnection } from '../serial-connection.js';
import type { LinkStats } from '../serial-stats.js';

/** The send queues of one connection, one for each link. */
export class Outbox {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #stats: LinkStats;
  /** Of the link. Without a link, of the next one: packets may wait for it. */
  queue: SendQueue;

  constructor(name: string, connection: CompleteSerialConnection, stats: LinkStats) {
    this.#name = name;
    this.#connection = connection;
    this.#stats = stats;
    this.queue = this.#newQueue(false);
  }

  /** @param refusal - why packets are not accepted now */
  send(packet: Uint8Array, signal: AbortSignal | undefined, refusal: ConnectionError | undefined): Promise<void> {
    return refusal === undefined ? this.queue.add(packet, signal) : this.queue.refuse(refusal);
  }

  sendRequest(packet: Uint8Array, transmission: Transmission, refusal: ConnectionError | undefined): void {
    if (refusal === undefined) {
      this.queue.addRequest(packet, transmission);
    } else {
      this.queue.refuse(refusal).catch((error: unknown) => transmission.failed(error));
    }
  }

  hold(packetBytes: number, refusal: ConnectionError | undefined): () => void {
    if (refusal !== undefined) {
      throw refusal;
    }
    return this.queue.hold(packetBytes);
  }

  /** Rejects all packets, and makes a queue for the next link. */
  replaceQueue(outcome: Outcome, error: ConnectionError): void {
    const cutsFrame = this.queue.wouldCutFrame;
    this.queue.rejectAll(outcome, error);
    this.queue = this.#newQueue(cutsFrame);
  }

  #newQueue(afterCutFrame: boolean): SendQueue {
    const queue = new SendQueue(this.#name, this.#connection, this.#stats);
    if (afterCutFrame) {
      queue.addResyncSequence();
    } else if (this.#connection.syncOnOpen) {
      queue.addDelimiter();
    }
    return queue;
  }
}
