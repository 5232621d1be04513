// Not the global: Jest removes it with jsdom.
import { setImmediate } from 'node:timers';
import { ConnectionError, IllegalStateAction } from '../../errors.js';
import { Queue } from '../../requests/queue.js';
import type { Transmission } from '../../requests/transmission.js';
import { watchAbort } from '../../timing/abort-watch.js';
import { beginDelivery, mayDeliverNext, nextTurn } from '../../timing/delivery-turn.js';
import { within } from '../../timing/patient-timer.js';

/** Maximum number of bytes in flight, as in an operating system's buffers for a serial port. */
const MAX_BYTES_IN_FLIGHT = 65_536;

/** Maximum number of queued bytes, the default of a serial connection. */
const MAX_QUEUED_BYTES = 1_048_576;

/** Who is told what becomes of a packet: a request, or the promise of a send. */
type Sender = Pick<Transmission, 'written' | 'failed'> & Partial<Pick<Transmission, 'beginWriting'>>;

/** A packet in the send queue. */
interface QueuedPacket {
  readonly packet: Uint8Array;
  readonly costBytes: number;
  readonly sender: Sender;
  settled?(): void;
}

/** A packet in flight. */
interface PacketInFlight {
  readonly packet: Uint8Array;
  /** Whether it was sent. Otherwise it was injected, and is delivered itself. */
  readonly isSent: boolean;
  readonly costBytes: number;
  handled?(): void;
  abandoned?(): void;
}

/** Options of a {@link LoopbackLink}. */
export interface LoopbackLinkOptions {
  readonly name: string;
  /** Returns the replies to a packet. */
  reply(packet: Uint8Array): readonly Uint8Array[];
  /** Delivers a packet. While a returned promise is pending, the next packet waits. The promise never rejects. */
  deliver(packet: Uint8Array): Promise<void> | undefined;
  /** A packet is dropped because the link is closed. */
  dropped(): void;
}

/** An empty packet needs room too: one byte, as for its delimiter. */
function costBytesOf(packetBytes: number): number {
  return packetBytes + 1;
}

/**
 * The live side of one connection of a `LoopbackCommunicator`. A sent packet is queued until there is room for it in
 * flight, and in flight until the replies to it are handled. Both stages are bounded.
 */
export class LoopbackLink {
  readonly #options: LoopbackLinkOptions;
  readonly #queue = new Set<QueuedPacket>();
  #queuedBytes = 0;
  /** Room that is kept for packets sent later. */
  #heldBytes = 0;
  /** In order. The first one is being handled. */
  readonly #inFlight = new Queue<PacketInFlight>();
  #bytesInFlight = 0;
  #admitting = false;
  #delivering = false;
  /** Number of replies to the first packet in flight that follow the one being handled; undefined if none is. */
  #repliesLeft: number | undefined;
  #closed = false;
  #onQueueEmpty: (() => void) | undefined;

  constructor(options: LoopbackLinkOptions) {
    this.#options = options;
  }

