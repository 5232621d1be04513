import { StringDecoder } from 'node:string_decoder';

/** Control keys, as a terminal in raw mode sends them. */
export const Key = {
  interrupt: '\x03',
  endOfInput: '\x04',
  backspace: '\x08',
  delete: '\x7f',
  enter: '\r',
  lineFeed: '\n',
  eraseLine: '\x15',
  suspend: '\x1a',
  escape: '\x1b',
} as const;

/** Matches one key: a character, or the escape sequence of a cursor or function key. */
const KEYS = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)|./gsu;

/** Reads a terminal key by key, without echo, until it is closed. */
export class Keyboard {
  readonly #terminal: NodeJS.ReadStream;
  readonly #onKey: (key: string) => void;
  readonly #onPause: () => void;
  readonly #decoder = new StringDecoder('utf8');

  /** @param onPause - called after keys that arrive together, such as pasted text */
  constructor(terminal: NodeJS.ReadStream, onKey: (key: string) => void, onPause: () => void) {
    this.#terminal = terminal;
    this.#onKey = onKey;
    this.#onPause = onPause;
    terminal.on('data', this.#take);
    // A terminal that hangs up sends no more keys.
    terminal.on('error', this.#ignore);
    this.#open();
  }

  close(): void {
    this.#terminal.off('data', this.#take);
    process.off('SIGCONT', this.#open);
    this.#terminal.setRawMode(false);
    this.#terminal.pause();
  }

  readonly #open = () => {
    process.off('SIGCONT', this.#open);
    this.#terminal.setRawMode(true);
    this.#terminal.resume();
  };

  readonly #ignore = () => {};

  readonly #take = (chunk: Buffer) => {
    for (const [key] of this.#decoder.write(chunk).matchAll(KEYS)) {
      if (key === Key.suspend) {
        this.#suspend();
      } else {
        this.#onKey(key);
      }
    }
    this.#onPause();
  };

  /** Ctrl-Z: restores the terminal for the shell until the process continues. */
  #suspend(): void {
    this.#terminal.setRawMode(false);
    process.on('SIGCONT', this.#open);
    process.kill(process.pid, 'SIGTSTP');
  }
}
