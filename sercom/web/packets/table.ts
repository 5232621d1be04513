import type { Row, RowsAnswer, RowsRequest } from '../../src/web/protocol.js';
import { setAttribute } from '../dom.js';
import type { Action } from '../keys.js';
import { RowCache } from './row-cache.js';
import type { RowContext } from './row-element.js';
import { RowList } from './row-list.js';
import { RowLoader } from './row-loader.js';
import { ScrollMap } from './scroll-map.js';
import { type TableParts, tableParts } from './table-parts.js';

/** As in the style sheet. */
const ROW_HEIGHT_PX = 22;
/** After the last movement, the scroller counts as at rest, and its place as one to remember. */
const REST_MS = 150;
const SETTLE_MS = 250;

export interface TableOptions extends RowContext {
  ask(request: Pick<RowsRequest, 'position' | 'count'>): Promise<RowsAnswer | undefined>;
  onProblem(error: unknown): void;
  /** The user has selected a row, or moved the selection. */
  onSelect(row: Row): void;
  /** Whether it follows, how many rows it shows, or the place where it is held has changed. */
  onMove(): void;
}

/** The table of packets: shows a few elements for any number of rows, those at the scroll position. */
export class PacketTable {
  readonly element: HTMLElement;
  readonly #options: TableOptions;
  readonly #parts: TableParts;
  readonly #map = new ScrollMap(ROW_HEIGHT_PX);
  readonly #cache = new RowCache();
  readonly #loader: RowLoader;
  readonly #rows = new RowList();
  #first = 0;
  #end = 0;
  #isFollowing = true;
  /** The position of the selected row, if it is known, and its number. */
  #selected: number | undefined;
  #selectedRow: number | undefined;
  /** The selection waits for its row. */
  #announcesSelection = false;
  #frame = 0;
  #rest: ReturnType<typeof setTimeout> | undefined;
  #settling: ReturnType<typeof setTimeout> | undefined;
  #settledTop: Row | undefined;

  constructor(options: TableOptions) {
    this.#options = options;
    this.#loader = new RowLoader({ ...options, onRows: ({ position, rows }) => this.put(position, rows) });
    this.#parts = tableParts(this.#rows.element);
    this.element = this.#parts.table;
    this.#listen();
  }

  get isFollowing(): boolean {
    return this.#isFollowing;
  }

  /** How many rows fit, and one more, of which a part may fit. */
  get visibleRows(): number {
    return Math.ceil(this.#map.visibleRows) + 1;
  }

  /** The row at the upper edge, if it is known. */
  get topRow(): Row | undefined {
    return this.#cache.get(Math.floor(this.#map.top));
  }

  get selectedPosition(): number | undefined {
    return this.#selected;
  }

  /** The first position that a search looks at: after the selection, else from what is shown. */
  searchStart(isBackward: boolean): number {
    if (this.#selected !== undefined) {
      return Math.max(0, this.#selected + (isBackward ? -1 : 1));
    }
    return Math.max(0, isBackward ? this.#map.lastVisible : Math.floor(this.#map.top));
  }

  /** How many rows have come below those that are shown. One that is cut counts. */
  get rowsBelow(): number {
    return Math.max(0, this.#end - Math.floor(this.#map.top + this.#map.visibleRows + 0.01));
  }

  /** Positions from `first` to `end - 1` exist. */
  setRange(first: number, end: number): void {
    this.#first = first;
    this.#end = end;
    this.#map.setRows(first, end);
    this.#loader.retry();
    this.update();
  }

  /** Rows have come. */
  put(position: number, rows: readonly Row[]): void {
    this.#cache.put(position, rows, Math.floor(this.#map.top));
    this.update();
  }

  /** Positions mean other rows from now on. What is selected has no position until it comes into view. */
  reset(): void {
    this.#cache.clear();
    this.#loader.reset();
    this.#selected = undefined;
    this.update();
  }

  follow(): void {
    this.#setFollowing(true);
  }

  hold(): void {
    this.#setFollowing(false);
  }

  /** The number of the selected row, as soon as it comes into view. */
  set selectedRow(row: number | undefined) {
    if (row === this.#selectedRow) {
      return;
    }
    this.#selectedRow = row;
    this.#selected = undefined;
    this.update();
  }

  /** Holds at a position: at the upper edge, or with rows before it, as that of the selected row. */
  show(position: number, align: 'center' | 'selected' | 'top'): void {
    this.hold();
    this.#includes(position);
    if (align === 'selected') {
      this.#selected = position;
    }
    this.#map.moveTo(align === 'top' ? position : position - Math.floor(this.#map.visibleRows / 2));
    this.update();
  }

  /** Selects a row and brings it into view: as little as possible, or to the middle if it was out of view. */
  select(position: number, align: 'nearest' | 'center' = 'nearest'): void {
    this.hold();
    this.#includes(position);
    this.#selected = position;
    this.#announcesSelection = true;
    this.#map.bring(position, align);
    this.update();
  }

  act(action: Action): boolean {
    const { top, lastVisible, visibleRows } = this.#map;
    const page = Math.max(1, Math.floor(visibleRows) - 1);
    const steps: { readonly [Each in Action]?: number } = { up: -1, down: 1, 'page-up': -page, 'page-down': page };
    const step = steps[action];
    if (step !== undefined) {
      this.#moveSelection(step, action === 'down' ? Math.ceil(top) : lastVisible);
    } else if (action === 'first') {
      this.#selectWithin(this.#first);
    } else if (action === 'last') {
      this.follow();
    } else {
      return false;
    }
    return true;
  }

  /** The table is in the page again. A browser forgets where a scroller was while it is not. */
  shown(): void {
    this.#sync();
    this.update();
  }

  /** Draws again with the next frame. */
  update(): void {
    if (this.#frame === 0) {
      this.#frame = requestAnimationFrame(() => this.#draw());
    }
  }

  /** What rows look like has changed. */
  redrawAll(): void {
    this.#rows.forget();
    this.update();
  }

  #moveSelection(by: number, from: number): void {
    const selected = this.#selected;
    const isUsable = selected !== undefined && (this.#map.isInView(selected) || !this.#isFollowing);
    this.#selectWithin(isUsable ? selected + by : from);
  }

  #selectWithin(position: number): void {
    if (this.#end > this.#first) {
      this.select(Math.min(Math.max(position, this.#first), this.#end - 1));
    }
  }

  /** The server may know rows that no batch has announced yet. */
  #includes(position: number): void {
    if (position < this.#end) {
      return;
    }
    this.#end = position + 1;
    this.#map.setRows(this.#first, this.#end);
  }

  #setFollowing(isFollowing: boolean): void {
    if (isFollowing !== this.#isFollowing) {
      this.#isFollowing = isFollowing;
      this.#options.onMove();
    }
    this.update();
  }

  #listen(): void {
    this.#parts.scroller.addEventListener('scroll', () => this.#scrolled(), { passive: true });
    const onWheel = ({ deltaY }: WheelEvent) => {
      // At once: the next batch would take it to the end again.
      if (deltaY < 0 && this.#map.top > this.#first) {
        this.hold();
      }
    };
    this.#parts.scroller.addEventListener('wheel', onWheel, { passive: true });
    this.#rows.element.addEventListener('click', ({ target }) => {
      const position = this.#rows.positionOf(target as Element);
      // Selecting text is not selecting a row.
      if (position !== undefined && getSelection()?.isCollapsed !== false) {
        this.element.focus({ preventScroll: true });
        this.select(position);
      }
    });
    new ResizeObserver(() => this.#resized()).observe(this.#parts.scroller);
  }

  #scrolled(): void {
    const { scrollTop } = this.#parts.scroller;
    // An event of before the table left the page may come after that, when its scroller is at 0.
    if (!this.element.isConnected || Math.abs(scrollTop - this.#map.syncedScrollTop) < 0.5) {
      return;
    }
    const mustSync = this.#map.scrolled(scrollTop);
    this.#setFollowing(this.#map.isAtEnd);
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => {
      this.#rest = undefined;
      this.update();
    }, REST_MS);
    if (mustSync) {
      this.#sync();
    }
  }

  /** Reports where it is held when it has been there for a moment. */
  #settle(): void {
    if (this.#isFollowing || this.topRow === undefined || this.topRow === this.#settledTop) {
      return;
    }
    this.#settledTop = this.topRow;
    clearTimeout(this.#settling);
    this.#settling = setTimeout(() => this.#options.onMove(), SETTLE_MS);
  }

  #resized(): void {
    const height = this.#parts.scroller.clientHeight - this.#parts.head.offsetHeight;
    if (height <= 0) {
      return;
    }
    const wasInView = this.#selected !== undefined && this.#map.isInView(this.#selected);
    this.#map.setViewport(height);
    // A packet that opens below makes the table lower: its row is to stay in view.
    if (wasInView) {
      this.#map.bring(this.#selected!, 'nearest');
    }
    this.#options.onMove();
    this.update();
  }

