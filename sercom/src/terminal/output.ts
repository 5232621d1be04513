import { ByteWriter } from './byte-writer.js';

/** Lines that stay below all others on a terminal; the cursor is at the end of the last one. */
export type Footer = (rows: number) => readonly string[];

/** Text for stdout, written in batches. On a terminal, a footer stays below it. */
export class Output {
  readonly stream: NodeJS.WriteStream;
  readonly #writer: ByteWriter;
  #footer: Footer | undefined;
  #footerRows = 0;
  #drawnFooter = '';

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.#writer = new ByteWriter(stream, () => (this.#footerRows === 0 ? this.#drawn() : ''));
  }

  /** Resolves once nothing more can be written. */
  get ended(): Promise<void> {
    return this.#writer.ended;
  }

  /** Why nothing more can be written. A reader that closes its pipe is not a failure. */
  get failure(): Error | undefined {
    return this.#writer.failure;
  }

  /** Whether nothing more can be written. */
  get hasEnded(): boolean {
    return this.#writer.hasEnded;
  }

  /** Whether stdout is a terminal. */
  get isTerminal(): boolean {
    return this.stream.isTTY;
  }

  /** Whether so much waits to be read that records which cannot be held back should be dropped. */
  get isFull(): boolean {
    return this.#writer.isFull;
  }

  /**
   * Writes text, line ends included. A returned promise says that the reader is slow: wait for it before writing more.
   * It never rejects.
   */
  write(text: string): void | Promise<void> {
    return this.#writer.writeText(this.#footerRows === 0 ? text : this.#erased() + text);
  }

  /** Sets or removes the footer. Has no effect unless stdout is a terminal. */
  setFooter(footer: Footer | undefined): void {
    this.#footer = footer;
    this.drawFooter();
  }

  /** Draws the footer again, if it has changed. */
  drawFooter(): void {
    if (!this.isTerminal || this.hasEnded) {
      return;
    }
    if (!this.#writer.hasBatch) {
      const before = this.#drawnFooter;
      const erased = this.#erased();
      const drawn = this.#drawn();
      if (drawn !== before) {
        void this.#writer.writeText(erased + drawn);
      }
    }
    this.#writer.push();
  }

  /** Hands what has been written to the operating system now, so that what goes to stderr next comes after it. */
  push(): void {
    this.#writer.push();
  }

  /** Resolves when everything has been written, or cannot be. */
  flush(): Promise<void> {
    return this.#writer.flush();
  }

  /** What erases the footer. */
  #erased(): string {
    const rows = this.#footerRows;
    this.#footerRows = 0;
    this.#drawnFooter = '';
    if (rows === 0) {
      return '';
    }
    return `${rows > 1 ? `\x1b[${rows - 1}A` : ''}\r\x1b[J`;
  }

  /** What draws the footer. */
  #drawn(): string {
    if (this.#footer === undefined || !this.isTerminal) {
      return '';
    }
    const lines = this.#footer(this.stream.rows || 24);
    this.#footerRows = lines.length;
    // Without wrapping, each line has exactly one row, however wide its characters are.
    this.#drawnFooter = lines.length === 0 ? '' : `\x1b[?7l${lines.join('\n')}\x1b[?7h`;
    return this.#drawnFooter;
  }
}
