/** Names of the terminal styles. */
const STYLES = { 0: 'plain', 2: 'dim', 7: 'inverse', 31: 'red', 32: 'green', 33: 'yellow', 36: 'cyan' };

const SEQUENCE = /\x1b\[(\??)([\d;]*)([A-Za-z])|[^]/gu;

/** A terminal screen with the features that `sercom` uses. Throws for any other, so that no picture is wrong. */
export class Screen {
  #columns;
  #rows;
  #lines = [[]];
  #row = 0;
  #column = 0;
  #style = 'plain';
  #wraps = true;

  constructor(columns, rows) {
    this.#columns = columns;
    this.#rows = rows;
  }

  write(text) {
    for (const [sequence, mark, number, command] of text.matchAll(SEQUENCE)) {
      if (command !== undefined) {
        this.#control(mark + command, number);
      } else if (sequence === '\r') {
        this.#column = 0;
      } else if (sequence === '\n') {
        this.#lineFeed();
      } else if (sequence < ' ') {
        throw new Error(`unsupported control character ${JSON.stringify(sequence)}`);
      } else {
        this.#put(sequence);
      }
    }
  }

  /** The rows now visible, each as runs of characters in one style. */
  rows() {
    return this.#lines.slice(-this.#rows).map((cells) => {
      const runs = [];
      for (const { character = ' ', style = 'plain' } of Array.from(cells, (cell) => cell ?? {})) {
        const last = runs.at(-1);
        if (last?.style === style) {
          last.text += character;
        } else {
          runs.push({ text: character, style });
        }
      }
      return runs;
    });
  }

  /** The text of all rows so far, without styles. */
  text() {
    return this.#lines.map((cells) => Array.from(cells, (cell) => cell?.character ?? ' ').join('')).join('\n');
  }

  #control(command, number) {
    const count = Number(number || 1);
    switch (command) {
      case 'm':
        this.#style = STYLES[Number(number)] ?? fail(command, number);
        break;
      case 'A':
        this.#row = Math.max(0, this.#row - count);
        break;
      case 'J':
        this.#lines.length = this.#row + 1;
        this.#lines[this.#row].length = Math.min(this.#lines[this.#row].length, this.#column);
        break;
      case '?h':
      case '?l':
        if (number !== '7') {
          fail(command, number);
        }
        this.#wraps = command === '?h';
        break;
      default:
        fail(command, number);
    }
  }

  #put(character) {
    if (this.#column === this.#columns) {
      if (this.#wraps) {
        this.#column = 0;
        this.#lineFeed();
      } else {
        this.#column--;
      }
    }
    this.#lines[this.#row][this.#column++] = { character, style: this.#style };
  }

  #lineFeed() {
    this.#row++;
    this.#lines[this.#row] ??= [];
  }
}

function fail(command, number) {
  throw new Error(`unsupported escape sequence ${number}${command}`);
}
