import { once } from 'node:events';
import { ByteWriter } from './byte-writer.js';
import { type Colorize, colorizerFor, isDumb } from './color.js';
import { isInForeground } from './foreground.js';
import { watchReader } from './reader-watch.js';
import { cutLine, paint, type StyledLine, spacedColumns } from './styled-line.js';
import { TerminalStream } from './terminal-stream.js';

/** The size of a terminal, in characters. */
export interface TerminalSize {
  columns: number;
  rows: number;
}

/** Lines that stay below all others on a terminal. What does not fit is cut. */
export interface FooterContent {
  lines: readonly StyledLine[];
  /** The column of the cursor in the last line. Default: 0. */
  cursorColumn?: number;
}

/** Gives the footer for the current size of the terminal. */
export type Footer = (size: TerminalSize) => FooterContent;

/** Text for stdout, or for stderr as a terminal, written in batches. On a terminal, a footer stays below it. */
export class Output {
  readonly stream: NodeJS.WriteStream;
  readonly #fd: 1 | 2;
  /** Adds colors, if stdout is a terminal that has them. */
  readonly colorize: Colorize;
  /** Whether stdout is a terminal on which the cursor can be moved. Without it, there is no footer. */
  readonly canMoveCursor: boolean;
  readonly #terminal: TerminalStream | undefined;
  readonly #writer: ByteWriter;
  #stopWatching = () => {};
  #footer: Footer | undefined;
  /** What draws the footer that is on the terminal now; empty if there is none. */
  #drawnFooter = '';
  /** The columns of its lines except the last, where the cursor is. */
  #widthsAboveCursor: number[] = [];
  #isInForeground = false;

  constructor(stream: NodeJS.WriteStream, fd: 1 | 2 = 1) {
    this.stream = stream;
    this.#fd = fd;
    this.colorize = colorizerFor(stream);
    this.canMoveCursor = stream.isTTY && !isDumb();
    this.#terminal = stream.isTTY && process.platform !== 'win32' ? new TerminalStream(fd) : undefined;
    this.#writer = new ByteWriter(this.#terminal ?? stream, () => (this.#drawnFooter === '' ? this.#drawn() : ''));
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

  /** The size of the terminal; `undefined` if stdout is none. */
  get size(): TerminalSize | undefined {
    const { isTTY, columns, rows } = this.stream;
    // Both are 0 if the size was never set.
    return isTTY ? { columns: columns || 80, rows: rows || 24 } : undefined;
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
    return this.#writer.writeText(this.#drawnFooter === '' ? text : this.#erased() + text);
  }

  /** Writes lines. On a terminal, what is wider than it is cut. */
  writeLines(lines: readonly StyledLine[]): void | Promise<void> {
    const columns = this.size?.columns ?? Number.POSITIVE_INFINITY;
    return this.write(lines.map((line) => `${paint(cutLine(line, columns), this.colorize)}\n`).join(''));
  }

  /** Begins a new line without color, unless the cursor is at the start of one. For after another program has printed. */
  startLine(): void {
    const columns = this.size?.columns;
    if (this.canMoveCursor && columns !== undefined) {
      // In the first column, the spaces stay in one line; elsewhere, they wrap into the next one.
      void this.write(`\x1b[0m${' '.repeat(columns)}\r\x1b[K`);
    }
  }

  /** Sets or removes the footer. Has no effect unless the cursor can be moved; in the background, it is not drawn. */
  setFooter(footer: Footer | undefined): void {
    if (!this.canMoveCursor) {
      return;
    }
    process.off('SIGTSTP', this.#stop).off('SIGCONT', this.#continued);
    this.stream.off('resize', this.#resized);
    if (footer !== undefined) {
      process.on('SIGTSTP', this.#stop).on('SIGCONT', this.#continued);
      this.stream.on('resize', this.#resized);
    }
    this.#footer = footer;
    this.#isInForeground = isInForeground();
    this.#redraw();
  }

  /** Draws the footer again, if it has changed. */
  drawFooter(): void {
    if (this.#footer === undefined) {
      return;
    }
    this.#isInForeground = isInForeground();
    // While the terminal is slow, old footers must not pile up.
    if (!this.#writer.isBusy) {
      this.#redraw();
    }
  }

  /** Ctrl-Z: erases the footer before the process stops. */
  readonly #stop = () => {
    this.#isInForeground = false;
    this.#redraw();
    process.off('SIGTSTP', this.#stop);
    process.kill(process.pid, 'SIGTSTP');
    process.on('SIGTSTP', this.#stop);
  };

  readonly #continued = () => {
    this.#isInForeground = isInForeground();
    if (!this.#isInForeground) {
      // Others have written to the terminal, so there is nothing to erase.
      this.#drawnFooter = '';
    }
    this.drawFooter();
  };

  /** A terminal may have cut off a part of the footer. */
  readonly #resized = () => this.#redraw(true);

  #redraw(isForced = false): void {
    if (!this.canMoveCursor || this.hasEnded) {
      return;
    }
    if (!this.#writer.hasBatch) {
      const before = this.#drawnFooter;
      const erased = this.#erased();
      const drawn = this.#drawn();
      if (isForced || drawn !== before) {
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
    if (this.#drawnFooter === '') {
      return '';
    }
    this.#drawnFooter = '';
    // Most terminals wrap lines that have become too long when the window was made narrower.
    const { columns } = this.size!;
    const rows = this.#widthsAboveCursor.reduce((sum, width) => sum + Math.max(1, Math.ceil(width / columns)), 0);
    return `${rows > 0 ? `\x1b[${rows}A` : ''}\r\x1b[J`;
  }

  /** What draws the footer. */
  #drawn(): string {
    if (this.#footer === undefined || !this.#isInForeground) {
      return '';
    }
    const size = this.size!;
    const { lines: wanted, cursorColumn = 0 } = this.#footer(size);
    const lines = wanted.slice(-Math.max(1, size.rows - 1)).map((line) => cutLine(line, size.columns));
    if (lines.length === 0) {
      return '';
    }
    this.#widthsAboveCursor = lines.slice(0, -1).map((line) => spacedColumns(line, ''));
    const painted = lines.map((line) => paint(line, this.colorize)).join('\n');
    // Without wrapping, each line has exactly one row, also if the terminal has just become narrower.
    this.#drawnFooter = `\x1b[?7l${painted}\x1b[?7h\r${cursorColumn > 0 ? `\x1b[${cursorColumn}C` : ''}`;
    return this.#drawnFooter;
  }
}
