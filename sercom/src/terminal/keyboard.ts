import { StringDecoder } from 'node:string_decoder';
import { setImmediate as turn } from 'node:timers/promises';
import { endInBackground, isInForeground } from './foreground.js';
import { TerminalStream } from './terminal-stream.js';

/** Control keys, as a terminal in raw mode sends them. */
export const Key = {
  interrupt: '\x03',
  endOfInput: '\x04',
  backspace: '\x08',
  delete: '\x7f',
  tab: '\t',
  enter: '\r',
  lineFeed: '\n',
  eraseLine: '\x15',
  suspend: '\x1a',
  escape: '\x1b',
} as const;

/** Matches one key: a character, or the escape sequence of a cursor or function key. */
const KEYS = /\x1b(?:\[[0-?]*[ -/]*[@-~]|O.)|./gsu;

/** How often a process in the background looks whether it has come to the foreground, which no signal tells it. */
const POLL_MS = 500;

/**
 * Reads a terminal key by key, without echo, until it is closed. In the background, it leaves the terminal to others: to
 * change its mode or to read it would stop the process.
 */
export class Keyboard {
  readonly #terminal: NodeJS.ReadStream;
  readonly #onKey: (key: string) => void;
  readonly #onPause: () => void;
  readonly #decoder = new StringDecoder('utf8');
  #poll: NodeJS.Timeout | undefined;
  #isReading = false;
  /** Whether the terminal edits lines and passes on whole ones. */
  #readsLines = false;
  #isDiscarding = false;

  /** @param onPause - called after keys that arrive together, such as pasted text */
  constructor(terminal: NodeJS.ReadStream, onKey: (key: string) => void, onPause: () => void) {
    this.#terminal = terminal;
    this.#onKey = onKey;
    this.#onPause = onPause;
    // A terminal that hangs up sends no more keys.
    terminal.on('error', this.#ignore);
    terminal.on('end', this.#ended);
    process.on('SIGCONT', this.#open);
    endInBackground();
    this.#open();
  }

  /** Lets the terminal itself edit lines, with echo, or stops that. */
  readLines(readsLines: boolean): void {
    this.#readsLines = readsLines;
    if (this.#isReading) {
      this.#open();
    }
  }

  /** Leaves the terminal to another program. Resolves when its mode is as the shell has set it. */
  lend(): Promise<void> {
    process.off('SIGCONT', this.#open);
    return new Promise((resolve) => this.#release(resolve));
  }

  /** Reads the terminal again. Resolves when what the other program has not read is discarded. */
  async takeBack(): Promise<void> {
    this.#isDiscarding = true;
    process.on('SIGCONT', this.#open);
    this.#open();
    // Between the two, the event loop reads what the terminal holds.
    await turn();
    await turn();
    this.#isDiscarding = false;
  }

  close(): void {
    void this.lend();
  }

  readonly #open = () => {
    clearTimeout(this.#poll);
    if (!isInForeground()) {
      this.#release();
      this.#poll = setTimeout(this.#open, POLL_MS);
      return;
    }
    // Twice: while the process was stopped, the shell may have changed the mode.
    this.#terminal.setRawMode(false);
    this.#terminal.setRawMode(!this.#readsLines);
    if (!this.#isReading) {
      this.#isReading = true;
      this.#terminal.on('data', this.#take);
      this.#terminal.resume();
    }
  };

  /** Gives the terminal back, then calls back. */
  #release(released = () => {}): void {
    clearTimeout(this.#poll);
    this.#isReading = false;
    this.#terminal.off('data', this.#take);
    this.#terminal.pause();
    TerminalStream.afterHelpers(() => {
      if (isInForeground()) {
        this.#terminal.setRawMode(false);
      }
      released();
    });
  }

  readonly #ignore = () => {};

  /** Ctrl-D, while the terminal edits lines. A terminal that hangs up is noticed by what writes to it. */
  readonly #ended = () => {
    if (this.#readsLines) {
      this.#onKey(Key.endOfInput);
    }
  };

  readonly #take = (chunk: Buffer) => {
    if (this.#isDiscarding) {
      return;
    }
    for (const [key] of this.#decoder.write(chunk).matchAll(KEYS)) {
      if (key === Key.suspend) {
        // Until the process continues.
        this.#release(() => process.kill(process.pid, 'SIGTSTP'));
      } else {
        this.#onKey(key);
      }
    }
    this.#onPause();
  };
}
