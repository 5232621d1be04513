import { h, setText } from '../../dom.js';

export interface Ring {
  readonly x: number;
  readonly y: number;
  readonly color: string;
}

/** What is drawn above the lines without drawing them again: the cursor, the pinned point, and what is being selected. */
export class CursorLayer {
  readonly #line = h('div', { class: 'cursor-line' });
  readonly #text = h('div', { class: 'cursor-text' });
  readonly #pinText = h('div', { class: 'cursor-text pinned' });
  readonly #rings = h('div', { class: 'cursor-rings' });
  readonly #pin = h('div', { class: 'cursor-pin' });
  readonly #pinRing = h('div', { class: 'cursor-ring pinned' });
  readonly #selection = h('div', { class: 'cursor-selection' });

  constructor(parent: HTMLElement) {
    for (const element of [this.#line, this.#pin, this.#pinRing, this.#selection]) element.hidden = true;
    this.#text.hidden = this.#pinText.hidden = true;
    parent.append(this.#selection, this.#pin, this.#line, this.#rings, this.#pinRing, this.#pinText, this.#text);
  }

  /** Shows the cursor at `x`, a ring around the point of each line, and a text. Without `x`, hides it. */
  show(x: number | undefined, width: number, rings: readonly Ring[], text: string): void {
    this.#line.hidden = x === undefined;
    this.#text.hidden = x === undefined || text === '';
    this.#showRings(x === undefined ? [] : rings);
    if (x === undefined) return;
    this.#line.style.transform = `translateX(${Math.round(x)}px)`;
    setText(this.#text, text);
    placeBeside(this.#text, x, width);
  }

  /** Shows which point was chosen. Without `y`, only its time is known. Without `x`, hides it. */
  pin(x: number | undefined, y: number | undefined, width: number, color: string, text: string): void {
    this.#pin.hidden = x === undefined;
    this.#pinRing.hidden = x === undefined || y === undefined;
    this.#pinText.hidden = x === undefined || text === '';
    if (x === undefined) return;
    this.#pin.style.transform = `translateX(${Math.round(x)}px)`;
    setText(this.#pinText, text);
    placeBeside(this.#pinText, x, width);
    if (y !== undefined) place(this.#pinRing, { x, y, color });
  }

  /** Shows what a drag has selected so far. */
  select(area: { left: number; top: number; width: number; height: number } | undefined): void {
    this.#selection.hidden = area === undefined;
    if (area === undefined) return;
    const { style } = this.#selection;
    style.left = `${area.left}px`;
    style.top = `${area.top}px`;
    style.width = `${area.width}px`;
    style.height = `${area.height}px`;
  }

  #showRings(rings: readonly Ring[]): void {
    const { children } = this.#rings;
    while (children.length > rings.length) children[children.length - 1]!.remove();
    while (children.length < rings.length) this.#rings.append(h('div', { class: 'cursor-ring' }));
    for (const [index, ring] of rings.entries()) place(children[index] as HTMLElement, ring);
  }
}

/** On the side with more room, so that it stays in view. */
function placeBeside({ style }: HTMLElement, x: number, width: number): void {
  const isLeft = x > width / 2;
  style.transform = `translateX(${Math.round(x)}px) translateX(${isLeft ? 'calc(-100% - 6px)' : '6px'})`;
}

function place({ style }: HTMLElement, { x, y, color }: Ring): void {
  style.transform = `translate(${x}px, ${y}px)`;
  style.borderColor = color;
}
