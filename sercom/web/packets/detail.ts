import type { PacketAnswer, PacketRow } from '../../src/web/protocol.js';
import { button } from '../button.js';
import type { PageContext } from '../context.js';
import { h, replace } from '../dom.js';
import { MARK_SIGNS, markText } from '../format/marks.js';
import { count, counted } from '../format/quantities.js';
import { dateTime } from '../format/times.js';
import { idText } from './row-element.js';
import { Tree } from './tree.js';
import { valueTree } from './value-tree.js';

/** Of a dump; a packet can have a million bytes. The rest is shown on request. */
const MAX_DUMP_LINES = 512;
const MAX_TEXT_CHARACTERS = 8_192;

/** Everything of the selected packet: as a tree if it can be decoded, as a dump, and as text. */
export class Detail {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #title = h('h2', { class: 'detail-title', tabindex: -1 });
  readonly #copyHex = button({ label: 'Copy hex', icon: 'copy', onClick: () => void this.#copy(this.#answer?.hex) });
  readonly #body = h('div', { class: 'detail-body' });
  #row: number | undefined;
  #answer: PacketAnswer | undefined;
  #tree: Tree | undefined;

  constructor(context: PageContext, onClose: () => void) {
    this.#context = context;
    this.element = h(
      'section',
      { class: 'detail', 'aria-label': 'Selected packet', hidden: true },
      h(
        'header',
        { class: 'detail-head' },
        this.#title,
        this.#copyHex,
        button({ label: 'Close', icon: 'close', isIconOnly: true, action: 'close', onClick: onClose }),
      ),
      this.#body,
    );
  }

  get isOpen(): boolean {
    return this.#row !== undefined;
  }

  /** Shows a row, as soon as the server has sent it. */
  async show(row: number): Promise<void> {
    if (row === this.#row) {
      return;
    }
    this.#row = row;
    try {
      const answer = await this.#context.server.ask('packet', { row }, { purpose: 'packet' });
      if (answer !== undefined && row === this.#row) {
        this.#show(answer);
      }
    } catch (error) {
      if (row === this.#row) {
        this.#fail(row, (error as Error).message);
      }
    }
  }

  close(): void {
    this.#row = undefined;
    this.#answer = undefined;
    this.#tree = undefined;
    this.element.hidden = true;
    replace(this.#body);
  }

  focus(): void {
    if (this.#tree === undefined) {
      this.#title.focus();
    } else {
      this.#tree.focus();
    }
  }

  /** Plots the selected number. False if there is none. */
  plotNumber(): boolean {
    const series = this.#tree?.series;
    if (series === undefined) {
      return false;
    }
    this.#plot(series);
    return true;
  }

  #show(answer: PacketAnswer): void {
    const { row } = answer;
    this.#answer = answer;
    this.#tree = undefined;
    this.element.hidden = false;
    this.#copyHex.hidden = 'mark' in row;
    if ('mark' in row) {
      // A text that names its connection says its port as well.
      const isNamed = row.name === undefined || markText(row) !== row.text;
      const name = isNamed ? '' : `${this.#context.name(row.name!)} `;
      replace(this.#title, ...facts(`#${count(row.row)}`, dateTime(row.timeUs)));
      replace(this.#body, h('p', { class: `mark-${row.mark}` }, `${MARK_SIGNS[row.mark]} ${name}${row.text}`));
      return;
    }
    this.#showTitle(row);
    const tree = valueTree(answer, (series) => this.#context.series[series]?.path ?? '');
    if (tree !== undefined) {
      this.#tree = new Tree(tree, { plot: (series) => this.#plot(series) });
    }
    replace(
      this.#body,
      row.problem !== undefined && h('p', { class: 'detail-problem' }, `✖ ${row.problem}`),
      this.#tree !== undefined && part('Decoded', this.#tree.element),
      part('Bytes', ...cut(answer.dump, endOfLine(answer.dump, MAX_DUMP_LINES), 'Show all of the dump')),
      part('Text', ...cut(answer.text, MAX_TEXT_CHARACTERS, 'Show all of the text')),
    );
  }

  #showTitle(row: PacketRow): void {
    replace(
      this.#title,
      ...facts(
        `#${count(row.row)}`,
        dateTime(row.timeUs),
        this.#context.name(row.name),
        row.dir === 'rx' ? 'received' : 'sent',
        idText(row),
        counted(row.length, 'byte'),
      ),
    );
  }

  #fail(row: number, problem: string): void {
    this.#answer = undefined;
    this.#tree = undefined;
    this.element.hidden = false;
    replace(this.#title, ...facts(`#${count(row)}`));
    replace(this.#body, h('p', { class: 'detail-problem' }, `✖ ${problem}`));
  }

  #plot(series: number): void {
    const row = this.#answer?.row;
    if (row !== undefined) {
      this.#context.go({ view: 'plots', point: { series, row: row.row, timeUs: row.timeUs } });
    }
  }

  async #copy(text: string | undefined): Promise<void> {
    if (text === undefined) {
      return;
    }
    try {
      await navigator.clipboard.writeText(text);
      this.#context.tell('copied', 'done');
    } catch {
      this.#context.tell('the browser does not allow copying');
    }
  }
}

function facts(...texts: readonly string[]): HTMLElement[] {
  return texts.filter((text) => text !== '').map((text) => h('span', {}, text));
}

function part(title: string, ...content: readonly HTMLElement[]): HTMLElement {
  return h('section', { class: `detail-part detail-${title.toLowerCase()}` }, h('h3', {}, title), ...content);
}

/** A text that is cut, with a button that shows all of it. */
function cut(text: string, end: number, label: string): HTMLElement[] {
  const shown = h('pre', { tabindex: 0 }, text.slice(0, end));
  if (end >= text.length) {
    return [shown];
  }
  const more = button({
    label,
    onClick: () => {
      shown.textContent = text;
      more.remove();
    },
  });
  return [shown, more];
}

/** Where this number of lines ends. */
function endOfLine(text: string, lines: number): number {
  let end = -1;
  for (let line = 0; line < lines; line++) {
    end = text.indexOf('\n', end + 1);
    if (end < 0) {
      return text.length;
    }
  }
  return end;
}
