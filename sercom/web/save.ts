import type { Batch, Held, SaveRequest } from '../src/web/protocol.js';
import { button } from './button.js';
import type { PageContext, Panel } from './context.js';
import { h, setText } from './dom.js';
import { counted, memory } from './format/quantities.js';

type Format = SaveRequest['format'];

const FORMATS: readonly { readonly format: Format; readonly label: string; readonly use: string }[] = [
  { format: 'log', label: 'Log', use: 'for sercom replay and for reading; with times, directions and markers' },
  { format: 'pcapng', label: 'pcapng', use: 'for Wireshark, and for sercom replay' },
  { format: 'csv', label: 'CSV', use: 'for spreadsheets and scripts' },
];

/** Saves what is held: all of it, or what matches the filter. */
export class SaveDialog implements Panel {
  readonly element: HTMLDialogElement;
  readonly #context: PageContext;
  readonly #all = h('input', { type: 'radio', name: 'save-rows', value: 'all', checked: true });
  readonly #filtered = h('input', { type: 'radio', name: 'save-rows', value: 'filtered' });
  readonly #allText = h('span');
  readonly #filteredText = h('span');
  readonly #filteredLabel: HTMLElement;
  readonly #dropped = h('p', { class: 'note' });
  readonly #status = h('p', { class: 'note', role: 'status' });
  readonly #submit = h('button', { type: 'submit', class: 'button primary' }, 'Save');
  #held: Held | undefined;
  #matching: Batch['matching'];
  #saving: AbortController | undefined;

  constructor(context: PageContext) {
    this.#context = context;
    this.#filteredLabel = h('label', {}, this.#filtered, this.#filteredText);
    const close = (label: string, isIconOnly: boolean) =>
      button({ label, ...(isIconOnly && { icon: 'close' as const }), isIconOnly, onClick: () => this.close() });
    const form = h(
      'form',
      { class: 'save-form', on: { submit: (event) => this.#onSubmit(event) } },
      h('fieldset', {}, h('legend', {}, 'Format'), ...FORMATS.map(formatChoice)),
      h('fieldset', {}, h('legend', {}, 'Packets'), h('label', {}, this.#all, this.#allText), this.#filteredLabel),
      this.#dropped,
      this.#status,
      h('div', { class: 'dialog-buttons' }, close('Cancel', false), this.#submit),
    );
    this.element = h(
      'dialog',
      { class: 'dialog save', 'aria-labelledby': 'save-title' },
      h('header', { class: 'dialog-head' }, h('h2', { id: 'save-title' }, 'Save what is held'), close('Close', true)),
      form,
    );
    this.element.addEventListener('close', () => this.#saving?.abort());
    // A click beside the dialog is a click on its backdrop.
    this.element.addEventListener('click', ({ target }) => {
      if (target === this.element) this.close();
    });
  }

  get isOpen(): boolean {
    return this.element.open;
  }

  open(): void {
    if (this.isOpen) return;
    setText(this.#status, '');
    this.#showCounts();
    this.element.showModal();
    // Not by an attribute: a browser would look for it when the page has loaded, and complain if the user is faster.
    checkedFormat(this.element)?.focus();
  }

  close(): void {
    this.element.close();
  }

  begin(): void {
    this.#held = undefined;
    this.#matching = undefined;
  }

  take({ held, matching }: Batch): void {
    this.#held = held ?? this.#held;
    this.#matching = matching ?? this.#matching;
    if (this.isOpen && (held ?? matching) !== undefined) this.#showCounts();
  }

  #showCounts(): void {
    const { filter } = this.#context.state.value;
    const { first = 0, end = 0, droppedRows = 0 } = this.#held ?? {};
    setText(this.#allText, ` all: ${counted(end - first, 'row')}`);
    this.#filteredLabel.hidden = filter === '';
    if (filter === '') this.#all.checked = true;
    const matching =
      this.#matching === undefined ? '' : `${counted(this.#matching.end - this.#matching.first, 'row')} that match `;
    setText(this.#filteredText, ` only ${matching}${filter}`);
    const limit = memory(this.#context.hello.memoryBytes);
    setText(
      this.#dropped,
      droppedRows === 0
        ? ''
        : `${counted(droppedRows, 'older row')} ${droppedRows === 1 ? 'is' : 'are'} no longer held, to stay within ${limit}, and will not be in the file. --log and --pcapng write everything.`,
    );
    this.#dropped.hidden = droppedRows === 0;
  }

  #onSubmit(event: SubmitEvent): void {
    event.preventDefault();
    if (this.#saving === undefined) void this.#save(formatOf(this.element));
  }

  async #save(format: Format): Promise<void> {
    const saving = new AbortController();
    this.#saving = saving;
    this.#submit.disabled = true;
    setText(this.#status, 'Saving…');
    const name = fileName('packets', format);
    const request = { format, ...(this.#filtered.checked && { feed: this.#context.hello.feed }) };
    try {
      await this.#context.server.download('save', request, name, saving.signal);
      if (saving.signal.aborted) return;
      this.close();
      this.#context.tell(`Saved ${name}.`, 'done');
    } catch (error) {
      if (!saving.signal.aborted)
        setText(this.#status, `✖ Cannot save: ${error instanceof Error ? error.message : error}`);
    } finally {
      this.#saving = undefined;
      this.#submit.disabled = false;
    }
  }
}

/** A name for a file that is made now: `sercom-plot-20260131-150405.png`. */
export function fileName(what: string, extension: string, now = new Date()): string {
  const two = (number: number) => String(number).padStart(2, '0');
  const date = `${now.getFullYear()}${two(now.getMonth() + 1)}${two(now.getDate())}`;
  const time = `${two(now.getHours())}${two(now.getMinutes())}${two(now.getSeconds())}`;
  return `sercom-${what}-${date}-${time}.${extension}`;
}

function formatChoice({ format, label, use }: (typeof FORMATS)[number], index: number): HTMLElement {
  const input = h('input', { type: 'radio', name: 'save-format', value: format, checked: index === 0 });
  return h('label', {}, input, h('span', {}, h('b', {}, label), ` ${use}`));
}

function formatOf(element: HTMLElement): Format {
  return checkedFormat(element)!.value as Format;
}

function checkedFormat(element: HTMLElement): HTMLInputElement | null {
  return element.querySelector<HTMLInputElement>('input[name=save-format]:checked');
}