  /** Sends a packet. Resolves when a copy of it is in flight. */
  send(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const queued = this.#enqueue(packet, { written: resolve, failed: reject });
      if (signal !== undefined && queued !== undefined) {
        queued.settled = watchAbort(signal, () => this.#reject(queued, signal.reason));
      }
    });
  }

  /** Sends the packet of a request, and reports to it. */
  sendRequest(packet: Uint8Array, transmission: Transmission): void {
    const queued = this.#enqueue(packet, transmission);
    if (queued !== undefined) {
      transmission.withdraw = (reason) => {
        if (this.#queue.has(queued)) {
          this.#reject(queued, reason);
        }
      };
    }
  }

  /** Keeps room for a packet that is sent later, until the returned function is called. */
  hold(packetBytes: number): () => void {
    const costBytes = costBytesOf(packetBytes);
    const error = this.#fullError(costBytes);
    if (error !== undefined) {
      throw error;
    }
    this.#heldBytes += costBytes;
    return () => {
      this.#heldBytes -= costBytes;
    };
  }

  /** Puts a packet of the device in flight. Resolves when it was handled. */
  inject(packet: Uint8Array): Promise<void> {
    const costBytes = costBytesOf(packet.length);
    if (this.#bytesInFlight + costBytes > MAX_QUEUED_BYTES) {
      return Promise.reject(this.#queueFull('inject', this.#bytesInFlight));
    }
    const copy = new Uint8Array(packet);
    return new Promise((resolve, reject) => {
      this.#put({
        packet: copy,
        isSent: false,
        costBytes,
        handled: resolve,
        abandoned: () =>
          reject(new IllegalStateAction(`inject into "${this.#options.name}": shut down before it was handled`)),
      });
    });
  }

  /** Waits until every sent packet is in flight, or until the time is up. Then delivers nothing more. */
  async close(timeoutMs: number): Promise<void> {
    if (this.#queue.size > 0) {
      const queueEmpty = new Promise<void>((resolve) => {
        this.#onQueueEmpty = resolve;
      });
      await within(timeoutMs, queueEmpty);
    }
    this.#closed = true;
    let left = this.#repliesLeft ?? 1;
    for (let first = this.#inFlight.shift(); first !== undefined; first = this.#inFlight.shift()) {
      for (; left > 0; left--) {
        this.#options.dropped();
      }
      left = 1;
      first.abandoned?.();
    }
    for (const queued of this.#queue) {
      this.#reject(
        queued,
        new ConnectionError(
          'SHUTDOWN_TIMEOUT',
          this.#options.name,
          `send to "${this.#options.name}": earlier packets were not handled within shutdownTimeoutMs`,
        ),
      );
    }
  }

  #put(packetInFlight: PacketInFlight): void {
    this.#inFlight.add(packetInFlight);
    this.#bytesInFlight += packetInFlight.costBytes;
    this.#planDelivery();
  }

  /** Returns undefined, and reports why, if there is no room. */
  #enqueue(packet: Uint8Array, sender: Sender): QueuedPacket | undefined {
    const costBytes = costBytesOf(packet.length);
    const error = this.#fullError(costBytes);
    if (error !== undefined) {
      queueMicrotask(() => sender.failed(error));
      return undefined;
    }
    const queued: QueuedPacket = { packet, costBytes, sender };
    this.#queue.add(queued);
    this.#queuedBytes += costBytes;
    this.#planAdmission();
    return queued;
  }

  /** Why there is no room for a packet in the queue. */
  #fullError(costBytes: number): ConnectionError | undefined {
    const usedBytes = this.#queuedBytes + this.#heldBytes;
    return usedBytes + costBytes > MAX_QUEUED_BYTES ? this.#queueFull('send', usedBytes) : undefined;
  }

  #reject(queued: QueuedPacket, error: unknown): void {
    this.#dequeue(queued);
    // Later, as a transmission demands.
    queueMicrotask(() => queued.sender.failed(error));
  }

  /** Removes a packet from the queue. */
  #dequeue(queued: QueuedPacket): void {
    this.#queue.delete(queued);
    this.#queuedBytes -= queued.costBytes;
    queued.settled?.();
    if (this.#queue.size === 0) {
      this.#onQueueEmpty?.();
    }
  }

  /** Plans delivery for a later turn of the event loop: a handler may send, and must not be called within `send`. */
  #planDelivery(): void {
    if (!this.#delivering && this.#inFlight.length > 0) {
      this.#delivering = true;
      setImmediate(() => void this.#deliver());
    }
  }

  async #deliver(): Promise<void> {
    // Packets that handlers send now are delivered in the next turn. Otherwise an endless exchange would block the loop.
    let mayDeliver = beginDelivery(false);
    for (let left = this.#inFlight.length; left > 0 && !this.#closed; left--) {
      if (!mayDeliver) {
        await nextTurn();
      }
      if (!this.#closed) {
        const first = this.#inFlight.first!;
        const handled = this.#deliverReplies(
          first,
          first.isSent ? this.#options.reply(first.packet) : [first.packet],
          0,
        );
        if (handled !== undefined) {
          await handled;
        }
        mayDeliver = mayDeliverNext();
      }
    }
    this.#delivering = false;
    this.#planDelivery();
  }

  /** Delivers the replies to a packet from one on. Returns a promise, which never rejects, while a handler is busy. */
  #deliverReplies(
    packetInFlight: PacketInFlight,
    replies: readonly Uint8Array[],
    first: number,
  ): Promise<void> | undefined {
    for (let index = first; index < replies.length; index++) {
      this.#repliesLeft = replies.length - index - 1;
      const handled = this.#options.deliver(replies[index]!);
      if (handled !== undefined) {
        return handled.then(() =>
          this.#closed ? undefined : this.#deliverReplies(packetInFlight, replies, index + 1),
        );
      }
    }
    this.#repliesLeft = undefined;
    this.#inFlight.shift();
    this.#bytesInFlight -= packetInFlight.costBytes;
    this.#admit();
    packetInFlight.handled?.();
    return undefined;
  }

  /** Plans the move for the end of this turn, like a write to a port. Until then a send can be aborted. */
  #planAdmission(): void {
    if (!this.#admitting) {
      this.#admitting = true;
      queueMicrotask(() =>
        process.nextTick(() => {
          this.#admitting = false;
          this.#admit();
        }),
      );
    }
  }

  /** Moves packets from the queue into flight, as far as there is room. */
  #admit(): void {
    for (const queued of this.#queue) {
      if (this.#closed || (this.#bytesInFlight > 0 && this.#bytesInFlight + queued.costBytes > MAX_BYTES_IN_FLIGHT)) {
        return;
      }
      queued.sender.beginWriting?.();
      const copy = new Uint8Array(queued.packet);
      this.#put({ packet: copy, isSent: true, costBytes: queued.costBytes });
      queued.sender.written();
      this.#dequeue(queued);
    }
  }

  #queueFull(call: string, queuedBytes: number): ConnectionError {
    const { name } = this.#options;
    return new ConnectionError(
      'SEND_QUEUE_FULL',
      name,
      `${call} to "${name}": ${queuedBytes} of ${MAX_QUEUED_BYTES} bytes are queued; await earlier sends and requests`,
    );
  }
}
