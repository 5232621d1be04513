import type { SendOptions } from '../../call-arguments.js';
import type { ConnectionError } from '../../errors.js';
import type { Transmission } from '../../requests/transmission.js';
import type { LinkOwner, LinkReceiver, ReceiverEvents } from '../receiving/link-receiver.js';
import { PlainReceiver } from '../receiving/plain-receiver.js';
import type { Outcome } from '../sending/packet-group.js';
import { SendQueue } from '../sending/send-queue.js';
import type { CompleteSerialConnection } from '../serial-connection.js';
import type { LinkStats } from '../serial-stats.js';
import type { ConnectionDelivery } from './connection-delivery.js';

/** Packets are written once, and what arrives is passed on. Each link has a send queue of its own. */
export class PlainDelivery implements ConnectionDelivery {
  readonly isReady = true;
  readonly failure = undefined;
  readonly stats = undefined;
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #stats: LinkStats;
  readonly #owner: LinkOwner;
  output: SendQueue;

  constructor(name: string, connection: CompleteSerialConnection, stats: LinkStats, owner: LinkOwner) {
    this.#name = name;
    this.#connection = connection;
    this.#stats = stats;
    this.#owner = owner;
    this.output = this.#newQueue(false);
  }

  newReceiver(events: ReceiverEvents): LinkReceiver {
    return new PlainReceiver(this.#connection, this.#stats, this.#owner, events);
  }

  send(packet: Uint8Array, options: SendOptions | undefined, refusal: ConnectionError | undefined): Promise<void> {
    return refusal === undefined ? this.output.add(packet, options?.signal) : this.output.refuse(refusal);
  }

  sendRequest(packet: Uint8Array, transmission: Transmission, refusal: ConnectionError | undefined): void {
    if (refusal === undefined) {
      this.output.addRequest(packet, transmission);
    } else {
      this.output.refuse(refusal).catch((error: unknown) => transmission.failed(error));
    }
  }

  hold(packetBytes: number, refusal: ConnectionError | undefined): () => void {
    if (refusal !== undefined) {
      throw refusal;
    }
    return this.output.hold(packetBytes);
  }

  countWritten(): void {
    this.output.countWritten();
  }

  settled(): void {}

  lost(error: ConnectionError): void {
    this.#replaceQueue('packetsLost', error);
  }

  released(error: ConnectionError): void {
    this.#replaceQueue('packetsReleased', error);
  }

  closed(error: ConnectionError): void {
    this.output.rejectAll('packetsShutDown', error);
  }

  /** Rejects all packets, and makes a queue for the next link. */
  #replaceQueue(outcome: Outcome, error: ConnectionError): void {
    const cutsFrame = this.output.wouldCutFrame;
    this.output.rejectAll(outcome, error);
    this.output = this.#newQueue(cutsFrame);
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
