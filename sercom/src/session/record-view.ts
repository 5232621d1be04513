import type { RecordDecoder } from '../decoders/record-decoder.js';
import { type OutputOptions, recordFormats } from '../options/output-options.js';
import type { RecordOptions } from '../options/record-options.js';
import { type SinkOptions, writesToStdout } from '../sinks/index.js';
import { ScreenChanges } from '../sinks/screen-changes.js';
import { ScreenLines } from '../sinks/screen-lines.js';
import type { RecordSink } from '../sinks/sink.js';
import { Statistics } from '../sinks/statistics.js';
import { Totals } from '../sinks/totals.js';
import type { Output } from '../terminal/output.js';

export interface ViewSettings {
  output: Output;
  /** The names of the connections, which the statistics list even without records. */
  names: readonly string[];
  /** Names to line up with. Default: those of the connections. */
  alignedNames?: readonly string[];
  decoder: RecordDecoder | undefined;
  /** See {@link ScreenLinesOptions}. */
  drop?: boolean;
  isLive: boolean;
}

/** What shows and counts the records of a command, as its options ask for. */
export class RecordView {
  readonly lines: ScreenLines;
  /** Shown instead of lines, if there is one. */
  readonly changes: ScreenChanges | undefined;
  readonly totals: Totals;
  readonly statistics: Statistics | undefined;
  /** Whether stdout is free for lines. */
  readonly isOnStdout: boolean;
  readonly #screen: RecordSink | undefined;
  readonly #output: Output;

  constructor(
    options: RecordOptions & OutputOptions & SinkOptions,
    { output, names, alignedNames = names, decoder, drop = false, isLive }: ViewSettings,
  ) {
    this.#output = output;
    this.isOnStdout = !writesToStdout(options);
    this.lines = new ScreenLines({
      output,
      ...recordFormats(options, alignedNames, output, decoder),
      isDumping: options.dump === true,
      drop,
      isLive,
    });
    const isShown = this.isOnStdout && !options.quiet;
    this.changes = isShown && options.changes ? new ScreenChanges(options.leadingBytes) : undefined;
    this.#screen = isShown ? (this.changes ?? this.lines) : undefined;
    this.totals = new Totals(this.#screen);
    // A key shows them on a terminal.
    this.statistics = options.stats || (isLive && output.isTerminal) ? new Statistics(names) : undefined;
  }

  /** The screen that gets the records. None if they are not shown. */
  get screen(): RecordSink | undefined {
    return this.#screen;
  }

  get sinks(): RecordSink[] {
    return [this.totals, this.#screen, this.statistics].filter((sink) => sink !== undefined);
  }

  /** Prints the lines of `--changes`, if they are shown. */
  printChanges(): void {
    if (this.changes !== undefined) {
      void this.#output.writeLines(this.changes.lines(this.#output.size?.columns));
    }
  }
}
