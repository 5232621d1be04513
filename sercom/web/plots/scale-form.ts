import { h } from '../dom.js';
import { tickText } from './axes/number-text.js';
import { type Limits, legalLimits, parseLimit } from './axes/value-scale.js';

/** The choice between a scale that fits and one from a lowest to a highest value. */
export class ScaleForm {
  readonly element: HTMLElement;
  readonly #auto: HTMLInputElement;
  readonly #min: HTMLInputElement;
  readonly #max: HTMLInputElement;
  readonly #onChange: (scale: Limits | undefined) => void;
  #shown: Limits = { min: 0, max: 1 };
  #texts = { min: '', max: '' };

  /** @param onChange - gets the fixed scale, or undefined for one that fits */
  constructor(onChange: (scale: Limits | undefined) => void) {
    this.#onChange = onChange;
    const submit = () => this.#submit();
    const field = (label: string) =>
      h('input', {
        type: 'text',
        inputmode: 'decimal',
        size: 7,
        'aria-label': label,
        spellcheck: 'false',
        on: { change: submit },
      });
    this.#auto = h('input', { type: 'checkbox', on: { change: () => this.#toggle() } });
    this.#min = field('Lowest value of the scale');
    this.#max = field('Highest value of the scale');
    this.element = h(
      'span',
      { class: 'scale-form', role: 'group', 'aria-label': 'Scale' },
      h('label', {}, this.#auto, ' auto', h('span', { class: 'if-room' }, ' scale')),
      this.#min,
      h('span', { 'aria-hidden': 'true' }, '…'),
      this.#max,
    );
  }

  /** Shows the limits that are drawn, except in a field that is being edited. */
  update(shown: Limits, isFixed: boolean): void {
    this.#shown = shown;
    this.#auto.checked = !isFixed;
    this.element.classList.toggle('fixed', isFixed);
    const step = 10 ** (Math.floor(Math.log10(shown.max - shown.min)) - 2);
    this.#texts = { min: tickText(shown.min, step), max: tickText(shown.max, step) };
    for (const [input, text] of [
      [this.#min, this.#texts.min],
      [this.#max, this.#texts.max],
    ] as const) {
      if (document.activeElement !== input && input.value !== text) input.value = text;
    }
  }

  #toggle(): void {
    this.#onChange(this.#auto.checked ? undefined : this.#shown);
  }

  #submit(): void {
    // The texts have fewer digits than the limits: a field that was not edited keeps its limit.
    const min = this.#min.value === this.#texts.min ? this.#shown.min : parseLimit(this.#min.value);
    const max = this.#max.value === this.#texts.max ? this.#shown.max : parseLimit(this.#max.value);
    const invalid = [min === undefined && this.#min, max === undefined && this.#max].filter((input) => input !== false);
    for (const input of [this.#min, this.#max]) input.setAttribute('aria-invalid', String(invalid.includes(input)));
    if (min !== undefined && max !== undefined) this.#onChange(legalLimits(min, max));
  }
}
