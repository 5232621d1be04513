import { DeviceIds, ERROR_CODES } from '../device-ids.js';
import type { LoopbackConnection } from './loopback-communicator.js';

const NO_REPLY: readonly Uint8Array[] = [];

/** The device of one connection of a `LoopbackCommunicator`. */
export class LoopbackDevice {
  readonly #connection: LoopbackConnection;
  readonly #ids: DeviceIds | undefined;
  readonly #sendLater: (packet: Uint8Array) => void;

  /** @param sendLater - sends a packet that a promise of `onRequest` resolved with */
  constructor(connection: LoopbackConnection, sendLater: (packet: Uint8Array) => void) {
    this.#connection = connection;
    this.#ids = connection.requestIds && new DeviceIds(connection.requestIds.bytes);
    this.#sendLater = sendLater;
  }

  /** The packets that answer a packet at once. The packet may have an id, and they have one if it has. */
  replies(packet: Uint8Array): readonly Uint8Array[] {
    try {
      const { onRequest, reply } = this.#connection;
      const id = this.#ids?.idOf(packet);
      if (onRequest !== undefined && (this.#ids === undefined || (id !== undefined && this.#ids.isRequest(id)))) {
        return this.#replyTo(onRequest, packet, id);
      }
      if (reply !== undefined) {
        const replies = reply(packet) ?? NO_REPLY;
        // Copies, since `reply` may reuse its memory.
        return (replies instanceof Uint8Array ? [replies] : replies).map((bytes) => new Uint8Array(bytes));
      }
      // The replies of the host end here. Sent back, they would be requests without end.
      const isEchoed = onRequest === undefined && (this.#ids === undefined || (id ?? 0) < this.#ids.top);
      return isEchoed ? [packet] : NO_REPLY;
    } catch (error) {
      failTest(error);
      return NO_REPLY;
    }
  }

  #replyTo(
    onRequest: NonNullable<LoopbackConnection['onRequest']>,
    packet: Uint8Array,
    id: number | undefined,
  ): readonly Uint8Array[] {
    const whole = (reply: Uint8Array) => (id === undefined ? new Uint8Array(reply) : this.#ids!.join(id, reply));
    const fail = (error: unknown) => {
      if (id !== undefined) {
        return [this.#ids!.errorReply(id, ERROR_CODES.handlerFailed)];
      }
      failTest(error);
      return NO_REPLY;
    };
    try {
      const reply = onRequest(id === undefined ? packet : this.#ids!.split(packet)!.payload);
      if (isPromise(reply)) {
        reply.then(
          (settled) => settled && this.#sendLater(whole(settled)),
          (error) => fail(error).forEach(this.#sendLater),
        );
        return NO_REPLY;
      }
      return reply === undefined ? NO_REPLY : [whole(reply)];
    } catch (error) {
      return fail(error);
    }
  }
}

function isPromise(value: unknown): value is PromiseLike<Uint8Array | undefined> {
  return typeof (value as PromiseLike<unknown> | undefined)?.then === 'function';
}

/** Not caught: it is the test that fails, not the communicator. */
function failTest(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}
