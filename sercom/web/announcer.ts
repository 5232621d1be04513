import { h, setText } from './dom.js';

const SHOWN_MS = 5_000;

/** Short messages: at the edge of the page for some seconds, and for screen readers. */
export class Announcer {
  readonly element: HTMLElement;
  /** Only read aloud. */
  readonly #aloud = h('p', { class: 'visually-hidden', role: 'status', 'aria-live': 'polite' });
  readonly #shown = h('p', { class: 'message', hidden: true });
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    this.element = h('div', { class: 'messages' }, this.#shown, this.#aloud);
  }

  announce(text: string): void {
    // The same text twice is to be read twice.
    setText(this.#aloud, this.#aloud.textContent === text ? `${text}\u00a0` : text);
  }

  tell(text: string, kind: 'problem' | 'done' = 'problem'): void {
    setText(this.#shown, `${kind === 'problem' ? '✖' : '✔'} ${text}`);
    this.#shown.className = `message message-${kind}`;
    this.#shown.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#shown.hidden = true;
    }, SHOWN_MS);
    this.announce(text);
  }
}
