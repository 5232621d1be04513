import type { Writable } from 'node:stream';
import { STALLED } from './terminal-stream.js';

/** What is written in one turn of the event loop leaves as one batch, unless it is longer than this. */
const BATCH_BYTES = 65_536;

/** Room for a batch and the line that completes it: UTF-8 needs at most three bytes for each code unit of a string. */
const BUFFER_BYTES = 4 * BATCH_BYTES;

/** Number of unused buffers to keep. */
const MAX_SPARE_BUFFERS = 4;

/** While more than this waits, {@link ByteWriter.write} asks its caller to wait. */
const HOLD_BYTES = 524_288;

/** While more than this waits, a writer is {@link ByteWriter.isFull | full}. */
export const FULL_BYTES = 1_048_576;

/**
 * Writes text and bytes to a stream in batches, from buffers that it reuses. After the stream has failed or its reader
 * has closed the pipe, everything written is discarded.
 */
export class ByteWriter {
  readonly #stream: Writable & { readonly isStalled?: boolean };
  readonly #trailer: (() => string) | undefined;
  /** The batch: the first bytes of the buffer, then text. Encoding many lines at once is several times as fast. */
  #buffer: Buffer | undefined;
  #bufferedBytes = 0;
  #text = '';
  #isScheduled = false;
  /** Bytes that the stream has not written yet. */
  #writingBytes = 0;
  #spare: Buffer[] = [];
  #holding: { promise: Promise<void>; release: () => void } | undefined;
  #hasEnded = false;
  #isClosed = false;
  #dropsWhenStalled = false;
  #failure: Error | undefined;

  /** Resolves once nothing more can be written: the stream failed, or the reader closed the pipe. */
  readonly ended: Promise<void>;
  #resolveEnded = () => {};

  /**
   * @param trailer - gives the text to append to each batch
   */
  constructor(stream: Writable & { readonly isStalled?: boolean }, trailer?: () => string) {
    this.#stream = stream;
    this.#trailer = trailer;
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
    stream.on('error', (error: NodeJS.ErrnoException) => {
      this.#failure = error.code === 'EPIPE' ? undefined : error;
      this.readerLeft();
    });
    stream.on('close', () => {
      this.#isClosed = true;
      this.#discard();
    });
    stream.on(STALLED, () => {
      if (this.#dropsWhenStalled) {
        this.#release();
      }
    });
  }

  /** Whether nothing more can be written. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Why nothing more can be written. A reader that closes its pipe is not a failure. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Discards everything from now on: the reader has closed the pipe. */
  readerLeft(): void {
    this.#hasEnded = true;
    this.#discard();
    this.#resolveEnded();
  }

  /** From now on, callers need not wait while the terminal is stalled: they drop records when it is full. */
  dropWhenStalled(): void {
    this.#dropsWhenStalled = true;
  }

  /** Whether records should be dropped rather than wait when it is full. */
  get dropsNow(): boolean {
    return this.#dropsWhenStalled && this.#stream.isStalled === true;
  }

  /** Whether the stream has not written everything that it was handed. */
  get isBusy(): boolean {
    return this.#writingBytes > 0;
  }

  /** Whether a batch waits to be handed to the stream. */
  get hasBatch(): boolean {
    return this.#bufferedBytes > 0 || this.#text !== '';
  }

  /** The number of bytes that wait to be written; of text that is not encoded yet, its length. */
  get waitingBytes(): number {
    return this.#writingBytes + this.#bufferedBytes + this.#text.length;
  }

  /** Whether so much waits that records which cannot be held back should be dropped. */
  get isFull(): boolean {
    return this.waitingBytes > FULL_BYTES;
  }

