import type { LineFormat, PacketRecord } from '../records/packet-record.js';
import type { Display } from '../session/session.js';
import type { Output } from '../terminal/output.js';

/** While it pauses, a display holds lines of that many characters; beyond, the device has to wait. */
const MAX_HELD_CHARACTERS = 16_777_216;

/** What a {@link PacketDisplay} does besides printing lines. */
export interface PacketDisplayOptions {
  output: Output;
  line: LineFormat;
  dump: LineFormat;
  /** Begin with dumps. */
  isDumping: boolean;
  /** Drop lines, and count them, rather than make the device wait for a slow reader. */
  drop: boolean;
}

/** Prints records, as lines or as dumps, and can pause: what comes meanwhile is held, and printed later. */
export class PacketDisplay implements Display {
  readonly #output: Output;
  readonly #line: LineFormat;
  readonly #dump: LineFormat;
  readonly #drop: boolean;
  #isDumping: boolean;
  #held: string[] = [];
  #heldCharacters = 0;
  #resumed: { promise: Promise<void>; resolve: () => void } | undefined;
  #dropped = 0;

  constructor({ output, line, dump, isDumping, drop }: PacketDisplayOptions) {
    this.#output = output;
    this.#line = line;
    this.#dump = dump;
    this.#isDumping = isDumping;
    this.#drop = drop;
  }

  /** How many lines were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many lines are held. */
  get held(): number {
    return this.#held.length;
  }

  get isPaused(): boolean {
    return this.#resumed !== undefined;
  }

  get isFull(): boolean {
    return this.#output.isFull || this.#heldCharacters > MAX_HELD_CHARACTERS;
  }

  show(record: PacketRecord): void | Promise<void> {
    if (this.#drop && this.isFull) {
      this.#dropped++;
      return;
    }
    const text = `${(this.#isDumping ? this.#dump : this.#line)(record)}\n`;
    if (this.#resumed === undefined) {
      const drained = this.#output.write(text);
      return this.#drop ? undefined : drained;
    }
    this.#held.push(text);
    this.#heldCharacters += text.length;
    return this.#heldCharacters > MAX_HELD_CHARACTERS && !this.#drop ? this.#resumed.promise : undefined;
  }

  toggleDump(): void {
    this.#isDumping = !this.#isDumping;
  }

  pause(): void {
    if (this.#resumed === undefined) {
      let resolve = () => {};
      const promise = new Promise<void>((resolvePromise) => {
        resolve = resolvePromise;
      });
      this.#resumed = { promise, resolve };
    }
  }

  resume(): void {
    const resumed = this.#resumed;
    const held = this.#held;
    this.#resumed = undefined;
    this.#held = [];
    this.#heldCharacters = 0;
    for (const text of held) {
      void this.#output.write(text);
    }
    resumed?.resolve();
  }
}
