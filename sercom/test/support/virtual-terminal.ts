import unicode11 from '@xterm/addon-unicode11';
import headless from '@xterm/headless';
import { onTestFinished } from 'vitest';

export interface VirtualTerminalOptions {
  columns: number;
  rows?: number;
  /** The version of Unicode whose widths apply. Old terminals have `6`. */
  unicode?: '6' | '11';
  /** Whether a narrower window wraps the lines that are already there. Some old terminals do not, nor scroll back. */
  reflows?: boolean;
}

/** A terminal in memory, to see what a user would see. */
export class VirtualTerminal {
  readonly #terminal: InstanceType<typeof headless.Terminal>;
  /** What it has answered to queries of the program. */
  replies = '';

  constructor({ columns, rows = 24, unicode = '11', reflows = true }: VirtualTerminalOptions) {
    const terminal = new headless.Terminal({
      cols: columns,
      rows,
      scrollback: reflows ? 100_000 : 0,
      allowProposedApi: true,
    });
    terminal.loadAddon(new unicode11.Unicode11Addon());
    terminal.unicode.activeVersion = unicode;
    onTestFinished(() => terminal.dispose());
    terminal.onData((reply) => {
      this.replies += reply;
    });
    this.#terminal = terminal;
  }

  /** Shows the output of a program. Resolves when it has been drawn. */
  write(output: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#terminal.write(output, resolve));
  }

  /** Shows lines of text, as the driver of a terminal passes them on. */
  writeLines(lines: readonly string[]): Promise<void> {
    return this.write(lines.map((line) => `${line.replaceAll('\n', '\r\n')}\r\n`).join(''));
  }

  resize(columns: number, rows: number): void {
    this.#terminal.resize(columns, rows);
  }

  /** All rows, those that have scrolled away too, without white space at their ends. */
  get rows(): string[] {
    return this.#lines().map((line) => line.translateToString(true));
  }

  /** The rows that continue the row before, because a line was too long. */
  get wrappedRows(): string[] {
    return this.#lines()
      .filter(({ isWrapped }) => isWrapped)
      .map((line) => line.translateToString(true));
  }

  /** The cursor: its column, and the text of its row. */
  get cursor(): { column: number; row: string } {
    const { cursorX, cursorY, baseY } = this.#terminal.buffer.active;
    return { column: cursorX, row: this.#terminal.buffer.active.getLine(baseY + cursorY)!.translateToString(true) };
  }

  #lines() {
    const buffer = this.#terminal.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, index) => buffer.getLine(index)!);
    const used = lines.findLastIndex((line) => line.translateToString(true) !== '');
    return lines.slice(0, used + 1);
  }
}
