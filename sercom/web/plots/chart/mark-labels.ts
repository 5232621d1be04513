import type { MarkRow } from '../../../src/web/protocol.js';
import { MARK_SIGNS } from '../../format/marks.js';

export interface PlacedMark {
  readonly mark: MarkRow;
  readonly x: number;
  /** What fits beside its line: sign and text, which may be cut, the sign, or nothing. */
  readonly label: string;
}

/** Space between a line and its label, and between a label and the next line. */
const GAP = 4;
/** Longer texts are cut. */
const MAX_CHARACTERS = 40;
/** A text that has to be shorter says nothing. */
const MIN_CHARACTERS = 6;

/**
 * Places marks with their labels, which lie to the right of their lines and must not touch the next one.
 *
 * @param widthOf - of a text, in the pixels of the places
 */
export function placeMarks(
  marks: readonly MarkRow[],
  toX: (timeUs: number) => number,
  left: number,
  right: number,
  widthOf: (text: string) => number,
): readonly PlacedMark[] {
  const placed = marks
    .map((mark) => ({ mark, x: toX(mark.timeUs) }))
    .filter(({ x }) => x >= left && x <= right)
    .sort((a, b) => a.x - b.x);
  return placed.map(({ mark, x }, index) => {
    const room = (placed[index + 1]?.x ?? right) - x - 2 * GAP;
    const sign = MARK_SIGNS[mark.mark];
    return { mark, x, label: labelOf(sign, mark.text, room, widthOf) };
  });
}

/** The mark nearest to a place, for the line of values at the cursor. */
export function markNear(
  marks: readonly MarkRow[],
  toX: (timeUs: number) => number,
  x: number,
  reach: number,
): MarkRow | undefined {
  let nearest: MarkRow | undefined;
  let best = reach;
  for (const mark of marks) {
    const distance = Math.abs(toX(mark.timeUs) - x);
    if (distance <= best) {
      best = distance;
      nearest = mark;
    }
  }
  return nearest;
}

/** Sign and text, which is cut if there is room for a part of it only; or the sign; or nothing. */
function labelOf(sign: string, text: string, room: number, widthOf: (text: string) => number): string {
  const full = text === '' ? sign : `${sign} ${shortened(text, MAX_CHARACTERS)}`;
  const width = widthOf(full);
  if (width <= room) return full;
  // Letters differ in width, so this is where to begin. Measuring each length would take long if there are many marks.
  let characters = Math.floor((full.length * room) / width);
  for (; characters >= MIN_CHARACTERS && characters < text.length; characters--) {
    const cut = `${sign} ${shortened(text, characters)}`;
    if (widthOf(cut) <= room) return cut;
  }
  return widthOf(sign) <= room ? sign : '';
}

function shortened(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1).trimEnd()}…`;
}
