import type { SendRequest } from '../../src/web/protocol.js';

/** What was in the fields when it was sent. */
export interface SentInput {
  readonly name: number;
  readonly format: SendRequest['format'];
  readonly text: string;
}

/** Older ones are forgotten. */
const MAX_INPUTS = 100;

/** What was sent before, as in a shell: up for older, down for newer, and below the newest what was being written. */
export class SendHistory {
  #inputs: SentInput[] = [];
  /** The place that is shown; the number of inputs if it is the draft. */
  #at = 0;
  #draft: SentInput | undefined;

  /** Keeps an input, once if it is sent again and again, and goes back to an empty draft. */
  add(input: SentInput): void {
    const last = this.#inputs.at(-1);
    if (last === undefined || !isSame(last, input)) this.#inputs.push(input);
    if (this.#inputs.length > MAX_INPUTS) this.#inputs.shift();
    this.#at = this.#inputs.length;
    this.#draft = undefined;
  }

  /** The input before; undefined at the oldest. `current` is kept as the draft if it is not from the history. */
  older(current: SentInput): SentInput | undefined {
    if (this.#at === 0) return undefined;
    if (this.#at === this.#inputs.length) this.#draft = current;
    this.#at--;
    return this.#inputs[this.#at];
  }

  /** The input after, at last the draft; undefined if that is shown. */
  newer(): SentInput | undefined {
    if (this.#at === this.#inputs.length) return undefined;
    this.#at++;
    return this.#at === this.#inputs.length ? this.#draft : this.#inputs[this.#at];
  }
}

function isSame(a: SentInput, b: SentInput): boolean {
  return a.name === b.name && a.format === b.format && a.text === b.text;
}
