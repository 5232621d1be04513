import type { ScreenChanges } from '../sinks/screen-changes.js';
import type { Footer, Output, TerminalSize } from '../terminal/output.js';
import type { StyledLine } from '../terminal/styled-line.js';

/** How often the footer is drawn. */
const DRAW_MS = 100;

/** How often rates are measured. */
const MEASURE_MS = 1_000;

/** Keeps a footer below everything else on a terminal, and up to date, until it is closed. */
export class LiveFooter {
  readonly #output: Output;
  readonly #footer: Footer;
  readonly #timers: NodeJS.Timeout[];

  /** @param measure - measures rates that the footer shows */
  constructor(output: Output, footer: Footer, measure: () => void = () => {}) {
    this.#output = output;
    this.#footer = footer;
    this.show();
    this.#timers = [setInterval(() => output.drawFooter(), DRAW_MS), setInterval(measure, MEASURE_MS)];
  }

  show(): void {
    this.#output.setFooter(this.#footer);
  }

  /** Removes what it shows, until {@link show}. */
  hide(): void {
    this.#output.setFooter(undefined);
  }

  close(): void {
    this.#timers.forEach(clearInterval);
    this.hide();
  }
}

/** The lines of `--changes`, as far as there is room for them, and others below. */
export function withChanges(
  changes: ScreenChanges | undefined,
  below: readonly StyledLine[],
  { columns, rows }: TerminalSize,
): StyledLine[] {
  return [...(changes?.lines(columns, Math.max(1, rows - below.length - 1)) ?? []), ...below];
}
