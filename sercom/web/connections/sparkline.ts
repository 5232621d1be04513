const SVG = 'http://www.w3.org/2000/svg';

/** A minute of values that come twice a second. */
const MAX_VALUES = 120;
const HEIGHT = 24;

/** A small curve of the last values, from 0 to the largest of them. */
export class Sparkline {
  readonly element: SVGElement;
  readonly #line: SVGElement;
  readonly #area: SVGElement;
  readonly #values: number[] = [];

  /** @param label - for screen readers */
  constructor(label: string) {
    this.element = document.createElementNS(SVG, 'svg');
    this.element.setAttribute('class', 'sparkline');
    this.element.setAttribute('viewBox', `0 0 ${MAX_VALUES} ${HEIGHT}`);
    this.element.setAttribute('preserveAspectRatio', 'none');
    this.element.setAttribute('role', 'img');
    this.element.setAttribute('aria-label', label);
    this.#area = this.#addPath('area');
    this.#line = this.#addPath('line');
  }

  add(value: number): void {
    this.#values.push(value);
    if (this.#values.length > MAX_VALUES) {
      this.#values.shift();
    }
  }

  draw(): void {
    const line = curve(this.#values);
    const start = MAX_VALUES - this.#values.length;
    this.#line.setAttribute('d', line);
    this.#area.setAttribute('d', line === '' ? '' : `${line}V${HEIGHT}H${start}Z`);
  }

  #addPath(name: string): SVGElement {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('class', name);
    this.element.append(path);
    return path;
  }
}

/** The path of a curve that ends at the right edge. */
export function curve(values: readonly number[]): string {
  const top = Math.max(...values, 1);
  const start = MAX_VALUES - values.length;
  return values
    .map(
      (value, index) =>
        `${index === 0 ? 'M' : 'L'}${start + index} ${(HEIGHT - 1 - (value / top) * (HEIGHT - 2)).toFixed(1)}`,
    )
    .join('');
}
