import headless from '@xterm/headless';

/** The names of the colors of a terminal. */
const COLORS = { 1: 'red', 2: 'green', 3: 'yellow', 6: 'cyan' };

/** A terminal in memory. */
export class Screen {
  #terminal;

  constructor(columns, rows) {
    this.#terminal = new headless.Terminal({ cols: columns, rows, allowProposedApi: true });
  }

  /** Shows the output of a program. Resolves when it has been drawn. */
  write(text) {
    return new Promise((resolve) => this.#terminal.write(text, resolve));
  }

  /** The rows now visible, each as runs of characters in one style. */
  rows() {
    const { rows } = this.#terminal;
    return this.#lines()
      .slice(-rows)
      .map((line) => {
        const runs = [];
        for (let column = 0; column < line.translateToString(true).length; column++) {
          const cell = line.getCell(column);
          const text = cell.getChars() || ' ';
          const style = styleOf(cell);
          if (runs.at(-1)?.style === style) {
            runs.at(-1).text += text;
          } else {
            runs.push({ text, style });
          }
        }
        return runs;
      });
  }

  /** The text of all rows so far, without styles. */
  text() {
    return this.#lines()
      .map((line) => line.translateToString(true))
      .join('\n');
  }

  /** The rows so far, up to the last one that is not empty. */
  #lines() {
    const buffer = this.#terminal.buffer.active;
    const lines = Array.from({ length: buffer.length }, (_, index) => buffer.getLine(index));
    return lines.slice(0, lines.findLastIndex((line) => line.translateToString(true) !== '') + 1);
  }
}

function styleOf(cell) {
  if (cell.isInverse()) {
    return 'inverse';
  }
  return cell.isDim() ? 'dim' : (COLORS[cell.getFgColor()] ?? 'plain');
}
