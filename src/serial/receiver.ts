import { FrameDecoder, type RejectedFrame } from '../framing/frame-decoder.js';
import { beginDelivery, mayDeliverNext, nextTurn } from '../timing/delivery-turn.js';
import { type CompleteSerialConnection, idBytesOf } from './serial-connection.js';
import type { LinkStats } from './serial-stats.js';

/** Takes what a link receives. None of these may throw. */
export interface LinkOwner {
  /** Shows a chunk before it is decoded. Its memory is reused after the call. */
  chunk(chunk: Uint8Array): void;
  /** Takes a packet. While a returned promise is pending, no other packet is passed on. The promise never rejects. */
  packet(packet: Uint8Array): Promise<void> | undefined;
  /** A packet is dropped, since the port is closed. */
  dropped(): void;
  /** Reports a frame that holds no packet. */
  rejected(frame: RejectedFrame): void;
}

/** What the receiver of a link reports to it. */
interface ReceiverEvents {
  /** All packets of a chunk were passed on, or the next one has to wait. */
  delivered(): void;
  /** Nothing is left to deliver, after a wait. */
  idle(): void;
}

/**
 * - `idle`: everything received was delivered
 * - `delivering`: packets are being passed on
 * - `waiting`: the promise of a handler is pending, or the event loop has to run; what is received meanwhile is kept
 */
type Activity = 'idle' | 'delivering' | 'waiting';

/** The receiving side of a link: decodes chunks, passes packets on one at a time, and counts both. */
export class Receiver {
  #decoder: FrameDecoder;
  /** With `skipFirst`, until the first byte: makes a decoder that skips nothing. */
  #newDecoderInStep: (() => FrameDecoder) | undefined;
  readonly #stats: LinkStats;
  readonly #owner: LinkOwner;
  readonly #events: ReceiverEvents;
  #activity: Activity = 'idle';
  /** Counts of the decoder that are in the stats already. */
  #counted = { acceptedBytes: 0, rejectedBytes: 0, skippedBytes: 0, unfinishedBytes: 0, delimiters: 0 };

  constructor(connection: CompleteSerialConnection, stats: LinkStats, owner: LinkOwner, events: ReceiverEvents) {
    const { checksum, skipFirst } = connection;
    const idBytes = idBytesOf(connection);
    const options = { maxPacketBytes: connection.maxPacketBytes + idBytes, minPacketBytes: idBytes, checksum };
    this.#decoder = new FrameDecoder({ ...options, skipFirst });
    this.#newDecoderInStep = skipFirst ? () => new FrameDecoder(options) : undefined;
    this.#stats = stats;
    this.#owner = owner;
    this.#events = events;
  }

  get isIdle(): boolean {
    return this.#activity === 'idle';
  }

  get isDelivering(): boolean {
    return this.#activity === 'delivering';
  }

  /** A packet is being written. If nothing has been read yet, what the device sends next begins with a whole frame. */
  writingPacket(): void {
    if (this.#newDecoderInStep !== undefined) {
      this.#decoder = this.#newDecoderInStep();
      this.#newDecoderInStep = undefined;
    }
  }

  /** Delivers the packets that end in this chunk. Returns whether it is idle again, ready for another chunk. */
  receive(chunk: Uint8Array): boolean {
    this.#push(chunk);
    if (this.#activity === 'idle') {
      const handled = this.#deliver();
      if (handled === undefined) {
        return true;
      }
      void this.#deliverRest(handled);
    }
    // The chunk's memory is reused after this call.
    this.#decoder.keepRest();
    return false;
  }

  /** Drops and counts the packets that end in this chunk, and those that wait for the handler. */
  drop(chunk?: Uint8Array): void {
    if (chunk !== undefined) {
      this.#push(chunk);
    }
    for (let result = this.#decoder.next(); result !== undefined; result = this.#decoder.next()) {
      if (result instanceof Uint8Array) {
        this.#countPacket(result);
        this.#owner.dropped();
      } else {
        this.#countRejected(result);
      }
    }
    this.countBytes();
  }

  /** Adds the bytes decoded since the last call to the stats. */
  countBytes(): void {
    const stats = this.#stats;
    const before = this.#counted;
    const { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters } = this.#decoder;
    stats.acceptedBytes += acceptedBytes - before.acceptedBytes;
    stats.rejectedBytes += rejectedBytes - before.rejectedBytes;
    stats.skippedBytes += skippedBytes - before.skippedBytes;
    stats.unfinishedBytes += unfinishedBytes - before.unfinishedBytes;
    stats.delimiters += delimiters - before.delimiters;
    this.#counted = { acceptedBytes, rejectedBytes, skippedBytes, unfinishedBytes, delimiters };
  }

  #push(chunk: Uint8Array): void {
    this.#newDecoderInStep = undefined;
    this.#stats.bytesRead += chunk.length;
    this.#owner.chunk(chunk);
    this.#decoder.push(chunk);
  }

  /** Passes on packets until the handler of one returns a promise, the time of this turn is over, or none is left. */
  #deliver(): Promise<void> | undefined {
    if (!beginDelivery(this.#activity === 'waiting')) {
      this.#activity = 'waiting';
      return nextTurn();
    }
    this.#activity = 'delivering';
    let handled: Promise<void> | undefined;
    for (let result = this.#decoder.next(); result !== undefined; result = this.#decoder.next()) {
      handled = this.#pass(result);
      if (handled !== undefined) {
        break;
      }
      if (!mayDeliverNext()) {
        handled = nextTurn();
        break;
      }
    }
    this.#activity = handled === undefined ? 'idle' : 'waiting';
    this.#events.delivered();
    return handled;
  }

  async #deliverRest(first: Promise<void>): Promise<void> {
    for (let handled: Promise<void> | undefined = first; handled !== undefined; handled = this.#deliver()) {
      await handled;
    }
    this.#events.idle();
  }

  #pass(result: Uint8Array | RejectedFrame): Promise<void> | undefined {
    if (!(result instanceof Uint8Array)) {
      this.#countRejected(result);
      this.#owner.rejected(result);
      return undefined;
    }
    this.#countPacket(result);
    return this.#owner.packet(result);
  }

  #countPacket(packet: Uint8Array): void {
    this.#stats.packetsReceived++;
    this.#stats.packetBytesReceived += packet.length;
  }

  #countRejected({ reason }: RejectedFrame): void {
    switch (reason) {
      case 'malformed':
        this.#stats.malformedFrames++;
        break;
      case 'too-long':
        this.#stats.tooLongFrames++;
        break;
      case 'checksum':
        this.#stats.checksumFrames++;
        break;
      case 'too-short':
        this.#stats.tooShortFrames++;
        break;
    }
  }
}
