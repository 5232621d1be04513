import { CliError } from '../../cli-error.js';
import { isoTime } from '../../formats/json-line.js';
import { localTime } from '../../formats/times.js';
import { columnsOf } from '../../formats/wrap.js';
import { nowUs } from '../../records/clock.js';
import type { Session } from '../../session/session.js';
import type { Traffic } from '../../session/traffic.js';
import type { ChangesDisplay } from '../../sinks/changes-display.js';
import type { PacketDisplay } from '../../sinks/packet-display.js';
import { type Paint, paintFor } from '../../terminal/color.js';
import { Key, Keyboard } from '../../terminal/keyboard.js';
import { printMessage, printMessagesBy } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import { escapeText } from '../../text/escape.js';

/** How often what stands at the bottom is drawn anew. */
const DRAW_MS = 100;

/** Over what time rates are measured. */
const MEASURE_MS = 1_000;

const HELP = [
  'space  pause, and go on: nothing is lost',
  'c      clear the screen',
  'm      print a marker',
  's      show or hide the line of statistics',
  'd      packets as dumps, or as lines',
  'r      reset the board (DTR off and on again)',
  ':      type a packet and send it; Esc leaves it be',
  'q      end; so does Ctrl-C',
];

const RULE = '-'.repeat(16);

/** What the console of a monitor works on. */
export interface ConsoleParts {
  output: Output;
  session: Session;
  display: PacketDisplay;
  /** In place of lines, if there is. */
  changes: ChangesDisplay | undefined;
  traffic: Traffic;
  names: readonly string[];
  showsStats: boolean;
  /** Whether stdin has keys. */
  hasKeys: boolean;
  /** Keeps the text of a marker wherever packets are kept. */
  keepMarker(text: string): void;
  /** Sends a line that was typed; rejects if it is no packet, or cannot be sent. */
  sendLine(line: string): Promise<void>;
}

/** The monitor on a terminal: its keys, and what stands below the packets. Lives until {@link close}. */
export class MonitorConsole {
  readonly #parts: ConsoleParts;
  readonly #paint: Paint;
  readonly #keyboard: Keyboard | undefined;
  readonly #timers: NodeJS.Timeout[];
  #showsStats: boolean;
  /** The line that is being typed. */
  #typed: string | undefined;
  #markers = 0;

  constructor(parts: ConsoleParts) {
    this.#parts = parts;
    this.#paint = paintFor(parts.output.stream);
    this.#showsStats = parts.showsStats;
    if (process.stderr.isTTY) {
      printMessagesBy((line) => void parts.output.write(line));
    }
    parts.output.setFooter((rows) => this.#footer(rows));
    parts.output.stream.on('resize', this.#draw);
    this.#timers = [setInterval(this.#draw, DRAW_MS), setInterval(() => parts.traffic.measure(), MEASURE_MS)];
    this.#keyboard = parts.hasKeys ? new Keyboard(process.stdin, (key) => this.#take(key), this.#draw) : undefined;
  }

  /** Gives the terminal back as it was. */
  close(): void {
    for (const timer of this.#timers) {
      clearInterval(timer);
    }
    const { output } = this.#parts;
    output.stream.off('resize', this.#draw);
    this.#keyboard?.close();
    this.#parts.display.resume();
    output.setFooter(undefined);
    printMessagesBy();
  }

  readonly #draw = () => this.#parts.output.drawFooter();

  #footer(rows: number): string[] {
    const { changes, display, traffic } = this.#parts;
    const below: string[] = [];
    if (this.#showsStats) {
      below.push(this.#paint('dim', traffic.statusLine()));
    }
    if (display.isPaused) {
      below.push(this.#paint('yellow', `paused: ${display.held} held; space goes on`));
    }
    if (this.#typed !== undefined) {
      below.push(`:${endOf(this.#typed, (this.#parts.output.stream.columns || 80) - 2)}`);
    }
    if (changes === undefined) {
      return below;
    }
    const room = Math.max(1, rows - below.length - 1);
    const lines = changes.lines(this.#paint);
    const shown =
      lines.length <= room
        ? lines
        : [...lines.slice(0, room - 1), this.#paint('dim', `… ${lines.length - room + 1} more`)];
    return [...shown, ...below];
  }

  #take(key: string): void {
    if (key === Key.interrupt) {
      this.#end();
    } else if (this.#typed === undefined) {
      this.#command(key);
    } else {
      this.#type(this.#typed, key);
    }
  }

  #command(key: string): void {
    const { output, session, display, changes, names } = this.#parts;
    switch (key) {
      case '?':
        for (const line of HELP) {
          void output.write(`${line}\n`);
        }
        break;
      case ' ':
        if (display.isPaused) {
          display.resume();
        } else {
          display.pause();
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
        display.toggleDump();
        break;
      case 'r':
        for (const name of names) {
          this.#tell(session.reset(name).then(() => printMessage(`reset "${name}"`)));
        }
        break;
      case ':':
        this.#typed = '';
        break;
      case 'q':
      case Key.endOfInput:
        this.#end();
        break;
    }
  }

  #mark(): void {
    const now = nowUs();
    const marker = `marker ${++this.#markers}`;
    void this.#parts.output.write(`${this.#paint('yellow', `${RULE} ${marker}  ${localTime(now)} ${RULE}`)}\n`);
    this.#parts.keepMarker(`${marker}  ${isoTime(now)}`);
  }

  #type(typed: string, key: string): void {
    switch (key) {
      case Key.enter:
      case Key.lineFeed:
        this.#typed = undefined;
        this.#tell(this.#parts.sendLine(typed));
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
        // Neither control characters nor keys of several characters, as the arrows are, belong into a packet.
        if ([...key].length === 1 && key >= ' ') {
          this.#typed = typed + key;
        }
    }
  }

  /** A second Ctrl-C is the terminal's again, which kills. */
  #end(): void {
    this.#keyboard?.close();
    this.#parts.session.interrupt();
  }

  #tell(work: Promise<void>): void {
    work.catch((error) => {
      if (!this.#parts.session.signal.aborted) {
        printMessage(error instanceof CliError || error instanceof Error ? error.message : String(error));
      }
    });
  }
}

/** The end of what was typed, as much as has room: what is drawn must not grow with what is pasted. */
function endOf(typed: string, columns: number): string {
  // No character of a column or more takes more than two units.
  const shown = [...escapeText(typed.slice(-2 * Math.max(1, columns)).replace(/^[\udc00-\udfff]/, ''))];
  let room = columns;
  let from = shown.length;
  while (from > 0 && room >= columnsOf(shown[from - 1]!)) {
    room -= columnsOf(shown[--from]!);
  }
  return shown.slice(from).join('');
}
