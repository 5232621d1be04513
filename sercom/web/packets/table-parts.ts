import { h } from '../dom.js';
import { COLUMNS } from './row-element.js';

/** The elements of the table that stay. */
export interface TableParts {
  readonly table: HTMLElement;
  readonly scroller: HTMLElement;
  readonly head: HTMLElement;
  /** Gives the scroller its height. The rows are in a part above it that does not scroll. */
  readonly spacer: HTMLElement;
}

/** @param rows - the element with the rows */
export function tableParts(rows: HTMLElement): TableParts {
  const head = h(
    'div',
    { role: 'row', class: 'row head', 'aria-rowindex': 1 },
    ...COLUMNS.map((column) => h('span', { role: 'columnheader', class: `cell ${column.class}` }, column.title)),
  );
  const view = h('div', { class: 'table-view', role: 'presentation' }, h('div', { role: 'rowgroup' }, head), rows);
  const spacer = h('div', { role: 'presentation' });
  const scroller = h('div', { class: 'table-scroller', role: 'presentation', tabindex: -1 }, view, spacer);
  const table = h(
    'div',
    { class: 'table', role: 'grid', 'aria-label': 'Packets', 'aria-colcount': COLUMNS.length, tabindex: 0 },
    scroller,
  );
  return { table, scroller, head, spacer };
}
