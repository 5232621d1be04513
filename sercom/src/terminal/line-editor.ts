import { createInterface, type Interface } from 'node:readline';
import { Readable, Writable } from 'node:stream';

/** Control characters, which are keys. */
const CONTROL = /^[\x00-\x1f\x7f]/;

/** Edits one line with the keys and the history of `node:readline`. It draws nothing, so that others can. */
export class LineEditor {
  readonly #input = new Readable({ read() {} });
  readonly #readline: Interface;
  /** Characters that are not in the line yet: to insert many at once is faster. */
  #inserted = '';
  #entered: string | undefined;

  /** @param history - the lines that were entered before, the latest first; gets the line that is entered */
  constructor(history: string[]) {
    const output = new Writable({ write: (_bytes, _encoding, done) => done() });
    const replaceHistory = (lines: string[]) => history.splice(0, history.length, ...lines);
    this.#readline = createInterface({
      input: this.#input,
      output,
      terminal: true,
      history: [...history],
      removeHistoryDuplicates: true,
    });
    this.#readline.on('history', replaceHistory).on('line', (line) => {
      this.#entered = line;
    });
  }

  /** The line so far. */
  get line(): string {
    this.#insert();
    return this.#readline.line;
  }

  /** The position of the cursor in the line. */
  get cursor(): number {
    this.#insert();
    return this.#readline.cursor;
  }

  /** Takes a key, as a terminal in raw mode sends it. */
  take(key: string): void {
    if (CONTROL.test(key)) {
      this.#insert();
      this.#input.emit('data', key);
    } else {
      this.#inserted += key;
    }
  }

  /** Ends the line, and adds it to the history. */
  enter(): string {
    this.take('\r');
    return this.#entered!;
  }

  close(): void {
    this.#readline.close();
  }

  #insert(): void {
    const text = this.#inserted;
    if (text !== '') {
      this.#inserted = '';
      this.#readline.write(text);
    }
  }
}
