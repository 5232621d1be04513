import { columnsOf, padded } from '../text/columns.js';
import { flow } from './styled-line.js';

const GAP = '  ';

/** What a table shows where a value is unknown. */
const UNKNOWN = '-';

/**
 * The lines of a table whose columns line up. If one is wider than the terminal, each row becomes a paragraph: its first
 * cell, and below it the others that are known, with their titles.
 *
 * @param columns - the width of the terminal. Default: no limit
 */
export function table(
  titles: readonly string[],
  rows: readonly (readonly string[])[],
  columns = Number.POSITIVE_INFINITY,
): string[] {
  const all = [titles, ...rows];
  const widths = titles.map((_, column) => Math.max(...all.map((row) => columnsOf(row[column] ?? ''))));
  const lines = all.map((row) =>
    row
      .map((cell, column) => padded(cell, widths[column] ?? 0))
      .join(GAP)
      .trimEnd(),
  );
  return lines.every((line) => columnsOf(line) <= columns)
    ? lines
    : rows.flatMap(([first = '', ...others]) => {
        const known = others.flatMap((cell, index) => (cell === UNKNOWN ? [] : [`${titles[index + 1] ?? ''} ${cell}`]));
        return [...flowed([first], columns), ...flowed(known, columns - GAP.length).map((row) => GAP + row)];
      });
}

/** Cells in one line; on a narrow terminal in several, of which the further ones are indented. */
export function fittedCells(cells: readonly string[], columns = Number.POSITIVE_INFINITY): string[] {
  const line = cells.join(GAP);
  return columnsOf(line) <= columns
    ? [line]
    : flowed(cells, columns - GAP.length).map((row, index) => (index === 0 ? row : GAP + row));
}

function flowed(cells: readonly string[], columns: number): string[] {
  const pieces = cells.map((cell) => [cell.trim()] as const);
  return flow(pieces, columns, GAP).map((row) => row.map(([text]) => text).join(GAP));
}
