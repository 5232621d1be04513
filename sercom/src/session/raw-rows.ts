import { nowUs } from '../records/clock.js';
import type { RecordConsumer } from '../records/source.js';

/** The longest row. */
const ROW_BYTES = 256;

/** A row also ends when the device pauses for this long. */
const PAUSE_MS = 50;

const LINE_FEED = 0x0a;

/** The row of a port that has not ended. */
interface Row {
  timeUs: number;
  bytes: number[];
  timer: NodeJS.Timeout;
}

/**
 * Cuts the bytes of each port into rows, one record each. A row ends after a line feed, after the last of several zeros,
 * after 256 bytes, or when the device pauses.
 */
export class RawRows {
  readonly #take: RecordConsumer;
  readonly #rows = new Map<string, Row>();

  /** @param take - gets the records. It cannot hold the device */
  constructor(take: RecordConsumer) {
    this.#take = take;
  }

  /** Takes a chunk that a port has read. */
  readonly add = (name: string, chunk: Uint8Array): void => {
    for (const byte of chunk) {
      const before = this.#rows.get(name)?.bytes;
      if (before?.at(-1) === 0 && byte !== 0) {
        this.#end(name);
      }
      const row = this.#rows.get(name) ?? this.#begin(name);
      row.bytes.push(byte);
      if (byte === LINE_FEED || row.bytes.length === ROW_BYTES) {
        this.#end(name);
      }
    }
    this.#rows.get(name)?.timer.refresh();
  };

  /** Ends all rows. */
  flush(): void {
    for (const name of [...this.#rows.keys()]) {
      this.#end(name);
    }
  }

  #begin(name: string): Row {
    const row = { timeUs: nowUs(), bytes: [], timer: setTimeout(() => this.#end(name), PAUSE_MS) };
    this.#rows.set(name, row);
    return row;
  }

  #end(name: string): void {
    const { timeUs, bytes, timer } = this.#rows.get(name)!;
    clearTimeout(timer);
    this.#rows.delete(name);
    void this.#take({ timeUs, name, dir: 'rx', length: bytes.length, bytes: Uint8Array.from(bytes), isRaw: true });
  }
}
