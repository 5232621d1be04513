import { isoTime, localTime } from '../../formats/times.js';
import { nowUs } from '../../records/clock.js';
import type { LivePorts } from '../../session/live-ports.js';
import type { Traffic } from '../../session/traffic.js';
import type { ScreenChanges } from '../../sinks/screen-changes.js';
import type { ScreenLines } from '../../sinks/screen-lines.js';
import { type Colorize, colorizerFor } from '../../terminal/color.js';
import { Key, Keyboard } from '../../terminal/keyboard.js';
import { printMessage } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import { columnsOf } from '../../text/columns.js';
import { escapeText } from '../../text/escape.js';

/** How often the footer is drawn. */
const DRAW_MS = 100;

/** How often rates are measured. */
const MEASURE_MS = 1_000;

const HELP = [
  'space  pause or resume the display',
  'c      clear the screen',
  'm      print a marker',
  's      show or hide the line of statistics',
  'd      show packets as dumps or as lines',
  'b      show bytes as they arrive, or packets',
  'r      reset the board (DTR off and on again)',
  ':      type a packet; Enter sends it, Esc cancels',
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
  showsStats: boolean;
  /** Whether stdin is a keyboard. */
  hasKeys: boolean;
  /** Keeps a marker in the log. */
  mark(text: string): void;
  /** Shows the bytes that arrive, or packets again. */
  toggleRaw(): void;
  /** Sends a line that the user typed. Rejects if it is invalid or cannot be sent. */
  sendLine(line: string): Promise<void>;
  /** Ends the monitor as Ctrl-C does. */
  quit(): void;
}

/** The monitor on a terminal: its keys and its footer. Lives until {@link close}. */
export class MonitorConsole {
  readonly #parts: ConsoleParts;
  readonly #colorize: Colorize;
  readonly #keyboard: Keyboard | undefined;
  readonly #timers: NodeJS.Timeout[];
  #showsStats: boolean;
  /** The packet that is being typed. */
  #typed: string | undefined;
  #markers = 0;

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
    this.#colorize = colorizerFor(parts.output.stream);
    this.#showsStats = parts.showsStats;
    parts.output.setFooter((rows) => this.#footer(rows));
    parts.output.stream.on('resize', this.#draw);
    this.#timers = [setInterval(this.#draw, DRAW_MS), setInterval(() => parts.traffic.measure(), MEASURE_MS)];
    this.#keyboard = parts.hasKeys ? new Keyboard(process.stdin, (key) => this.#handleKey(key), this.#draw) : undefined;
  }

  /** Prints what was kept while paused, and restores the terminal. */
  close(): void {
    for (const timer of this.#timers) {
      clearInterval(timer);
    }
    const { output } = this.#parts;
    output.stream.off('resize', this.#draw);
    this.#keyboard?.close();
    this.#parts.lines.resume();
    output.setFooter(undefined);
  }

  readonly #draw = () => this.#parts.output.drawFooter();

  #footer(rows: number): string[] {
    const { changes, lines, traffic } = this.#parts;
    const below: string[] = [];
    if (this.#showsStats) {
      below.push(this.#colorize('dim', traffic.statusLine()));
    }
    if (lines.isPaused) {
      below.push(this.#colorize('yellow', `paused: ${lines.heldRecords} lines buffered; press space to resume`));
    }
    if (this.#typed !== undefined) {
      below.push(`:${endOf(this.#typed, (this.#parts.output.stream.columns || 80) - 2)}`);
    }
    if (changes === undefined) {
      return below;
    }
    const room = Math.max(1, rows - below.length - 1);
    const all = changes.lines(this.#colorize);
    const shown =
      all.length <= room ? all : [...all.slice(0, room - 1), this.#colorize('dim', `… ${all.length - room + 1} more`)];
    return [...shown, ...below];
  }

  #handleKey(key: string): void {
    if (key === Key.interrupt) {
      this.#quit();
    } else if (this.#typed === undefined) {
      this.#command(key);
    } else {
      this.#type(this.#typed, key);
    }
  }

  #command(key: string): void {
    const { output, live, lines, changes, names } = this.#parts;
    switch (key) {
      case '?':
        for (const line of HELP) {
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
        void output.write('\x1b[2J\x1b[3J\x1b[H');
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
      case ':':
        this.#typed = '';
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
    void this.#parts.output.write(`${this.#colorize('yellow', `${RULE} ${marker}  ${localTime(now)} ${RULE}`)}\n`);
    this.#parts.mark(`${marker}  ${isoTime(now)}`);
  }

  #type(typed: string, key: string): void {
    switch (key) {
      case Key.enter:
      case Key.lineFeed:
        this.#typed = undefined;
        this.#reportErrors(this.#parts.sendLine(typed));
        break;
      case Key.escape:
        this.#typed = undefined;
        break;
      case Key.backspace:
      case Key.delete:
        this.#typed = typed === '' ? undefined : [...typed].slice(0, -1).join('');
        break;
      case Key.eraseLine:
        this.#typed = '';
        break;
      default:
        // Ignore control characters and keys that send several characters, such as arrows.
        if ([...key].length === 1 && key >= ' ') {
          this.#typed = typed + key;
        }
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

/** The end of what was typed, as much as fits: the footer must not grow with pasted text. */
function endOf(typed: string, columns: number): string {
  // Every character that is visible has at most two code units per column.
  const shown = [...escapeText(typed.slice(-2 * Math.max(1, columns)).replace(/^[\udc00-\udfff]/, ''))];
  let room = columns;
  let from = shown.length;
  while (from > 0 && room >= columnsOf(shown[from - 1]!)) {
    room -= columnsOf(shown[--from]!);
  }
  return shown.slice(from).join('');
}
