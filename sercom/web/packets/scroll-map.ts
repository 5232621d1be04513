/** Below the height at which browsers clip an element; the lowest of them is about 16 million pixels. */
const MAX_HEIGHT_PX = 8_000_000;

/**
 * Maps the scroll position of a native scroller to positions of rows. With more rows than an element can be high, the scroller
 * is compressed: dragging its thumb goes anywhere in proportion, and small movements still go by pixels of real rows, so that
 * no row is out of reach.
 */
export class ScrollMap {
  readonly #rowHeight: number;
  readonly #maxHeight: number;
  #first = 0;
  #end = 0;
  #viewport = 0;
  #top = 0;
  #scrollTop = 0;

  /** @param rowHeight - in pixels */
  constructor(rowHeight: number, maxHeight = MAX_HEIGHT_PX) {
    this.#rowHeight = rowHeight;
    this.#maxHeight = maxHeight;
  }

  /** The position of the row at the upper edge, with the part of it that is hidden as a fraction. */
  get top(): number {
    return this.#top;
  }

  /** How high the content of the scroller is to be, in pixels. */
  get contentHeight(): number {
    return Math.min(this.#fullHeight, this.#maxHeight);
  }

  /** How many rows fit, with the fraction of a row that is cut. */
  get visibleRows(): number {
    return this.#viewport / this.#rowHeight;
  }

  /** The top at which the last row is the last that fits. No row is cut at the upper edge then. */
  get maxTop(): number {
    return Math.max(this.#first, this.#end - Math.floor(this.visibleRows));
  }

  get isAtEnd(): boolean {
    return this.#top >= this.maxTop - 0.01;
  }

  /** The position of the last row that is not cut. */
  get lastVisible(): number {
    return Math.floor(this.#top + this.visibleRows) - 1;
  }

  /** The scroll position that suits the top. The scroller must be set to it, with {@link synced}, when it is at rest. */
  get scrollTop(): number {
    const rows = this.maxTop - this.#first;
    if (this.#top <= this.#first || rows <= 0) {
      return 0;
    }
    if (this.isAtEnd) {
      return this.#maxScroll;
    }
    const proportional = ((this.#top - this.#first) / rows) * this.#maxScroll;
    return Math.min(Math.max(proportional, this.#margin), this.#maxScroll - this.#margin);
  }

  /** What the scroller was last seen at. */
  get syncedScrollTop(): number {
    return this.#scrollTop;
  }

  /** The rows from `first` to `end - 1` exist. */
  setRows(first: number, end: number): void {
    this.#first = first;
    this.#end = Math.max(first, end);
    this.#top = this.#clamp(this.#top);
  }

  /** @param height - of the area in which rows are shown, in pixels */
  setViewport(height: number): void {
    this.#viewport = height;
    this.#top = this.#clamp(this.#top);
  }

  moveTo(top: number): void {
    this.#top = this.#clamp(top);
  }

  moveToEnd(): void {
    this.#top = this.maxTop;
  }

  isInView(position: number): boolean {
    return position > this.#top - 1 && position < this.#top + this.visibleRows;
  }

  /** Moves as little as needed to show a row uncut, or so that it is in the middle if it was out of view. */
  bring(position: number, align: 'nearest' | 'center'): void {
    const isAbove = position < this.#top;
    if (!isAbove && position <= this.lastVisible) {
      return;
    }
    if (align === 'center') {
      this.moveTo(position - Math.floor(this.visibleRows / 2));
    } else {
      this.moveTo(isAbove ? position : position + 1 - Math.floor(this.visibleRows));
    }
  }

  /** The scroller was set to {@link scrollTop} by the page. Browsers round it, so what it reads back is given. */
  synced(scrollTop: number): void {
    this.#scrollTop = scrollTop;
  }

  /**
   * The user has moved the scroller. A step, as of a wheel, moves by its pixels; a leap, as of the thumb, goes to its proportion.
   *
   * @returns whether it must be set to {@link scrollTop} at once, because it hit its end before the rows did
   */
  scrolled(scrollTop: number): boolean {
    const delta = scrollTop - this.#scrollTop;
    this.#scrollTop = scrollTop;
    const isStep = Math.abs(delta) <= this.#viewport;
    const proportion = Math.min(1, Math.max(0, scrollTop / this.#maxScroll));
    this.#top = this.#clamp(
      isStep ? this.#top + delta / this.#rowHeight : this.#first + proportion * (this.maxTop - this.#first),
    );
    const isAtEdge = scrollTop <= 0 || scrollTop >= this.#maxScroll - 1;
    return isStep && isAtEdge && Math.abs(this.scrollTop - scrollTop) >= 1;
  }

  get #fullHeight(): number {
    // At the end, a part of a row is free below the last one.
    return (this.#end - this.#first) * this.#rowHeight + (this.#viewport % this.#rowHeight);
  }

  /** A compressed scroller stays so far away from its ends that it can be moved by a step as long as there are rows. */
  get #margin(): number {
    return this.#fullHeight > this.#maxHeight ? Math.min(this.#viewport, this.#maxScroll / 4) : 0;
  }

  get #maxScroll(): number {
    return Math.max(1, this.contentHeight - this.#viewport);
  }

  #clamp(top: number): number {
    return Math.min(Math.max(top, this.#first), this.maxTop);
  }
}
