/** Stands for a packet that did not decode: a message can be any value. */
export const UNDECODED = Symbol('undecoded');

/** The messages in the packets of an iterator. Packets that do not decode are left out. */
export class MessageIterator<Message> implements AsyncIterableIterator<Message> {
  readonly #packets: AsyncIterableIterator<Uint8Array>;
  readonly #decode: (packet: Uint8Array) => Message | typeof UNDECODED;
  #last: Promise<unknown> = Promise.resolve();

  constructor(packets: AsyncIterableIterator<Uint8Array>, decode: (packet: Uint8Array) => Message | typeof UNDECODED) {
    this.#packets = packets;
    this.#decode = decode;
  }

  /** Resolves with the next message. Calls are answered in their order. */
  next(): Promise<IteratorResult<Message, undefined>> {
    // One after the other: a call that skips a packet must not get a later message than the call after it.
    const message = this.#last.then(() => this.#take());
    this.#last = message.catch(() => {});
    return message;
  }

  /** Ends the iteration, and a pending `next` with it. */
  async return(): Promise<IteratorResult<Message, undefined>> {
    await this.#packets.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async #take(): Promise<IteratorResult<Message, undefined>> {
    for (;;) {
      const result = await this.#packets.next();
      if (result.done) {
        return { done: true, value: undefined };
      }
      const message = this.#decode(result.value);
      if (message !== UNDECODED) {
        return { done: false, value: message };
      }
    }
  }
}
