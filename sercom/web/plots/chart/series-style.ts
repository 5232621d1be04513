/** How a series looks. Series of a plot differ in the dashes and the number, too, so that nothing is shown by color alone. */
export interface SeriesStyle {
  readonly color: string;
  /** Lengths of dashes and gaps in CSS pixels; empty for a solid line. */
  readonly dash: readonly number[];
  /** Beside its name, and at the end of its line. */
  readonly label: string;
}

export type Ground = 'light' | 'dark';

/**
 * Found by a search for the largest distance between any two, seen with normal vision, protanopia, deuteranopia and tritanopia,
 * at a contrast of at least 3 to 1 to the background. A test checks both.
 */
export const PALETTE: Readonly<Record<Ground, readonly string[]>> = {
  light: ['#365ede', '#c96f1f', '#075c1b', '#914382', '#12a0d1', '#4d1010'],
  dark: ['#6dacef', '#f3985e', '#83f8d1', '#d2578a', '#f7e64a', '#8d68ea'],
};

const DASHES: readonly (readonly number[])[] = [[], [7, 3], [2, 2], [9, 3, 2, 3]];

/** Beyond, two series of a plot would look the same. */
export const MAX_SERIES_PER_PLOT = 24;

/** The look of the series in a place of a plot. All places below {@link MAX_SERIES_PER_PLOT} look different. */
export function styleOf(slot: number, ground: Ground): SeriesStyle {
  const colors = PALETTE[ground];
  // Colors and dashes repeat together after 12 places; from there, each color gets the next dash.
  const dash = (slot + Math.floor(slot / 12)) % DASHES.length;
  return { color: colors[slot % colors.length]!, dash: DASHES[dash]!, label: String(slot + 1) };
}

/** Gives each series of a plot a place that it keeps while others come and go. */
export class Slots {
  #slots = new Map<string, number>();

  /** The places of these series. Those that are no longer among them are free again. */
  assign(keys: readonly string[]): readonly number[] {
    const before = this.#slots;
    this.#slots = new Map();
    const used = new Set(keys.flatMap((key) => before.get(key) ?? []));
    let free = 0;
    for (const key of keys) {
      let slot = before.get(key);
      if (slot === undefined) {
        while (used.has(free)) free++;
        used.add(free);
        slot = free;
      }
      this.#slots.set(key, slot);
    }
    return keys.map((key) => this.#slots.get(key)!);
  }
}
