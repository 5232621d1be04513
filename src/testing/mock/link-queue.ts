interface Outgoing {
  readonly packet: Uint8Array;
  resolve(): void;
  reject(error: Error): void;
}

/** What a device sends: it waits until the link accepts it, and then until it leaves the link. */
export class LinkQueue {
  /** The link has accepted the first `#accepted` of them. */
  readonly #items: Outgoing[] = [];
  #accepted = 0;
  #bytes = 0;

  /** Size of all that has not left the link. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Adds a copy of a packet. Resolves when it leaves the link. */
  add(packet: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#items.push({ packet: new Uint8Array(packet), resolve, reject });
      this.#bytes += packet.length;
    });
  }

  /**
   * Passes packets to the link, in order, until it does not accept one.
   *
   * @param tooLong - makes the error of a packet that is longer than `maxBytes`
   */
  fill(accept: (packet: Uint8Array) => boolean, maxBytes: number, tooLong: (bytes: number) => Error): void {
    for (let next = this.#items[this.#accepted]; next !== undefined; next = this.#items[this.#accepted]) {
      const { packet } = next;
      if (packet.length > maxBytes) {
        this.#remove(this.#accepted, 1)[0]!.reject(tooLong(packet.length));
      } else if (accept(packet)) {
        this.#accepted++;
      } else {
        break;
      }
    }
  }

  /** Resolves what has left the link, which still has the latest `inLink` of those that it accepted. */
  settle(inLink: number): void {
    const left = Math.max(0, this.#accepted - inLink);
    this.#accepted -= left;
    for (const { resolve } of left > 0 ? this.#remove(0, left) : []) {
      resolve();
    }
  }

  /** Rejects everything. */
  rejectAll(error: Error): void {
    this.#accepted = 0;
    for (const { reject } of this.#remove(0, this.#items.length)) {
      reject(error);
    }
  }

  #remove(start: number, count: number): Outgoing[] {
    const removed = this.#items.splice(start, count);
    for (const { packet } of removed) {
      this.#bytes -= packet.length;
    }
    return removed;
  }
}
