import { once } from 'node:events';
import { ByteWriter } from './byte-writer.js';
import { watchReader } from './reader-watch.js';
import { TerminalStream } from './terminal-stream.js';

/** Lines that stay below all others on a terminal; the cursor is at the end of the last one. */
export type Footer = (rows: number) => readonly string[];

/** Text for stdout, or for stderr as a terminal, written in batches. On a terminal, a footer stays below it. */
export class Output {
  readonly stream: NodeJS.WriteStream;
  readonly #fd: 1 | 2;
  readonly #terminal: TerminalStream | undefined;
  readonly #writer: ByteWriter;
  #stopWatching = () => {};
  #footer: Footer | undefined;
  #footerRows = 0;
  #drawnFooter = '';

  constructor(stream: NodeJS.WriteStream, fd: 1 | 2 = 1) {
    this.stream = stream;
    this.#fd = fd;
    this.#terminal = stream.isTTY && process.platform !== 'win32' ? new TerminalStream(fd) : undefined;
    this.#writer = new ByteWriter(this.#terminal ?? stream, () => (this.#footerRows === 0 ? this.#drawn() : ''));
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

  /** Whether stdout was a terminal that has been closed. */
  get hasHungUp(): boolean {
    return this.isTerminal && this.hasEnded && this.failure === undefined;
  }

  /** From now on, {@link ended} also resolves if the reader of a pipe leaves while nothing is written. */
  watchReader(): void {
    this.#stopWatching = watchReader(this.#fd, () => this.#writer.readerLeft());
  }

  /** From now on, a stalled terminal does not make callers of {@link write} wait. */
  dropWhenStalled(): void {
    this.#writer.dropWhenStalled();
  }

  /** Whether the terminal is stalled, so that records should be dropped rather than wait when the output is full. */
  get dropsNow(): boolean {
    return this.#writer.dropsNow;
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
    this.#redraw();
  }

  /** Draws the footer again, if it has changed. */
  drawFooter(): void {
    // While the terminal is slow, old footers must not pile up.
    if (!this.#writer.isBusy) {
      this.#redraw();
    }
  }

  #redraw(): void {
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

  /** Resolves when everything has been written, or cannot be, and nothing of it is left in another process. */
  async close(): Promise<void> {
    this.#stopWatching();
    await this.flush();
    if (this.#terminal !== undefined && !this.#terminal.closed) {
      this.#terminal.end();
      await once(this.#terminal, 'close');
    }
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
