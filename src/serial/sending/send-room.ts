import { ConnectionError, InvalidArgumentError } from '../../errors.js';
import { maxWireBytes } from '../../framing/frame-encoder.js';
import { type CompleteSerialConnection, idBytesOf } from '../serial-connection.js';

/** The room of one connection for packets that are not sent yet: `sendQueueBytes`. */
export class SendRoom {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #extraBytes: number;
  /** Bytes of all packets in the room. */
  #takenBytes = 0;
  /** Room that is kept for packets sent later. */
  #heldBytes = 0;

  /** @param extraBytes - bytes of a frame before COBS besides its packet */
  constructor(name: string, connection: CompleteSerialConnection, extraBytes: number) {
    this.#name = name;
    this.#connection = connection;
    this.#extraBytes = extraBytes;
  }

  /** Bytes of all packets in the room. */
  get usedBytes(): number {
    return this.#takenBytes;
  }

  /** Most bytes that the frame of a packet, with its id, can take. */
  wireBytes(packetBytes: number): number {
    return maxWireBytes(packetBytes + this.#extraBytes);
  }

  /**
   * Why there is no room for a packet, if there is none.
   *
   * @param wireBytes - the result of {@link wireBytes}
   */
  refusal(packetBytes: number, wireBytes: number): InvalidArgumentError | ConnectionError | undefined {
    const { maxPacketBytes, sendQueueBytes } = this.#connection;
    const payloadBytes = packetBytes - idBytesOf(this.#connection);
    if (payloadBytes > maxPacketBytes) {
      return new InvalidArgumentError(
        'PACKET_TOO_LARGE',
        `send to "${this.#name}": the packet has ${payloadBytes} bytes, maxPacketBytes is ${maxPacketBytes}`,
      );
    }
    const usedBytes = this.#takenBytes + this.#heldBytes;
    if (usedBytes + wireBytes > sendQueueBytes) {
      return new ConnectionError(
        'SEND_QUEUE_FULL',
        this.#name,
        `send to "${this.#name}": the send queue is full (${usedBytes} of ${sendQueueBytes} bytes); ` +
          'await earlier sends and requests, or raise sendQueueBytes',
      );
    }
    return undefined;
  }

  take(wireBytes: number): void {
    this.#takenBytes += wireBytes;
  }

  giveBack(wireBytes: number): void {
    this.#takenBytes -= wireBytes;
  }

  /**
   * Keeps room for a packet, until the returned function is called.
   *
   * @throws the error of {@link refusal}
   */
  hold(packetBytes: number): () => void {
    const wireBytes = this.wireBytes(packetBytes);
    const refusal = this.refusal(packetBytes, wireBytes);
    if (refusal !== undefined) {
      throw refusal;
    }
    this.#heldBytes += wireBytes;
    return () => {
      this.#heldBytes -= wireBytes;
    };
  }

  /** All packets have left. */
  empty(): void {
    this.#takenBytes = 0;
  }
}
