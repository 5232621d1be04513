import type { RejectedFrame } from '../../framing/frame-decoder.js';
import { type CompleteSerialConnection, idBytesOf } from '../serial-connection.js';
import type { LinkStats } from '../serial-stats.js';
import { DeliveryLoop } from './delivery-loop.js';
import { FrameReader } from './frame-reader.js';
import type { LinkOwner, LinkReceiver, ReceiverEvents } from './link-receiver.js';

/** Decodes chunks and passes their packets on, one at a time. While the handler is busy, nothing is read. */
export class PlainReceiver implements LinkReceiver {
  readonly #reader: FrameReader;
  readonly #loop: DeliveryLoop<Uint8Array | RejectedFrame>;
  readonly #stats: LinkStats;
  readonly #owner: LinkOwner;
  #hasEnded = false;

  constructor(connection: CompleteSerialConnection, stats: LinkStats, owner: LinkOwner, events: ReceiverEvents) {
    const { checksum, skipFirst, maxPacketBytes } = connection;
    const minPacketBytes = idBytesOf(connection);
    const options = { maxPacketBytes: maxPacketBytes + minPacketBytes, minPacketBytes, checksum, skipFirst };
    this.#reader = new FrameReader(options, stats);
    this.#loop = new DeliveryLoop(
      () => this.#reader.next(),
      (result) => this.#pass(result),
      events,
    );
    this.#stats = stats;
    this.#owner = owner;
  }

  get isIdle(): boolean {
    return this.#loop.isIdle;
  }

  get isDelivering(): boolean {
    return this.#loop.isDelivering;
  }

  writingPacket(): void {
    this.#reader.writingPacket();
  }

  ended(): void {
    this.#hasEnded = true;
  }

  receive(chunk: Uint8Array): boolean {
    this.#push(chunk);
    const isIdle = this.#loop.run();
    if (!isIdle) {
      // The chunk's memory is reused after this call.
      this.#reader.keepRest();
    }
    return isIdle;
  }

  drop(chunk?: Uint8Array): void {
    if (chunk !== undefined) {
      this.#push(chunk);
    }
    for (let result = this.#reader.next(); result !== undefined; result = this.#reader.next()) {
      if (result instanceof Uint8Array) {
        this.#countPacket(result);
        this.#owner.dropped();
      }
    }
    this.countBytes();
  }

  countBytes(): void {
    this.#reader.countBytes();
  }

  #push(chunk: Uint8Array): void {
    this.#reader.push(chunk);
    this.#owner.chunk(chunk);
  }

  #pass(result: Uint8Array | RejectedFrame): Promise<void> | undefined {
    if (!(result instanceof Uint8Array)) {
      this.#owner.rejected(result);
      return undefined;
    }
    this.#countPacket(result);
    return this.#owner.packet(result, this.#hasEnded);
  }

  #countPacket(packet: Uint8Array): void {
    this.#stats.packetsReceived++;
    this.#stats.packetBytesReceived += packet.length;
  }
}