  /** Writes a copy of the bytes. A returned promise asks the caller to wait before writing more; it never rejects. */
  write(bytes: Uint8Array): void | Promise<void> {
    if (this.#hasEnded || this.#isClosed) {
      return;
    }
    this.#encodeText();
    if (this.#bufferedBytes + bytes.length > BUFFER_BYTES) {
      this.#writeBuffer();
    }
    if (bytes.length > BUFFER_BYTES) {
      this.#hand(Uint8Array.from(bytes));
    } else {
      this.#currentBuffer().set(bytes, this.#bufferedBytes);
      this.#bufferedBytes += bytes.length;
    }
    return this.#added();
  }

  /** Writes text as UTF-8. A returned promise asks the caller to wait before writing more; it never rejects. */
  writeText(text: string): void | Promise<void> {
    if (this.#hasEnded || this.#isClosed) {
      return;
    }
    this.#text += text;
    return this.#added();
  }

  /** Hands the batch to the stream now. */
  push(): void {
    if (this.#hasEnded || this.#isClosed || !this.hasBatch) {
      return;
    }
    if (this.#trailer !== undefined) {
      this.#text += this.#trailer();
    }
    this.#encodeText();
    this.#writeBuffer();
  }

  /** Resolves when everything has been written, or cannot be. */
  async flush(): Promise<void> {
    this.push();
    if (!this.#hasEnded && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#stream.write(new Uint8Array(0), () => resolve()));
    }
  }

  #added(): void | Promise<void> {
    if (this.#bufferedBytes + this.#text.length >= BATCH_BYTES) {
      this.push();
    } else if (!this.#isScheduled) {
      this.#isScheduled = true;
      process.nextTick(this.#turnEnded);
    }
    if (this.waitingBytes > HOLD_BYTES && !this.dropsNow) {
      this.#holding ??= openHold();
      return this.#holding.promise;
    }
  }

  /** Unless the stream is busy: then the batch grows, and leaves when the stream is done. */
  readonly #turnEnded = () => {
    this.#isScheduled = false;
    if (this.#writingBytes === 0) {
      this.push();
    }
  };

  #currentBuffer(): Buffer {
    this.#buffer ??= this.#spare.pop() ?? Buffer.allocUnsafeSlow(BUFFER_BYTES);
    return this.#buffer;
  }

  #encodeText(): void {
    const text = this.#text;
    if (text === '') {
      return;
    }
    this.#text = '';
    const mostBytes = 3 * text.length;
    if (this.#bufferedBytes + mostBytes > BUFFER_BYTES) {
      this.#writeBuffer();
    }
    if (mostBytes > BUFFER_BYTES) {
      this.#hand(Buffer.from(text));
    } else {
      this.#bufferedBytes += this.#currentBuffer().write(text, this.#bufferedBytes);
    }
  }

  #writeBuffer(): void {
    const buffer = this.#buffer;
    if (buffer !== undefined && this.#bufferedBytes > 0) {
      const batch = buffer.subarray(0, this.#bufferedBytes);
      this.#buffer = undefined;
      this.#bufferedBytes = 0;
      this.#hand(batch, buffer);
    }
  }

  /** @param buffer - to use again once the stream has written the bytes, not before */
  #hand(bytes: Uint8Array, buffer?: Buffer): void {
    this.#writingBytes += bytes.length;
    this.#stream.write(bytes, (error) => {
      if (error) {
        return;
      }
      this.#writingBytes -= bytes.length;
      if (buffer !== undefined && this.#spare.length < MAX_SPARE_BUFFERS) {
        this.#spare.push(buffer);
      }
      if (this.#writingBytes === 0 && !this.#isScheduled) {
        this.push();
      }
      if (this.waitingBytes <= HOLD_BYTES) {
        this.#release();
      }
    });
  }

  #discard(): void {
    this.#buffer = undefined;
    this.#bufferedBytes = 0;
    this.#text = '';
    this.#writingBytes = 0;
    this.#spare = [];
    this.#release();
  }

  #release(): void {
    this.#holding?.release();
    this.#holding = undefined;
  }
}

function openHold(): { promise: Promise<void>; release: () => void } {
  let release = () => {};
  const promise = new Promise<void>((resolve) => {
    release = resolve;
  });
  return { promise, release };
}
