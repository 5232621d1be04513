import { heldBytes, SEQUENCE_SPACE } from './wire-format.js';

/** The packets of a session that have arrived and were not taken, and what to acknowledge. */
export class ReceiveWindow {
  readonly #window: number;
  readonly #packets: (Uint8Array | undefined)[] = new Array(SEQUENCE_SPACE).fill(undefined);
  /** The number of the next packet that the application has not taken. */
  #next = 0;
  #waiting = 0;

  constructor(window: number) {
    this.#window = window;
  }

  get next(): number {
    return this.#next;
  }

  /** Number of packets that have arrived and were not taken, in order or not. */
  get waiting(): number {
    return this.#waiting;
  }

  get hasNext(): boolean {
    return this.#packets[this.#next] !== undefined;
  }

  /** Keeps a packet. Returns false if it has arrived before. */
  add(number: number, packet: Uint8Array): boolean {
    if (((number - this.#next) & (SEQUENCE_SPACE - 1)) >= this.#window || this.#packets[number] !== undefined) {
      return false;
    }
    this.#packets[number] = packet;
    this.#waiting++;
    return true;
  }

  /** The next packet in order, or `undefined` if it has not arrived. From now on, it is acknowledged. */
  take(): Uint8Array | undefined {
    const packet = this.#packets[this.#next];
    if (packet !== undefined) {
      this.#packets[this.#next] = undefined;
      this.#next = (this.#next + 1) & (SEQUENCE_SPACE - 1);
      this.#waiting--;
    }
    return packet;
  }

  /** Writes the bitmap of the packets that wait. Returns the index after it. */
  writeHeld(target: Uint8Array, offset: number): number {
    const end = offset + heldBytes(this.#window);
    for (let at = offset; at < end; at++) {
      target[at] = 0;
    }
    if (this.#waiting > 0) {
      for (let index = 0; index < this.#window; index++) {
        if (this.#packets[(this.#next + index) & (SEQUENCE_SPACE - 1)] !== undefined) {
          target[offset + (index >> 3)]! |= 1 << (index & 7);
        }
      }
    }
    return end;
  }
}
