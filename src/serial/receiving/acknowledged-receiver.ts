import type { Opener } from '../../delivery/opener.js';
import { FRAME_KINDS, MIN_FRAME_BYTES } from '../../delivery/wire-format.js';
import type { LinkStats } from '../serial-stats.js';
import { FrameReader } from './frame-reader.js';
import type { LinkOwner, LinkReceiver, ReceiverEvents } from './link-receiver.js';

/** What the receiver of a link needs of its connection. */
export interface AcknowledgedReceiverOwner {
  /** Milliseconds, by the clock of the connection. */
  nowMs(): number;
  /** Whether packets are being passed on. */
  readonly isDelivering: boolean;
  /** The frames of a chunk were passed to the opener. */
  received(): void;
}

/**
 * Decodes chunks and passes their frames to the opener of the connection. It never waits: packets wait in the opener's
 * window, which outlives the link.
 */
export class AcknowledgedReceiver implements LinkReceiver {
  readonly isIdle = true;
  readonly #opener: Opener;
  readonly #connection: AcknowledgedReceiverOwner;
  readonly #owner: LinkOwner;
  readonly #events: ReceiverEvents;
  readonly #reader: FrameReader;

  constructor(
    opener: Opener,
    stats: LinkStats,
    owner: LinkOwner,
    events: ReceiverEvents,
    connection: AcknowledgedReceiverOwner,
  ) {
    const { checksum, maxFrameBytes } = opener;
    const options = { maxPacketBytes: maxFrameBytes, minPacketBytes: MIN_FRAME_BYTES, checksum };
    this.#reader = new FrameReader(options, stats);
    this.#opener = opener;
    this.#owner = owner;
    this.#events = events;
    this.#connection = connection;
  }

  get isDelivering(): boolean {
    return this.#connection.isDelivering;
  }

  writingPacket(): void {}

  ended(): void {}

  receive(chunk: Uint8Array): boolean {
    this.#reader.push(chunk);
    this.#owner.chunk(chunk);
    const nowMs = this.#connection.nowMs();
    for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
      if (frame instanceof Uint8Array) {
        this.#opener.receive(frame, nowMs);
      } else {
        this.#owner.rejected(frame);
      }
    }
    this.#connection.received();
    this.#events.delivered();
    return true;
  }

  /** Packets that end in this chunk are not acknowledged, so the device still has them. */
  drop(chunk?: Uint8Array): void {
    if (chunk !== undefined) {
      this.#reader.push(chunk);
      this.#owner.chunk(chunk);
      for (let frame = this.#reader.next(); frame !== undefined; frame = this.#reader.next()) {
        if (frame instanceof Uint8Array) {
          this.#countDropped(frame);
        }
      }
    }
    this.countBytes();
  }

  countBytes(): void {
    this.#reader.countBytes();
  }

  #countDropped(frame: Uint8Array): void {
    const { stats } = this.#opener;
    const kind = frame[0]! >> 6;
    if (kind === FRAME_KINDS.data) {
      stats.dataFramesReceived++;
      stats.packetsDropped++;
    } else if (kind === FRAME_KINDS.datagram) {
      stats.datagramsReceived++;
      stats.datagramsDropped++;
    }
  }
}
