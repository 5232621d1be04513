import type { Inlet } from '../../requests/inlet.js';
import { Queue } from '../../requests/queue.js';
import { beginDelivery, mayDeliverNext, nextTurn } from '../../timing/delivery-turn.js';
import type { Received } from '../broker-connection.js';
import { packetNumberOf } from '../messages.js';
import type { MqttCounts } from './mqtt-stats.js';

/** What a short packet costs at least. */
const PACKET_BYTES = 128;

/** The packets from one device: counts what is missing, drops what arrives twice, and passes the others on one at a time. */
export class ReceiveQueue {
  readonly #inlet: Inlet;
  readonly #counts: MqttCounts;
  readonly #maxBytes: number;
  readonly #waiting = new Queue<Uint8Array>();
  #waitingBytes = 0;
  /** Whether packets have to wait: before `start`, and while a handler is busy. */
  #isBusy = true;
  #isClosed = false;
  /** The bridge whose packets are counted, and the number of the last one. */
  #instance: number | undefined;
  #last = 0;

  constructor(inlet: Inlet, counts: MqttCounts, maxBytes: number) {
    this.#inlet = inlet;
    this.#counts = counts;
    this.#maxBytes = maxBytes;
  }

  /** Packets may be passed on from now on. */
  start(): void {
    void this.#deliverWaiting(false);
  }

  take(payload: Buffer, message: Received): void {
    if (this.#isClosed || !this.#isNext(message)) {
      return;
    }
    this.#counts.packetsReceived++;
    this.#counts.packetBytesReceived += payload.length;
    // A copy: the payload is part of a long chunk, which it would keep in memory.
    const packet = new Uint8Array(payload);
    if (!this.#isBusy) {
      const handled = this.#inlet.receive(packet);
      if (handled !== undefined) {
        this.#isBusy = true;
        void handled.then(() => this.#deliverWaiting(true));
      }
    } else if (this.#waitingBytes > this.#maxBytes) {
      this.#counts.packetsOverflowed++;
    } else {
      this.#waiting.add(packet);
      this.#waitingBytes += PACKET_BYTES + packet.length;
    }
  }

  /** Drops what waits. Nothing is passed on any more. */
  close(): void {
    this.#isClosed = true;
    while (this.#waiting.shift() !== undefined) {
      this.#inlet.dropped();
    }
  }

  async #deliverWaiting(isContinuing: boolean): Promise<void> {
    let mayDeliver = beginDelivery(isContinuing);
    for (let packet = this.#next(); packet !== undefined; packet = this.#next()) {
      if (!mayDeliver) {
        await nextTurn();
      }
      const handled = this.#isClosed ? this.#inlet.dropped() : this.#inlet.receive(packet);
      if (handled !== undefined) {
        await handled;
      }
      mayDeliver = mayDeliverNext();
    }
    this.#isBusy = false;
  }

  #next(): Uint8Array | undefined {
    const packet = this.#waiting.shift();
    if (packet !== undefined) {
      this.#waitingBytes -= PACKET_BYTES + packet.length;
    }
    return packet;
  }

  /** Whether a packet is none that arrived before. Counts what is missing before it. */
  #isNext(message: Received): boolean {
    const number = packetNumberOf(message);
    if (number === undefined) {
      return true;
    }
    const { instance, counter } = number;
    // The counter begins again after 2^32.
    const ahead = (counter - this.#last) | 0;
    if (instance === this.#instance) {
      if (ahead <= 0) {
        this.#counts.packetsDuplicate++;
        return false;
      }
      this.#counts.packetsMissed += ahead - 1;
    }
    this.#instance = instance;
    this.#last = counter;
    return true;
  }
}
