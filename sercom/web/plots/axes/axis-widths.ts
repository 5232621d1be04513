/** Widths are multiples of this, so that plots do not twitch while they follow. */
const STEP_PX = 12;

/** The width of the axes of values: the same for all plots, so that the same time is at the same place in all of them. */
export class AxisWidths {
  readonly #needed = new Map<number, number>();
  readonly #onChange: () => void;

  /** @param onChange - called when plots that were drawn before need another width */
  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Says how wide the axis of a plot has to be, and gets how wide all are. */
  need(place: number, width: number): number {
    const before = this.#widest();
    this.#needed.set(place, Math.ceil(width / STEP_PX) * STEP_PX);
    const now = this.#widest();
    if (now !== before && this.#needed.size > 1) this.#onChange();
    return now;
  }

  /** There are only this many plots now. */
  keep(count: number): void {
    for (const place of [...this.#needed.keys()]) if (place >= count) this.#needed.delete(place);
  }

  #widest(): number {
    return Math.max(0, ...this.#needed.values());
  }
}
