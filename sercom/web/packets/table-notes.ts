import { button } from '../button.js';
import { h, setText } from '../dom.js';
import { counted } from '../format/quantities.js';
import type { Matching } from './toolbar.js';

/** What is said over the table: how many rows have come below those in view, or why there are none. */
export class TableNotes {
  readonly element: HTMLElement;
  readonly #below: HTMLButtonElement;
  readonly #empty = h('p', { class: 'table-empty' });

  constructor(onFollow: () => void) {
    this.#below = button({ label: '', icon: 'end', action: 'last', onClick: onFollow });
    this.#below.classList.add('rows-below');
    this.element = h('div', { class: 'table-notes' }, this.#empty, this.#below);
    this.#below.hidden = true;
  }

  /** @param rowsBelow - 0 while the table follows */
  show({ matching, held, isFiltered, isComplete }: Matching, rowsBelow: number): void {
    this.#below.hidden = rowsBelow === 0;
    setText(this.#below.querySelector('.label')!, `${counted(rowsBelow, 'row')} below`);
    this.#empty.hidden = matching > 0 || !isComplete;
    setText(this.#empty, held > 0 && isFiltered ? 'No packet matches the filter.' : 'No packets yet.');
  }
}
