import type { Batch, ConnectionStatus, Hello } from '../src/web/protocol.js';
import { button } from './button.js';
import { h, setAttribute, setText } from './dom.js';
import type { FeedStatus } from './feed/feed.js';
import type { Past } from './feed/past.js';
import { count, counted, memory, rate } from './format/quantities.js';
import { Pace } from './pace.js';

/** The least time between two changes of what is held. Each costs a layout, and nobody reads faster. */
const HELD_INTERVAL_MS = 250;

export interface StatusBarOptions {
  /** The user wants to see the connections. */
  onConnections(): void;
  /** The user wants to connect to sercom again, which is not done unless the user asks for it. */
  onReconnect(): void;
}

/** The bottom of the page: whether it is live, the connections, what is held, and what is not. */
export class StatusBar {
  readonly element: HTMLElement;
  /** To be placed at the top: a problem with the connection to sercom. */
  readonly banner: HTMLElement;
  readonly #problem = h('span', {});
  readonly #reconnect: HTMLButtonElement;
  readonly #live = h('p', { class: 'live', role: 'status' });
  readonly #connections: HTMLButtonElement;
  readonly #held: HTMLElement;
  readonly #losses: HTMLElement;
  readonly #heldPace = new Pace(HELD_INTERVAL_MS, () => this.#showHeld());
  #hello: Hello | undefined;
  #feed: FeedStatus = { kind: 'connecting' };
  #end: Batch['end'];
  #connectionsNow: readonly ConnectionStatus[] | undefined;
  #past: Past | undefined;
  #heldNow: Batch['held'];
  #skippedRows = 0;
  #numbersWithoutSeries = 0;

  constructor({ onConnections, onReconnect }: StatusBarOptions) {
    this.#reconnect = button({ label: 'Reconnect', onClick: onReconnect });
    this.banner = h('div', { class: 'banner', role: 'alert', hidden: true }, this.#problem, this.#reconnect);
    this.#connections = h('button', { type: 'button', class: 'connections-summary', on: { click: onConnections } });
    this.#held = h('p', {
      title: 'What sercom holds for this page. When the memory is full, the oldest packets are dropped.',
    });
    this.#losses = h('p', {
      class: 'losses',
      title:
        'Dropped: the oldest packets, to stay within the memory. Skipped: not shown while following, because this tab was ' +
        'slow; they are held, so scroll back to see them.',
    });
    this.element = h('footer', { class: 'status' }, this.#live, this.#connections, this.#held, this.#losses);
    this.#showLive();
  }

  begin(hello: Hello): void {
    this.#hello = hello;
    this.#end = undefined;
    this.#skippedRows = 0;
    this.#numbersWithoutSeries = 0;
    this.#showLive();
  }

  setFeed(status: FeedStatus): void {
    this.#feed = status;
    this.#showLive();
  }

  /** The connections are those of the past from now on; undefined: of now. */
  setPast(past: Past | undefined): void {
    this.#past = past;
    this.#showConnections();
  }

  take({ held, skippedRows, numbersWithoutSeries, connections, end }: Batch): void {
    this.#heldNow = held ?? this.#heldNow;
    this.#skippedRows = skippedRows ?? this.#skippedRows;
    this.#numbersWithoutSeries = numbersWithoutSeries ?? this.#numbersWithoutSeries;
    if (connections !== undefined) {
      this.#connectionsNow = connections;
      this.#showConnections();
    }
    if (end !== undefined) {
      this.#end = end;
      this.#showLive();
      // What is said when nothing more comes is the whole.
      this.#heldPace.cancel();
      this.#showHeld();
    } else if ((held ?? skippedRows ?? numbersWithoutSeries) !== undefined) {
      this.#heldPace.request();
    }
  }

  #showLive(): void {
    const { kind, text } = liveText(this.#feed, this.#hello, this.#end);
    setAttribute(this.#live, 'class', `live live-${kind}`);
    setText(this.#live, text);
    if (kind === 'problem') {
      setText(this.#problem, text);
    }
    this.#reconnect.hidden = this.#feed.kind !== 'ended' && this.#feed.kind !== 'lost';
    // While it tries again, the problem stays.
    if (kind !== 'connecting') {
      this.banner.hidden = kind !== 'problem';
    }
  }

  #showConnections(): void {
    const all = this.#connectionsNow;
    if (all === undefined) {
      return;
    }
    const away = all.filter(({ state }) => state === 'disconnected' || state === 'released').length;
    setText(this.#connections, connectionsText(all, away, this.#past));
    this.#connections.classList.toggle('is-away', away > 0 && this.#past === undefined);
  }

  #showHeld(): void {
    const held = this.#heldNow;
    if (held === undefined) {
      return;
    }
    const limit = this.#hello === undefined ? '' : ` of ${memory(this.#hello.memoryBytes)}`;
    setText(this.#held, `${counted(held.end - held.first, 'row')} in ${memory(held.usedBytes)}${limit}`);
    const losses = [
      held.droppedRows > 0 && `${count(held.droppedRows)} dropped`,
      this.#skippedRows > 0 && `${count(this.#skippedRows)} skipped`,
      this.#numbersWithoutSeries > 0 && `${count(this.#numbersWithoutSeries)} numbers without a series`,
    ].filter((each) => each !== false);
    setText(this.#losses, losses.length === 0 ? '' : `⚠ ${losses.join(', ')}`);
  }
}

/** Rates are of now, or not at all. */
function connectionsText(all: readonly ConnectionStatus[], away: number, past: Past | undefined): string {
  if (all.every(({ state }) => state === 'recorded')) {
    return counted(all.length, 'connection');
  }
  const states = away === 0 ? `${count(all.length)} connected` : `${away} of ${all.length} not connected`;
  if (past !== undefined) {
    return `${past}: ${states}`;
  }
  const perSecond = all.reduce((sum, each) => sum + each.receivedPerSecond + each.sentPerSecond, 0);
  return `${away === 0 ? '●' : '▲'} ${states}, ${rate(perSecond)} packets/s`;
}

function liveText(
  feed: FeedStatus,
  hello: Hello | undefined,
  end: Batch['end'],
): { kind: 'connecting' | 'live' | 'over' | 'problem'; text: string } {
  if (feed.kind === 'refused') {
    return { kind: 'problem', text: `✖ ${feed.problem}` };
  }
  switch (feed.kind) {
    case 'ended':
      return { kind: 'problem', text: `■ ${end?.text ?? 'sercom has ended'}` };
    case 'lost':
      return { kind: 'problem', text: `▲ ${feed.problem}` };
    case 'connecting':
      return { kind: 'connecting', text: '◌ connecting…' };
    case 'waiting':
      return { kind: 'problem', text: `▲ ${feed.problem}; trying again` };
    case 'paused':
      return { kind: 'connecting', text: '◌ not updated while hidden' };
  }
  if (end !== undefined) {
    return { kind: 'over', text: `■ ${end.text}` };
  }
  return { kind: 'live', text: hello?.isLive === false ? '▶ replaying' : '● live' };
}
