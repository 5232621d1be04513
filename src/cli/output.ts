/** Lines of one turn of the event loop leave together, unless they come to more than this. */
const BATCH_CHARACTERS = 65_536;

/** Beyond this the output is {@link Output.isFull | full}. */
const FULL_BYTES = 1_048_576;

/**
 * Lines to stdout, in batches, with back-pressure. Once its reader has gone, lines go nowhere.
 */
export class Output {
  readonly #stream: NodeJS.WriteStream;
  #batch = '';
  #scheduled = false;
  #draining: Promise<void> | undefined;
  #hasEnded = false;
  #failure: Error | undefined;

  /** Resolves once no more can be written. */
  readonly ended: Promise<void>;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    this.ended = new Promise((resolve) => {
      stream.on('error', (error: NodeJS.ErrnoException) => {
        this.#hasEnded = true;
        this.#batch = '';
        if (error.code !== 'EPIPE') {
          this.#failure = error;
        }
        resolve();
      });
    });
  }

  /** Why no more can be written; nothing if all is well, and if the reader has closed the pipe, as is its right. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether no more can be written. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** Whether a person watches. */
  get isTerminal(): boolean {
    return this.#stream.isTTY;
  }

  get stream(): NodeJS.WriteStream {
    return this.#stream;
  }

  /** Whether so much waits to be read that what cannot be held back should rather be left out, and counted. */
  get isFull(): boolean {
    return this.#draining !== undefined && this.#stream.writableLength + this.#batch.length > FULL_BYTES;
  }

  /** Writes text that ends its lines itself. A returned promise says that its reader is slow: wait for it. Never rejects. */
  write(text: string): void | Promise<void> {
    if (this.#hasEnded) {
      return;
    }
    this.#batch += text;
    if (this.#batch.length >= BATCH_CHARACTERS) {
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

  /** Resolves when everything has been written, or nobody is left to read it. */
  async flush(): Promise<void> {
    this.#writeBatch();
    if (!this.#hasEnded) {
      await new Promise<void>((resolve) => this.#stream.write('', () => resolve()));
    }
  }

  #writeBatch(): void {
    if (this.#batch === '' || this.#hasEnded) {
      return;
    }
    const batch = this.#batch;
    this.#batch = '';
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
