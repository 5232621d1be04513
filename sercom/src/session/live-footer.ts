import type { Output } from '../terminal/output.js';
import type { StyledLine } from '../terminal/styled-line.js';
import type { RecordView } from './record-view.js';

/** How often the footer is drawn. */
const DRAW_MS = 100;

/** How often rates are measured. */
const MEASURE_MS = 1_000;

/** What the status line says. */
export interface LiveStatus {
  statusLine(): string;
  /** Measures rates. */
  measure?(): void;
}

/** Shows the lines of `--changes` and the status line below everything else, on a terminal, until it is closed. */
export class LiveFooter {
  readonly #output: Output;
  readonly #timers: NodeJS.Timeout[];

  /** @param status - the status line, if it is to be shown */
  constructor(output: Output, view: RecordView, status?: LiveStatus) {
    this.#output = output;
    output.setFooter(({ columns, rows }) => {
      const below: StyledLine[] = status === undefined ? [] : [[[status.statusLine(), 'dim']]];
      return { lines: [...(view.changes?.lines(columns, Math.max(1, rows - below.length - 1)) ?? []), ...below] };
    });
    this.#timers = [
      setInterval(() => output.drawFooter(), DRAW_MS),
      setInterval(() => status?.measure?.(), MEASURE_MS),
    ];
  }

  /** Removes what it shows. */
  close(): void {
    this.#timers.forEach(clearInterval);
    this.#output.setFooter(undefined);
  }
}