  /** Sets the scroller to where the rows are. */
  #sync(): void {
    const target = this.#map.scrollTop;
    if (Math.abs(this.#parts.scroller.scrollTop - target) > 0.5) {
      this.#parts.scroller.scrollTop = target;
    }
    this.#map.synced(this.#parts.scroller.scrollTop);
  }

  #draw(): void {
    this.#frame = 0;
    // Before anything is changed: after it, everything would be laid out twice.
    const outsideHeight = this.#parts.head.offsetHeight - this.#parts.scroller.clientHeight;
    if (this.#isFollowing) {
      this.#map.moveToEnd();
    }
    const first = Math.floor(this.#map.top);
    const shown = Math.max(0, Math.min(this.visibleRows, this.#end - first));
    this.#rows.arrange(first, shown);
    for (const element of this.#rows.elements) {
      const { position } = element;
      const row = this.#cache.get(position);
      if (this.#selected === undefined && row !== undefined && row.row === this.#selectedRow) {
        this.#selected = position;
      }
      element.show(row, position - this.#first + 2, position === this.#selected, this.#options);
    }
    this.#rows.element.style.transform = `translateY(${-Math.round((this.#map.top - first) * ROW_HEIGHT_PX)}px)`;
    this.#parts.spacer.style.height = `${Math.max(0, this.#map.contentHeight + outsideHeight)}px`;
    if (this.#rest === undefined) {
      this.#sync();
    }
    setAttribute(this.element, 'aria-rowcount', this.#end - this.#first + 1);
    setAttribute(this.element, 'aria-activedescendant', this.#rows.idOf(this.#selected));
    this.#load(first, shown);
    this.#announceSelection();
    this.#settle();
  }

  /** Asks for missing rows, with those around them, since the user will probably scroll on. */
  #load(first: number, shown: number): void {
    const missing = this.#cache.missing(Math.max(first, this.#first), first + shown);
    const margin = this.#isFollowing ? 0 : this.visibleRows;
    const from = Math.max(this.#first, first - margin);
    const around = missing && this.#cache.missing(from, Math.min(this.#end, first + shown + margin));
    if (around !== undefined) {
      this.#loader.need(around.first, around.end);
    }
  }

  #announceSelection(): void {
    if (!this.#announcesSelection || this.#selected === undefined) {
      return;
    }
    const row = this.#cache.get(this.#selected);
    if (row === undefined) {
      return;
    }
    this.#announcesSelection = false;
    this.#selectedRow = row.row;
    this.#options.onSelect(row);
  }
}
