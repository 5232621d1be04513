import type { ConnectionStatus } from '../../src/web/protocol.js';
import { button } from '../button.js';
import { h, setAttribute, setText } from '../dom.js';
import type { Past } from '../feed/past.js';
import { byteRate, count, counted, rate } from '../format/quantities.js';
import { lastLoss } from './last-loss.js';
import { Sparkline } from './sparkline.js';

const STATES: Readonly<Record<ConnectionStatus['state'], { readonly sign: string; readonly text: string }>> = {
  connected: { sign: '●', text: 'connected' },
  disconnected: { sign: '▲', text: 'not connected' },
  released: { sign: '◌', text: 'released to other programs' },
  recorded: { sign: '■', text: 'recorded' },
};

/** What is known of one connection. */
export class Card {
  readonly element: HTMLElement;
  readonly #name = h('h2');
  readonly #state = h('p', { class: 'card-state' });
  readonly #port = h('p', { class: 'card-port' });
  readonly #problem = h('p', { class: 'card-problem' });
  readonly #received = new Direction('Received');
  readonly #sent = new Direction('Sent');
  readonly #rejected = h('dd');
  readonly #reconnects = h('dd');
  readonly #lastLoss = h('dd');
  readonly #queue = h('dd');
  readonly #skipped = h('dd');
  readonly #show: HTMLButtonElement;
  #filter = '';

  constructor(onFilter: (filter: string) => void) {
    this.#show = button({ label: 'Show its packets', icon: 'filter', onClick: () => onFilter(this.#filter) });
    this.element = h(
      'li',
      { class: 'card' },
      h('header', {}, this.#name, this.#state, this.#port),
      this.#problem,
      h('div', { class: 'card-rates' }, this.#received.element, this.#sent.element),
      h(
        'dl',
        {},
        ...line('Rejected frames', this.#rejected),
        ...portLine('Reconnects', this.#reconnects),
        ...line('Last loss', this.#lastLoss),
        ...portLine('Queue', this.#queue),
        ...portLine('Bytes outside frames', this.#skipped),
      ),
      h('footer', {}, this.#show),
    );
  }

  /** Adds the rates to the curves. */
  remember(status: ConnectionStatus): void {
    this.#received.remember(status.receivedPerSecond);
    this.#sent.remember(status.sentPerSecond);
  }

  /** @param past - set if the state is not of now */
  show(name: string, status: ConnectionStatus, past?: Past): void {
    setText(this.#name, name);
    setText(this.#state, stateText(status, past));
    setAttribute(this.element, 'class', `card card-${status.state}${past === undefined ? '' : ' is-past'}`);
    const { path = '', baudRate } = status;
    setText(this.#port, baudRate === undefined ? path : `${path} at ${count(baudRate)} baud`);
    setText(this.#problem, status.problem === undefined ? '' : `✖ ${status.problem}`);
    this.#problem.hidden = status.problem === undefined;
    this.#received.showTotal(status.receivedPackets, status.receivedBytes);
    this.#sent.showTotal(status.sentPackets, status.sentBytes);
    if (past === undefined) {
      this.#received.showRate(status.receivedPerSecond, status.receivedBytesPerSecond);
      this.#sent.showRate(status.sentPerSecond);
    } else {
      this.#received.leaveRateOut();
      this.#sent.leaveRateOut();
    }
    showRejected(this.#rejected, status.rejected);
    setText(this.#reconnects, count(status.reconnects));
    setText(this.#lastLoss, lastLoss(status) ?? 'none');
    setText(
      this.#queue,
      `${counted(status.queuedPackets, 'packet')} to read, ${counted(status.queuedBytes, 'byte')} to send`,
    );
    setText(this.#skipped, count(status.skippedBytes));
    this.#setFilter(name);
  }

  /** A name that was escaped, or in which a filter would see more than a name, cannot be filtered by. */
  #setFilter(name: string): void {
    this.#filter = `name=${name}`;
    this.#show.hidden = !/^[^\\,*]+$/.test(name) || name !== name.trim();
  }
}

/** Packets one way: total, rates, and their curve over the last minute. */
class Direction {
  readonly element: HTMLElement;
  readonly #rate = h('strong');
  readonly #bytes = h('span');
  readonly #total = h('span', { class: 'card-total' });
  readonly #curve: Sparkline;

  constructor(label: string) {
    this.#curve = new Sparkline(`packets ${label.toLowerCase()} per second, over the last minute`);
    this.element = h(
      'div',
      { class: `card-rate ${label.toLowerCase()}` },
      h('h3', {}, label, this.#bytes),
      this.#rate,
      this.#curve.element,
      this.#total,
    );
  }

  remember(perSecond: number): void {
    this.#curve.add(perSecond);
  }

  showTotal(packets: number, bytes: number): void {
    setText(this.#total, `${counted(packets, 'packet')}, ${counted(bytes, 'byte')}`);
  }

  showRate(perSecond: number, bytesPerSecond?: number): void {
    setText(this.#rate, `${rate(perSecond)} packets/s`);
    setText(this.#bytes, bytesPerSecond === undefined ? '' : byteRate(bytesPerSecond));
    this.#curve.draw();
  }

  /** Nobody knows it. The curve stays: it ends where the connection was lost. */
  leaveRateOut(): void {
    setText(this.#rate, '–');
    setText(this.#bytes, '');
    this.#curve.draw();
  }
}

/** A recorded connection is so at any time. */
function stateText({ state }: ConnectionStatus, past: Past | undefined): string {
  const { sign, text } = STATES[state];
  return past === undefined || state === 'recorded' ? `${sign} ${text}` : `${past}: ${text}`;
}

function line(title: string, value: HTMLElement): HTMLElement[] {
  return [h('dt', {}, title), value];
}

/** Of the port: a recording has none. */
function portLine(title: string, value: HTMLElement): HTMLElement[] {
  value.classList.add('of-port');
  return [h('dt', { class: 'of-port' }, title), value];
}

function showRejected(element: HTMLElement, rejected: Readonly<Record<string, number>>): void {
  const reasons = Object.entries(rejected).filter(([, number]) => number > 0);
  const text = reasons.map(([reason, number]) => `${count(number)} ${reason}`).join(', ');
  setText(element, text === '' ? 'none' : text);
  element.classList.toggle('is-problem', text !== '');
}
