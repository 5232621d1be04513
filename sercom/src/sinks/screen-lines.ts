import type { EventFormat, LineFormat } from '../formats/index.js';
import type { PacketRecord } from '../records/record.js';
import type { SessionEvent } from '../records/session-event.js';
import type { Output } from '../terminal/output.js';
import type { RecordSink } from './sink.js';

/** The number of characters that the screen keeps while paused. With more, it is full. */
const MAX_HELD_CHARACTERS = 16_777_216;

export interface ScreenLinesOptions {
  output: Output;
  /** How to print a record. */
  line: LineFormat;
  /** How to print it as a dump. Default: as a line. */
  dump?: LineFormat;
  /** How to print an event. Default: it is not shown. */
  event?: EventFormat | undefined;
  /** Begin with dumps. */
  isDumping?: boolean;
  /** Drop records instead of holding the device while stdout is slow. */
  drop?: boolean;
  /** The records are from a device, which a stalled terminal must not hold: drop them while it is stalled. */
  isLive?: boolean;
}

/** The screen: prints records as lines or dumps. While it is paused, it keeps them to print later. */
export class ScreenLines implements RecordSink {
  readonly takesRaw = true;
  /** Whether to show the bytes that arrive instead of received packets and rejected frames. */
  showsRaw = false;
  readonly #drop: boolean;
  readonly #output: Output;
  readonly #line: LineFormat;
  readonly #dump: LineFormat;
  readonly #event: EventFormat | undefined;
  #isDumping: boolean;
  #held: string[] = [];
  #heldCharacters = 0;
  #pause: { ended: Promise<void>; end: () => void } | undefined;

  constructor(options: ScreenLinesOptions) {
    const { output, line, dump = line, event, isDumping = false, drop = false, isLive = false } = options;
    this.#drop = drop;
    if (isLive) {
      output.dropWhenStalled();
    }
    this.#output = output;
    this.#line = line;
    this.#dump = dump;
    this.#event = event;
    this.#isDumping = isDumping;
  }

  get whenFull(): 'hold' | 'drop' {
    return this.#drop || this.#output.dropsNow ? 'drop' : 'hold';
  }

  /** The number of records that are kept while paused. */
  get heldRecords(): number {
    return this.#held.length;
  }

  get isPaused(): boolean {
    return this.#pause !== undefined;
  }

  get isFull(): boolean {
    return this.#output.isFull || this.#heldCharacters > MAX_HELD_CHARACTERS;
  }

  write(record: PacketRecord): void | Promise<void> {
    if (record.dir === 'rx' && (record.isRaw === true) !== this.showsRaw) {
      return;
    }
    return this.#print(`${(this.#isDumping ? this.#dump : this.#line)(record)}\n`);
  }

  event(event: SessionEvent): boolean {
    if (this.#event === undefined) {
      return false;
    }
    void this.#print(`${this.#event(event)}\n`);
    return true;
  }

  #print(text: string): void | Promise<void> {
    if (this.#pause === undefined) {
      return this.#output.write(text);
    }
    this.#held.push(text);
    this.#heldCharacters += text.length;
    return this.#heldCharacters > MAX_HELD_CHARACTERS ? this.#pause.ended : undefined;
  }

  toggleDump(): void {
    this.#isDumping = !this.#isDumping;
  }

  pause(): void {
    if (this.#pause === undefined) {
      let end = () => {};
      const ended = new Promise<void>((resolve) => {
        end = resolve;
      });
      this.#pause = { ended, end };
    }
  }

  /** Ends a pause: prints what was kept. */
  resume(): void {
    const pause = this.#pause;
    const held = this.#held;
    this.#pause = undefined;
    this.#held = [];
    this.#heldCharacters = 0;
    for (const text of held) {
      void this.#output.write(text);
    }
    pause?.end();
  }
}
