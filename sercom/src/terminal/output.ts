/** Lines of one turn of the event loop leave together, unless they come to more than this. */
const BATCH_CHARACTERS = 65_536;

/** Beyond this the output is {@link Output.isFull | full}. */
const FULL_BYTES = 1_048_576;

/** Lines that stay below all others on a terminal; the cursor stands at the end of the last. */
export type Footer = (rows: number) => readonly string[];

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
  #footer: Footer | undefined;
  #footerRows = 0;
  #drawnFooter = '';

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

  /** Sets the footer, or takes it away. Nothing happens unless stdout is a terminal. */
  setFooter(footer: Footer | undefined): void {
    this.#footer = footer;
    this.drawFooter();
  }

  /** Draws the footer as it is now. */
  drawFooter(): void {
    if (!this.isTerminal || this.#hasEnded) {
      return;
    }
    const before = this.#drawnFooter;
    const erase = this.#eraseFooter();
    const drawn = this.#newFooter();
    if (this.#batch !== '' || drawn !== before) {
      this.#stream.write(erase + this.#takeBatch() + drawn);
    }
  }

  /** Hands what has been written to the operating system now, so that what goes to stderr next comes after it. */
  push(): void {
    this.#writeBatch();
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
    if (
      !this.#stream.write(this.#eraseFooter() + this.#takeBatch() + this.#newFooter()) &&
      this.#draining === undefined
    ) {
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

  #takeBatch(): string {
    const batch = this.#batch;
    this.#batch = '';
    return batch;
  }

  #eraseFooter(): string {
    const rows = this.#footerRows;
    this.#footerRows = 0;
    this.#drawnFooter = '';
    if (rows === 0) {
      return '';
    }
    return `${rows > 1 ? `\x1b[${rows - 1}A` : ''}\r\x1b[J`;
  }

  #newFooter(): string {
    if (this.#footer === undefined || !this.isTerminal) {
      return '';
    }
    const lines = this.#footer(this.#stream.rows || 24);
    this.#footerRows = lines.length;
    // Without wrapping, each line has exactly one row, however wide its characters are.
    this.#drawnFooter = lines.length === 0 ? '' : `\x1b[?7l${lines.join('\n')}\x1b[?7h`;
    return this.#drawnFooter;
  }
}
