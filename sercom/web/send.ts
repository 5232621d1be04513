import type { Batch, SendRequest } from '../src/web/protocol.js';
import { button } from './button.js';
import type { PageContext, Panel } from './context.js';
import { h, replace, setAttribute } from './dom.js';
import { SendHistory, type SentInput } from './send/history.js';
import { Outcomes } from './send/outcomes.js';

type Format = SendRequest['format'];

const FORMATS: readonly { readonly format: Format; readonly label: string; readonly example: string }[] = [
  { format: 'hex', label: 'hex', example: '01 02 ff' },
  { format: 'text', label: 'text', example: 'hello' },
  { format: 'json', label: 'JSON', example: '{"led": true}' },
];

const DEFAULT_REPLY_MS = 1_000;
/** The page waits no longer for any answer. */
const MAX_REPLY_MS = 50_000;

/** Sends packets and requests, below the views. */
export class SendPanel implements Panel {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #form: HTMLFormElement;
  readonly #forbidden = h(
    'p',
    { class: 'note' },
    'Sending is not allowed. Start sercom monitor with ',
    h('code', { class: 'option' }, '--allow-send'),
    ' to send from this page.',
  );
  /** Read aloud with the field for the packet. */
  readonly #help = h(
    'p',
    { id: 'send-help', hidden: true },
    'Enter sends, Shift+Enter begins a line, the up and down arrows go through what was sent',
  );
  readonly #name = h('select', { 'aria-label': 'Connection' });
  readonly #format: HTMLSelectElement;
  readonly #text: HTMLTextAreaElement;
  readonly #isRequest = h('input', { type: 'checkbox' });
  readonly #replyMs: HTMLInputElement;
  readonly #reply: HTMLElement;
  readonly #outcomes = new Outcomes();
  readonly #history = new SendHistory();
  #focusedBefore: Element | null = null;

  constructor(context: PageContext) {
    this.#context = context;
    this.#format = h(
      'select',
      { 'aria-label': 'Format', on: { change: () => this.#showExample() } },
      ...FORMATS.map(({ format, label }) => h('option', { value: format }, label)),
    );
    this.#text = h('textarea', {
      rows: 1,
      'aria-label': 'Packet to send',
      'aria-describedby': this.#help.id,
      spellcheck: 'false',
      autocapitalize: 'off',
      autocomplete: 'off',
      on: { keydown: (event) => this.#key(event), input: () => this.#fitText() },
    });
    this.#replyMs = h('input', {
      type: 'number',
      min: 1,
      max: MAX_REPLY_MS,
      value: DEFAULT_REPLY_MS,
      'aria-label': 'Wait for the reply, in milliseconds',
    });
    this.#reply = h(
      'span',
      { class: 'send-reply' },
      h('label', {}, this.#isRequest, ' wait for a reply'),
      this.#replyMs,
      ' ms',
    );
    this.#form = h(
      'form',
      { class: 'send-form', on: { submit: (event) => this.#submit(event) } },
      this.#name,
      this.#format,
      this.#text,
      this.#help,
      this.#reply,
      h('button', { type: 'submit', class: 'button primary' }, 'Send'),
    );
    const close = button({ label: 'Close', icon: 'close', isIconOnly: true, onClick: () => this.close() });
    this.element = h(
      'section',
      { class: 'send-panel', 'aria-label': 'Send packets', hidden: true },
      h('header', {}, h('h2', {}, 'Send'), close),
      this.#outcomes.element,
      this.#form,
      this.#forbidden,
    );
    this.#showExample();
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    if (!this.isOpen) this.#focusedBefore = document.activeElement;
    this.element.hidden = false;
    this.#text.focus();
  }

  close(): void {
    // Keys would go on to the hidden field.
    if (this.element.contains(document.activeElement)) {
      this.#text.blur();
      if (this.#focusedBefore instanceof HTMLElement) this.#focusedBefore.focus();
    }
    this.element.hidden = true;
  }

  begin(): void {
    const { canSend, idBytes } = this.#context.hello;
    this.#form.hidden = !canSend;
    this.#outcomes.element.hidden = !canSend;
    this.#forbidden.hidden = canSend;
    this.#reply.hidden = idBytes === 0;
    if (idBytes === 0) this.#isRequest.checked = false;
    this.#showNames();
  }

  take({ newNames }: Batch): void {
    if (newNames !== undefined) this.#showNames();
  }

  #showNames(): void {
    const { value } = this.#name;
    const names = Array.from({ length: this.#context.nameCount }, (_, index) => this.#context.name(index));
    replace(this.#name, ...names.map((name, index) => h('option', { value: index }, name)));
    if (Number(value) < names.length && value !== '') this.#name.value = value;
    this.#name.hidden = names.length < 2;
  }

  #showExample(): void {
    const { example } = FORMATS.find(({ format }) => format === this.#format.value)!;
    setAttribute(this.#text, 'placeholder', `for example ${example}`);
  }

  /** As high as its lines, up to the limit in the style sheet. */
  #fitText(): void {
    this.#text.rows = Math.min(8, this.#text.value.split('\n').length);
  }

  get #input(): SentInput {
    return { name: Number(this.#name.value), format: this.#format.value as Format, text: this.#text.value };
  }

  set #input({ name, format, text }: SentInput) {
    if (name < this.#context.nameCount) this.#name.value = String(name);
    this.#format.value = format;
    this.#text.value = text;
    this.#showExample();
    this.#fitText();
  }

  #key(event: KeyboardEvent): void {
    // While text is composed, for example Japanese, the keys belong to that.
    if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return;
    if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      this.#form.requestSubmit();
    } else if (event.key === 'Escape') {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === 'ArrowUp' && !this.#text.value.slice(0, this.#text.selectionStart).includes('\n')) {
      this.#recall(event, this.#history.older(this.#input));
    } else if (event.key === 'ArrowDown' && !this.#text.value.slice(this.#text.selectionEnd).includes('\n')) {
      this.#recall(event, this.#history.newer());
    }
  }

  #recall(event: KeyboardEvent, input: SentInput | undefined): void {
    if (input === undefined) return;
    event.preventDefault();
    this.#input = input;
    this.#text.setSelectionRange(input.text.length, input.text.length);
  }

  #submit(event: Event): void {
    event.preventDefault();
    const input = this.#input;
    const replyTimeoutMs = this.#isRequest.checked ? this.#replyTimeoutMs() : undefined;
    const settle = this.#outcomes.add(input.text, this.#context.name(input.name));
    this.#history.add(input);
    this.#text.value = '';
    this.#fitText();
    void this.#send({ ...input, ...(replyTimeoutMs !== undefined && { replyTimeoutMs }) }, settle);
  }

  async #send(request: SendRequest, settle: ReturnType<Outcomes['add']>): Promise<void> {
    try {
      settle((await this.#context.server.ask('send', request)) ?? { isSent: false });
    } catch (error) {
      settle({ isSent: false, problem: error instanceof Error ? error.message : String(error) });
    }
  }

  #replyTimeoutMs(): number {
    const wanted = Math.round(Number(this.#replyMs.value)) || DEFAULT_REPLY_MS;
    const timeoutMs = Math.min(MAX_REPLY_MS, Math.max(1, wanted));
    this.#replyMs.value = String(timeoutMs);
    return timeoutMs;
  }
}
