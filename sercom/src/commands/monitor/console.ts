import { isoTime, localTime } from '../../formats/times.js';
import type { InputKind } from '../../input/packet-input.js';
import { nowUs } from '../../records/clock.js';
import { LiveFooter, withChanges } from '../../session/live-footer.js';
import type { LivePorts } from '../../session/live-ports.js';
import type { Traffic } from '../../session/traffic.js';
import type { ScreenChanges } from '../../sinks/screen-changes.js';
import type { ScreenLines } from '../../sinks/screen-lines.js';
import { Key, Keyboard } from '../../terminal/keyboard.js';
import { printMessage } from '../../terminal/message.js';
import type { FooterContent, Output, TerminalSize } from '../../terminal/output.js';
import type { StyledLine } from '../../terminal/styled-line.js';
import { wrapWords } from '../../text/columns.js';
import type { PortRelease } from './port-release.js';
import { Prompt } from './prompt.js';

const HELP = [
  'space  pause or resume the display',
  'c      clear the screen',
  'm      print a marker',
  's      show or hide the line of statistics',
  'd      show packets as dumps or as lines',
  'b      show bytes as they arrive, or packets',
  'r      reset the board (DTR off and on again)',
  'o      release the ports for another program, or reopen them',
  'u      run the command of --release-for with the ports released',
  ':      type a packet; Enter sends it, Esc cancels, Tab: text, hex or json',
  'q      quit (same as Ctrl-C)',
];

const RULE = '-'.repeat(16);

/** What the console controls. */
export interface ConsoleParts {
  output: Output;
  live: LivePorts;
  /** The names of all connections. */
  names: readonly string[];
  lines: ScreenLines;
  /** Shown instead of lines, if there is one. */
  changes: ScreenChanges | undefined;
  traffic: Traffic;
  release: PortRelease;
  showsStats: boolean;
  /** Whether stdin is a keyboard. */
  hasKeys: boolean;
  /** Keeps a marker in the log. */
  mark(text: string): void;
  /** Shows the bytes that arrive, or packets again. */
  toggleRaw(): void;
  /** The format that packets are typed in at first. */
  inputKind: InputKind;
  /** Sends a line that the user typed. Rejects if it is invalid or cannot be sent. */
  sendLine(line: string, kind: InputKind): Promise<void>;
  /** Ends the monitor as Ctrl-C does. */
  quit(): void;
}

