import { ByteQueue } from '../byte-queue.js';

/** What the operating system keeps of the bytes to send, and of those received and not yet read. */
const OUTPUT_BYTES = 4_096;
const INPUT_BYTES = 65_536;

/** One of the ports that share a tty. */
export interface TtyUser {
  /** Bytes can be read. */
  inputArrived(): void;
}

/** A write, as far as it is not in the buffer. */
export interface TtyWrite {
  readonly bytes: Uint8Array;
  /** The write ends at this offset in `bytes`. */
  endsAt: number;
  /** Bytes before this offset were accepted. */
  position: number;
  /** More bytes were accepted. Not called within `write`. */
  progressed(): void;
}

interface Drain {
  readonly user: TtyUser;
  resolve(): void;
  reject(error: Error): void;
}

/** The operating system's side of a simulated serial port: bounded buffers, and the calls that wait for them. */
export class SimulatedTty {
  readonly #input = new ByteQueue(INPUT_BYTES);
  readonly #output = new ByteQueue(OUTPUT_BYTES);
  readonly #users = new Set<TtyUser>();
  readonly #writes = new Set<TtyWrite>();
  #drains: Drain[] = [];

  /** Whether there is nothing left to send. */
  get isOutputEmpty(): boolean {
    return this.#output.length === 0 && this.#writes.size === 0;
  }

  /** Received bytes that there is room for. */
  get inputRoomBytes(): number {
    return INPUT_BYTES - this.#input.length;
  }

  /** Starts calling `user.inputArrived`. */
  add(user: TtyUser): void {
    this.#users.add(user);
  }

  /** Stops calling `user`, and rejects its pending drains. */
  remove(user: TtyUser, error: Error): void {
    this.#users.delete(user);
    const drains = this.#drains.filter((drain) => drain.user === user);
    this.#drains = this.#drains.filter((drain) => drain.user !== user);
    for (const { reject } of drains) {
      reject(error);
    }
  }

  /** Moves received bytes to `target`. Returns how many. */
  read(target: Uint8Array): number {
    return this.#input.read(target);
  }

  /** Accepts as much of a write as there is room for now, and the rest later. Earlier writes go first. */
  write(write: TtyWrite): void {
    if (this.#writes.size > 0 || !this.#accept(write)) {
      this.#writes.add(write);
    }
  }

  /** Accepts no more of a write. */
  endWrite(write: TtyWrite): void {
    this.#writes.delete(write);
    this.#acceptWrites();
  }

  /** Resolves at the next {@link outputSent}. */
  drain(user: TtyUser): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#drains.push({ user, resolve, reject });
    });
  }

  /** Adds a byte from the board. Returns false if there is no room. Call {@link reportInput} after the last one. */
  pushInput(byte: number): boolean {
    return this.#input.push(byte);
  }

  /** Tells all users that bytes can be read, if there are any. */
  reportInput(): void {
    if (this.#input.length > 0) {
      for (const user of this.#users) {
        user.inputArrived();
      }
    }
  }

  /** Takes the next byte to send, which makes room for pending writes. */
  takeOutput(): number | undefined {
    const byte = this.#output.shift();
    this.#acceptWrites();
    return byte;
  }

  /** Call this when the last byte was sent. */
  outputSent(): void {
    for (const { resolve } of this.#drains.splice(0)) {
      resolve();
    }
  }

  /** Discards the contents of both buffers. Returns the number of bytes. Pending writes continue in the room made. */
  flush(): number {
    const discarded = this.#input.clear() + this.#output.clear();
    this.#acceptWrites();
    return discarded;
  }

  #acceptWrites(): void {
    for (const write of this.#writes) {
      const { position } = write;
      const isWhole = this.#accept(write);
      if (isWhole) {
        this.#writes.delete(write);
      }
      if (write.position > position) {
        write.progressed();
      }
      if (!isWhole) {
        return;
      }
    }
  }

  /** Returns whether the whole of the write is accepted. */
  #accept(write: TtyWrite): boolean {
    write.position += this.#output.write(write.bytes.subarray(write.position, write.endsAt));
    return write.position === write.endsAt;
  }
}
