import { ByteQueue } from './byte-queue.js';

/** What an operating system keeps of what is to be sent, and of what nobody has read yet. */
const OUTPUT_BYTES = 4096;
const INPUT_BYTES = 65_536;

/** Any object that tells one opener's requests from another's. */
type Owner = object;

interface PendingRead {
  readonly owner: Owner;
  readonly target: Uint8Array;
  readonly resolve: (bytesRead: number) => void;
  readonly reject: (error: Error) => void;
}

interface PendingWrite {
  readonly owner: Owner;
  rest: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

interface PendingDrain {
  readonly owner: Owner;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** The operating system's side of a simulated serial port: bounded buffers, and the reads and writes that wait on them. */
export class SimulatedTty {
  readonly #input = new ByteQueue(INPUT_BYTES);
  readonly #output = new ByteQueue(OUTPUT_BYTES);
  #reads: PendingRead[] = [];
  #writes: PendingWrite[] = [];
  #drains: PendingDrain[] = [];

  /** `true` when there is nothing left to send. */
  get outputEmpty(): boolean {
    return this.#output.length === 0 && this.#writes.length === 0;
  }

  /** Whether a read or a write of that owner is pending. */
  isAwaited(owner: Owner): boolean {
    return [...this.#reads, ...this.#writes].some((pending) => pending.owner === owner);
  }

  /** Settles with the number of bytes read, at least 1. */
  read(owner: Owner, target: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#reads.push({ owner, target, resolve, reject });
      this.deliverInput();
    });
  }

  /** Resolves when the last byte has found room in the output buffer; `data` must not change until then. */
  write(owner: Owner, data: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#writes.push({ owner, rest: data, resolve, reject });
      this.#acceptOutput();
    });
  }

  /** Resolves at the next {@link outputDrained}. */
  drain(owner: Owner): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#drains.push({ owner, resolve, reject });
    });
  }

  /** Adds a byte from the board; reads learn of it by {@link deliverInput}. Returns `false` if there is no room. */
  pushInput(byte: number): boolean {
    return this.#input.push(byte);
  }

  /** Answers waiting reads, in their order, with what there is. */
  deliverInput(): void {
    while (this.#input.length > 0) {
      const read = this.#reads.shift();
      if (!read) {
        return;
      }
      read.resolve(this.#input.read(read.target));
    }
  }

  /** Takes the next byte to send, which makes room for a waiting write. */
  takeOutput(): number | undefined {
    const byte = this.#output.shift();
    this.#acceptOutput();
    return byte;
  }

  /** To be called when the last byte has left the wire. */
  outputDrained(): void {
    for (const { resolve } of this.#drains.splice(0)) {
      resolve();
    }
  }

  /** Discards both buffers, and returns how many bytes that was. Waiting writes go on into the room this makes. */
  flush(): number {
    const discarded = this.#input.clear() + this.#output.clear();
    this.#acceptOutput();
    return discarded;
  }

  /** Rejects what that owner waits for. What a write has already handed over stays handed over. */
  reject(error: Error, owner: Owner): void {
    const isMeant = (pending: { readonly owner: Owner }): boolean => pending.owner === owner;
    const rejected = [...this.#reads, ...this.#writes, ...this.#drains].filter(isMeant);
    this.#reads = this.#reads.filter((pending) => !isMeant(pending));
    this.#writes = this.#writes.filter((pending) => !isMeant(pending));
    this.#drains = this.#drains.filter((pending) => !isMeant(pending));
    for (const { reject } of rejected) {
      reject(error);
    }
  }

  #acceptOutput(): void {
    let write = this.#writes[0];
    while (write) {
      write.rest = write.rest.subarray(this.#output.write(write.rest));
      if (write.rest.length > 0) {
        return;
      }
      this.#writes.shift();
      write.resolve();
      write = this.#writes[0];
    }
  }
}
