import { h } from '../dom.js';
import { RowElement } from './row-element.js';

/** The elements for the rows that are in view, in order. */
export class RowList {
  readonly element = h('div', { class: 'table-body', role: 'rowgroup' });
  #rows: RowElement[] = [];

  get elements(): readonly RowElement[] {
    return this.#rows;
  }

  /** Makes the elements stand for these positions. Those that still do keep theirs, so that little is written again. */
  arrange(first: number, count: number): void {
    while (this.#rows.length > count) {
      this.#rows.pop()!.element.remove();
    }
    while (this.#rows.length < count) {
      const row = new RowElement();
      this.#rows.push(row);
      this.element.append(row.element);
    }
    this.#rotate(first - (this.#rows[0]?.position ?? first));
    for (const [index, row] of this.#rows.entries()) {
      row.position = first + index;
    }
  }

  /** All rows are to be written again. */
  forget(): void {
    for (const row of this.#rows) {
      row.forget();
    }
  }

  /** The position of the row that an element belongs to. */
  positionOf(target: Element): number | undefined {
    const element = target.closest('.row');
    return this.#rows.find((row) => row.element === element)?.position;
  }

  /** The id of the element for a position. */
  idOf(position: number | undefined): string | undefined {
    return this.#rows.find((row) => row.position === position)?.element.id;
  }

  /** Moves the elements that have left at one end to the other. The order in the document stays that of the rows. */
  #rotate(by: number): void {
    const count = this.#rows.length;
    if (by > 0 && by < count) {
      const passed = this.#rows.splice(0, by);
      this.#rows.push(...passed);
      this.element.append(...passed.map(({ element }) => element));
    } else if (by < 0 && -by < count) {
      const passed = this.#rows.splice(count + by);
      this.#rows.unshift(...passed);
      this.element.prepend(...passed.map(({ element }) => element));
    }
  }
}