/** The monitor on a terminal: its keys and its footer. Lives until {@link close}. */
export class MonitorConsole {
  readonly #parts: ConsoleParts;
  readonly #keyboard: Keyboard | undefined;
  readonly #liveFooter: LiveFooter;
  #showsStats: boolean;
  readonly #prompt: Prompt;
  /** On a dumb terminal: whether to resume the display after the prompt. */
  #resumes = false;
  #isClosed = false;
  #markers = 0;

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
    this.#prompt = new Prompt(parts.inputKind, (line, kind) => this.#reportErrors(parts.sendLine(line, kind)));
    this.#showsStats = parts.showsStats;
    const { output, traffic } = parts;
    this.#liveFooter = new LiveFooter(
      output,
      (size) => this.#footer(size),
      () => traffic.measure(),
    );
    this.#keyboard = parts.hasKeys
      ? new Keyboard(
          process.stdin,
          (key) => this.#handleKey(key),
          () => output.drawFooter(),
        )
      : undefined;
  }

  /** Leaves the terminal to another program until the returned function is called. */
  async lend(): Promise<() => Promise<void>> {
    this.#liveFooter.hide();
    await this.#keyboard?.lend();
    await this.#parts.output.flush();
    return async () => {
      if (!this.#isClosed) {
        this.#parts.output.startLine();
        this.#liveFooter.show();
        await this.#keyboard?.takeBack();
      }
    };
  }

  /** Prints what was kept while paused, and restores the terminal. */
  close(): void {
    this.#isClosed = true;
    this.#keyboard?.close();
    this.#prompt.close();
    this.#parts.lines.resume();
    this.#liveFooter.close();
  }

  #footer(size: TerminalSize): FooterContent {
    const { changes, lines, traffic, release } = this.#parts;
    const prompt = this.#prompt.isOpen ? this.#prompt.shown(size.columns) : undefined;
    const below: StyledLine[] = [];
    if (this.#showsStats) {
      below.push([[traffic.statusLine(), 'dim']]);
    }
    if (lines.isPaused) {
      below.push([[`paused: ${lines.heldRecords} lines buffered; press space to resume`, 'yellow']]);
    }
    if (release.isReleased) {
      below.push([['released: press o to reopen the ports', 'yellow']]);
    }
    if (prompt !== undefined) {
      below.push(prompt.line);
    }
    return { lines: withChanges(changes, below, size), cursorColumn: prompt?.cursorColumn ?? 0 };
  }

  #handleKey(key: string): void {
    if (key === Key.interrupt) {
      this.#quit();
    } else if (!this.#prompt.isOpen) {
      this.#command(key);
    } else if (this.#parts.output.canMoveCursor) {
      this.#prompt.take(key);
    } else {
      this.#takeFromLine(key);
    }
  }

  #command(key: string): void {
    const { output, live, lines, changes, names } = this.#parts;
    switch (key) {
      case '?':
        for (const line of HELP.flatMap((each) => wrapWords(each, output.size!.columns))) {
          void output.write(`${line}\n`);
        }
        break;
      case ' ':
        if (lines.isPaused) {
          lines.resume();
        } else {
          lines.pause();
        }
        break;
      case 'c':
        changes?.clear();
        if (output.canMoveCursor) {
          void output.write('\x1b[2J\x1b[3J\x1b[H');
        }
        break;
      case 'm':
        this.#mark();
        break;
      case 's':
        this.#showsStats = !this.#showsStats;
        break;
      case 'd':
        lines.toggleDump();
        break;
      case 'b':
        this.#parts.toggleRaw();
        break;
      case 'r':
        for (const name of names) {
          this.#reportErrors(live.reset(name).then(() => printMessage(`reset "${name}"`)));
        }
        break;
      case 'o':
        this.#reportErrors(this.#parts.release.toggle());
        break;
      case 'u':
        this.#reportErrors(this.#parts.release.run());
        break;
      case ':':
        this.#openPrompt();
        break;
      case 'q':
      case Key.endOfInput:
        this.#quit();
        break;
    }
  }

  #mark(): void {
    const now = nowUs();
    const marker = `marker ${++this.#markers}`;
    void this.#parts.output.writeLines([[[`${RULE} ${marker}  ${localTime(now)} ${RULE}`, 'yellow']]]);
    this.#parts.mark(`${marker}  ${isoTime(now)}`);
  }

  #openPrompt(): void {
    const { output, lines } = this.#parts;
    this.#prompt.open();
    if (!output.canMoveCursor) {
      // The terminal itself edits the line, which must not be interrupted.
      this.#resumes = !lines.isPaused;
      lines.pause();
      void output.write(this.#prompt.label);
      this.#keyboard?.readLines(true);
    }
  }

  /** Takes a key from a line that the terminal has edited. */
  #takeFromLine(key: string): void {
    if (key === Key.endOfInput) {
      this.#quit();
    } else if (key >= ' ' && key !== Key.delete) {
      this.#prompt.take(key);
    } else if (key === Key.lineFeed || key === Key.enter) {
      this.#keyboard?.readLines(false);
      if (this.#resumes) {
        this.#parts.lines.resume();
      }
      this.#prompt.take(key);
    }
  }

  /** Releases the keyboard first, so that a second Ctrl-C comes as a signal and kills. */
  #quit(): void {
    this.#keyboard?.close();
    this.#parts.quit();
  }

  #reportErrors(work: Promise<void>): void {
    work.catch((error) => {
      if (!this.#parts.live.signal.aborted) {
        printMessage(error instanceof Error ? error.message : String(error));
      }
    });
  }
}
