import type { MarkRow, PacketRow, Row } from '../../src/web/protocol.js';
import { h, setAttribute, setText } from '../dom.js';
import { MARK_SIGNS, markText } from '../format/marks.js';
import { count } from '../format/quantities.js';
import { clockTime } from '../format/times.js';

/** The columns, in order. `class` chooses their width, and when they are hidden, in the style sheet. */
export const COLUMNS = [
  { class: 'time', title: 'Time' },
  { class: 'name', title: 'Name' },
  { class: 'dir', title: 'Dir' },
  { class: 'id', title: 'Id' },
  { class: 'length', title: 'Length' },
  { class: 'hex', title: 'Hex' },
  { class: 'text', title: 'Text' },
  { class: 'decoded', title: 'Decoded' },
] as const;

type ColumnClass = (typeof COLUMNS)[number]['class'];

/** What a cell needs to know beside its row. */
export interface RowContext {
  readonly hasDecoder: boolean;
  name(index: number): string;
}

let lastId = 0;

/** One line of the table, which shows another row whenever the table scrolls. */
export class RowElement {
  readonly element: HTMLElement;
  readonly #cells: Record<ColumnClass, HTMLElement>;
  readonly #micros: HTMLElement;
  readonly #millis: HTMLElement;
  readonly #mark: HTMLElement;
  /** The position it stands for. */
  position = -1;
  #shown: Row | 'loading' | undefined;
  #isSelected = false;

  constructor() {
    const cells = COLUMNS.map((column) => h('span', { role: 'gridcell', class: `cell ${column.class}` }));
    this.#cells = Object.fromEntries(COLUMNS.map((column, index) => [column.class, cells[index]!])) as Record<
      ColumnClass,
      HTMLElement
    >;
    this.#millis = h('span');
    this.#micros = h('span', { class: 'micros' });
    this.#cells.time.append(this.#millis, this.#micros);
    this.#mark = h('span', { role: 'gridcell', class: 'cell mark-text', 'aria-colspan': COLUMNS.length - 1 });
    this.element = h('div', { role: 'row', class: 'row', id: `packet-row-${++lastId}` }, ...cells, this.#mark);
  }

  /** @param index - for screen readers: 1 is the header */
  show(row: Row | undefined, index: number, isSelected: boolean, context: RowContext): void {
    setAttribute(this.element, 'aria-rowindex', index);
    if (isSelected !== this.#isSelected) {
      this.#isSelected = isSelected;
      setAttribute(this.element, 'aria-selected', isSelected ? 'true' : undefined);
    }
    if (this.#shown === (row ?? 'loading')) {
      return;
    }
    this.#shown = row ?? 'loading';
    if (row === undefined) {
      this.#showLoading();
    } else if ('mark' in row) {
      this.#showMark(row, context);
    } else {
      this.#showPacket(row, context);
    }
  }

  /** Shows the row again, although it is the same: a name that it uses may have come. */
  forget(): void {
    this.#shown = undefined;
  }

  #showLoading(): void {
    setAttribute(this.element, 'class', 'row mark loading');
    this.#showTime('');
    setText(this.#mark, '…');
  }

  #showMark(row: MarkRow, { name }: RowContext): void {
    setAttribute(this.element, 'class', `row mark mark-${row.mark}`);
    this.#showTime(clockTime(row.timeUs));
    const about = row.name === undefined ? '' : `${name(row.name)} `;
    setText(this.#mark, `${MARK_SIGNS[row.mark]} ${about}${markText(row)}`);
  }

  #showPacket(row: PacketRow, { name, hasDecoder }: RowContext): void {
    const { dir, problem } = row;
    setAttribute(this.element, 'class', problem === undefined ? `row ${dir}` : `row ${dir} problem`);
    this.#showTime(clockTime(row.timeUs));
    setText(this.#cells.name, name(row.name));
    setText(this.#cells.dir, dir);
    setText(this.#cells.id, row.kind === 'plain' ? '' : idText(row));
    setText(this.#cells.length, count(row.length));
    setText(this.#cells.hex, spacedHex(row.hex));
    const problemText = problem === undefined ? undefined : `✖ ${problem}`;
    setText(this.#cells.text, problemText !== undefined && !hasDecoder ? problemText : row.text);
    setText(this.#cells.decoded, problemText ?? row.decoded ?? '');
  }

  #showTime(text: string): void {
    setText(this.#millis, text.slice(0, -3));
    setText(this.#micros, text.slice(-3));
  }
}

/** What the id in front of the packet says: `request 12`. */
export function idText({ kind, id }: PacketRow): string {
  if (kind === undefined || kind === 'plain') {
    return kind ?? '';
  }
  return id === undefined ? kind : `${kind} ${id}`;
}

/** A space between bytes. */
function spacedHex(hex: string): string {
  return hex.replace(/..(?=.)/g, '$& ');
}
