import { button } from '../button.js';
import { h, setAttribute, setText } from '../dom.js';
import { counted } from '../format/quantities.js';
import { duration } from '../format/times.js';
import { icon } from '../icons.js';
import { type Action, keyOf, shortcutOf } from '../keys.js';
import type { TimeRange } from '../state.js';
import { momentText } from './axes/time-axis.js';
import { isFollowing, lengthOf, type Span } from './axes/time-range.js';

export interface ToolbarEvents {
  setRange(range: TimeRange): void;
  toggleFollow(): void;
  zoom(factor: number): void;
  addPlot(): void;
  savePicture(): void;
}

/** Lengths of time to follow with, in seconds. */
const LENGTHS = [5, 10, 30, 60, 300, 900, 3_600, 6 * 3_600, 24 * 3_600];

/** One step of a key or a button. */
export const ZOOM_STEP = 2;

/** What concerns all plots: their time axis, and adding one. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #follow: HTMLButtonElement;
  readonly #length: HTMLSelectElement;
  readonly #other = h('option', { value: 'other' });
  readonly #shown = h('span', { class: 'shown-time' });
  readonly #note = h('span', { class: 'note' });
  readonly #add: HTMLButtonElement;

  constructor(events: ToolbarEvents) {
    this.#follow = h('button', { type: 'button', class: 'button follow', on: { click: () => events.toggleFollow() } });
    this.#length = h(
      'select',
      { 'aria-label': 'Shown time', on: { change: () => this.#choose(events) } },
      ...LENGTHS.map((seconds) => h('option', { value: seconds }, `last ${duration(seconds * 1e6)}`)),
      h('option', { value: 'all' }, 'all that is held'),
      this.#other,
    );
    this.#add = button({ label: 'Add plot', icon: 'plot', onClick: () => events.addPlot() });
    const zoom = (label: string, sign: string, factor: number, action: Action) =>
      h(
        'button',
        {
          type: 'button',
          class: 'button icon-only',
          'aria-label': label,
          'aria-keyshortcuts': shortcutOf(action),
          title: `${label} (${keyOf(action)})`,
          on: { click: () => events.zoom(factor) },
        },
        sign,
      );
    this.element = h(
      'div',
      { class: 'toolbar', role: 'toolbar', 'aria-label': 'Time axis of the plots' },
      this.#follow,
      this.#length,
      zoom('Zoom out', '−', ZOOM_STEP, 'zoom-out'),
      zoom('Zoom in', '+', 1 / ZOOM_STEP, 'zoom-in'),
      this.#shown,
      this.#note,
      button({ label: 'All as PNG', icon: 'save', onClick: () => events.savePicture() }),
      this.#add,
    );
  }

  /** @param left - what is not drawn */
  update(range: TimeRange, span: Span | undefined, left: { marks: number; series: number }, canAdd: boolean): void {
    this.#showFollowing(isFollowing(range));
    this.#updateLength(range);
    setText(this.#shown, span === undefined ? '' : shownText(span));
    const notes = [
      left.marks > 0 && `${counted(left.marks, 'earlier mark')} not shown; zoom in`,
      left.series > 0 && `${counted(left.series, 'series', 'series')} not shown: too many`,
    ];
    setText(this.#note, notes.filter((note) => note !== false).join(', '));
    this.#add.disabled = !canAdd;
  }

  /** The button says what it does, as the one above the packets. */
  #showFollowing(isFollowing: boolean): void {
    const label = isFollowing ? 'Hold' : 'Follow';
    if (this.#follow.textContent === label) return;
    setAttribute(this.#follow, 'title', `${label} (${keyOf('toggle-follow')})`);
    setAttribute(this.#follow, 'aria-keyshortcuts', shortcutOf('toggle-follow'));
    this.#follow.replaceChildren(icon(isFollowing ? 'hold' : 'follow'), h('span', { class: 'label' }, label));
  }

  #updateLength(range: TimeRange): void {
    const value = range.kind === 'last' ? String(range.seconds) : range.kind === 'all' ? 'all' : 'other';
    const isKnown = value === 'all' || LENGTHS.some((seconds) => String(seconds) === value);
    this.#other.hidden = isKnown;
    setText(this.#other, range.kind === 'last' ? `last ${duration(range.seconds * 1e6)}` : 'a fixed time');
    // While the list is open, changing it would close it.
    const wanted = isKnown ? value : 'other';
    if (this.#length.value !== wanted) this.#length.value = wanted;
  }

  #choose(events: ToolbarEvents): void {
    const { value } = this.#length;
    if (value === 'all') events.setRange({ kind: 'all' });
    else if (value !== 'other') events.setRange({ kind: 'last', seconds: Number(value) });
  }
}

/** The shown time in words: `2026-01-31 15:04:05 … 15:05:05 (1 min)`. */
export function shownText(span: Span): string {
  const usPerPixel = lengthOf(span) / 1_000;
  const from = momentText(span.fromUs, usPerPixel);
  const to = momentText(span.toUs, usPerPixel);
  const isSameDay = from.slice(0, 10) === to.slice(0, 10);
  return `${from} … ${isSameDay ? to.slice(11) : to} (${duration(lengthOf(span))})`;
}
