import type { Writable } from 'node:stream';

/** What is written in one turn of the event loop leaves together, unless it comes to more than this. */
const BATCH_BYTES = 65_536;

/** Beyond this a writer is {@link ByteWriter.isFull | full}. */
export const FULL_BYTES = 1_048_576;

/**
 * Bytes to a stream, in batches, with back-pressure. Once the stream has failed or its reader has gone, they go
 * nowhere.
 */
export class ByteWriter {
  readonly #stream: Writable;
  #batch: Uint8Array[] = [];
  /** Text that stands behind the batch. To make bytes of many lines at once is several times as fast. */
  #text = '';
  #batchBytes = 0;
  #scheduled = false;
  #draining: Promise<void> | undefined;
  #hasEnded = false;

  /** Resolves once no more can be written, with the reason: nothing if the reader has closed a pipe, as is its right. */
  readonly ended: Promise<Error | undefined>;

  constructor(stream: Writable) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        this.#hasEnded = true;
        this.#batch = [];
        this.#text = '';
        resolve(error.code === 'EPIPE' ? undefined : error);
      });
    });
  }

  /** How many bytes wait to be written. */
  get waitingBytes(): number {
    return this.#hasEnded ? 0 : this.#stream.writableLength + this.#batchBytes;
  }

  /** Whether so much waits to be written that what cannot be held back should rather be left out, and counted. */
  get isFull(): boolean {
    return this.#draining !== undefined && this.waitingBytes > FULL_BYTES;
  }

  /** Writes bytes, which must not be changed any more. A returned promise says that the stream is slow: wait for it. Never rejects. */
  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#hasEnded) {
      return;
    }
    this.#takeText();
    this.#batch.push(bytes);
    return this.#added(bytes.length);
  }

  /** As {@link write}, for text. */
  writeText(text: string): void | Promise<void> {
    if (this.#hasEnded) {
      return;
    }
    this.#text += text;
    return this.#added(text.length);
  }

  /** Resolves when everything has been written, or cannot be. */
  async flush(): Promise<void> {
    this.#writeBatch();
    if (!this.#hasEnded) {
      await new Promise<void>((resolve) => this.#stream.write(new Uint8Array(0), () => resolve()));
    }
  }

  #added(bytes: number): void | Promise<void> {
    this.#batchBytes += bytes;
    if (this.#batchBytes >= BATCH_BYTES) {
      this.#writeBatch();
    } else if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(() => {
        this.#scheduled = false;
        this.#writeBatch();
      });
    }
    return this.#draining;
  }

  #takeText(): void {
    if (this.#text !== '') {
      this.#batch.push(Buffer.from(this.#text));
      this.#text = '';
    }
  }

  #writeBatch(): void {
    this.#takeText();
    if (this.#batch.length === 0 || this.#hasEnded) {
      return;
    }
    const batch = Buffer.concat(this.#batch);
    this.#batch = [];
    this.#batchBytes = 0;
    if (!this.#stream.write(batch) && this.#draining === undefined) {
      this.#draining = new Promise((resolve) => {
        const drained = () => {
          this.#stream.off('drain', drained).off('close', drained).off('error', drained);
          this.#draining = undefined;
          resolve();
        };
        this.#stream.on('drain', drained).on('close', drained).on('error', drained);
      });
    }
  }
}
