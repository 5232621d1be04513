import type { Batch, Hello, ProtocolVersion, SeriesInfo } from '../src/web/protocol.js';
import { Announcer } from './announcer.js';
import type { Destination, FilterOutcome, PageContext, Panel, View, Wanted } from './context.js';
import { h, replace, setAttribute } from './dom.js';
import { type FeedStatus, isGivenUp } from './feed/feed.js';
import { type Past, pastOf } from './feed/past.js';
import { reported } from './feed/reported.js';
import { ViewRequests } from './feed/view-requests.js';
import { Header } from './header.js';
import { helpDialog } from './help.js';
import { type Action, actionOf, type KeyTarget } from './keys.js';
import type { HttpServer } from './server.js';
import type { FragmentState, Theme, ViewName, ViewState } from './state.js';
import { StatusBar } from './status-bar.js';
import { PANELS, type PanelName, VIEWS } from './views.js';

/** Of {@link Hello.version}. The page comes from the server that it talks to, unless sercom was updated since. */
const PROTOCOL_VERSION: ProtocolVersion = 1;

/** The whole page: takes what the feed sends, keeps what the views share, and passes it on. */
export class Page implements PageContext {
  readonly state: FragmentState;
  readonly server: HttpServer;
  readonly #root: HTMLElement;
  readonly #header: Header;
  readonly #panel = h('div', { id: 'view', class: 'view', role: 'tabpanel', tabindex: -1 });
  readonly #status: StatusBar;
  readonly #announcer = new Announcer();
  readonly #requests: ViewRequests;
  readonly #help = helpDialog();
  readonly #views = new Map<ViewName, View>();
  readonly #panels = new Map<PanelName, Panel>();
  #hello: Hello | undefined;
  #names: string[] = [];
  #series: SeriesInfo[] = [];
  #past: Past | undefined;
  #shown: ViewName | undefined;

  /** @param onReconnect - the user wants to connect to sercom again */
  constructor(root: HTMLElement, state: FragmentState, server: HttpServer, onReconnect: () => void) {
    this.#root = root;
    this.state = state;
    this.server = server;
    this.#status = new StatusBar({ onConnections: () => this.act('connections'), onReconnect });
    this.#requests = new ViewRequests(server, {
      onFiltered: (outcome) => this.#filtered(outcome),
      onProblem: (problem) => this.tell(problem),
    });
    this.#header = new Header({ views: VIEWS, act: (action) => this.act(action) });
    replace(
      root,
      this.#header.element,
      this.#status.banner,
      h('main', {}, this.#panel),
      this.#status.element,
      this.#announcer.element,
      this.#help,
    );
    state.onChange((now, before) => this.#stateChanged(now, before));
    this.#setTheme(state.value.theme);
    root.ownerDocument.addEventListener('keydown', (event) => this.#key(event));
    root.ownerDocument.addEventListener('click', leaveButton);
  }

  get hello(): Hello {
    if (this.#hello === undefined) {
      throw new Error('no feed has begun');
    }
    return this.#hello;
  }

  get series(): readonly SeriesInfo[] {
    return this.#series;
  }

  get nameCount(): number {
    return this.#names.length;
  }

  name(index: number): string {
    return this.#names[index] ?? `#${index}`;
  }

  want(change: Wanted): void {
    this.#requests.want(change);
  }

  announce(text: string): void {
    this.#announcer.announce(text);
  }

  tell(text: string, kind?: 'problem' | 'done'): void {
    this.#announcer.tell(text, kind);
  }

  go(to: Destination): void {
    this.state.update({ view: to.view });
    this.#views.get(to.view)?.go?.(to);
  }

  act(action: Action): void {
    if (action === 'close' && this.#closePanel()) {
      return;
    }
    const view = this.#shown === undefined ? undefined : this.#views.get(this.#shown);
    if (view?.act?.(action)) {
      return;
    }
    switch (action) {
      case 'packets':
      case 'plots':
      case 'kinds':
      case 'connections':
        this.state.update({ view: action });
        break;
      case 'send':
      case 'save':
        this.#panels.get(action)?.open();
        break;
      case 'filter':
      case 'find':
        // From any view: the packets are what is filtered.
        this.state.update({ view: 'packets' });
        this.#views.get('packets')?.act?.(action);
        break;
      case 'marker':
        void this.#setMarker();
        break;
      case 'theme':
        this.state.update({ theme: otherTheme(this.state.value.theme) });
        break;
      case 'help':
        this.#help.showModal();
        break;
    }
  }

  /** A feed has begun. */
  begin(hello: Hello): void {
    if (hello.version !== PROTOCOL_VERSION) {
      location.reload();
      return;
    }
    const isSameRun = this.#hello === undefined || this.#hello.run === hello.run;
    this.#hello = hello;
    this.#names = [...hello.names];
    this.#series = [];
    document.title = `${hello.title} – sercom`;
    this.#header.begin(hello);
    this.#status.begin(hello);
    // Rows of another run have other numbers.
    if (!isSameRun) {
      this.state.update({ topRow: undefined, selectedRow: undefined });
    }
    if (this.#views.size === 0) {
      this.#createViews();
    }
    for (const part of [...this.#views.values(), ...this.#panels.values()]) {
      reported(() => part.begin?.(isSameRun));
    }
    this.#requests.want({ filter: this.state.value.filter });
    this.#requests.begin(hello.feed);
  }

  /** The feed has sent something. */
  take(batch: Batch): void {
    if (this.#hello === undefined) {
      return;
    }
    if (batch.newNames !== undefined) {
      this.#names.push(...batch.newNames);
    }
    if (batch.newSeries !== undefined) {
      this.#series.push(...batch.newSeries);
    }
    const current = this.#requests.current(batch);
    reported(() => this.#status.take(current));
    for (const part of [...this.#views.values(), ...this.#panels.values()]) {
      reported(() => part.take?.(current));
    }
  }

  setFeed(status: FeedStatus): void {
    this.#status.setFeed(status);
    this.#setPast(pastOf(status, this.#past));
    this.server.setClosed(isGivenUp(status));
    if (status.kind !== 'open') {
      this.#requests.end();
    }
  }

  #setPast(past: Past | undefined): void {
    if (past === this.#past) {
      return;
    }
    this.#past = past;
    this.#status.setPast(past);
    for (const view of this.#views.values()) {
      view.setPast?.(past);
    }
  }

  #createViews(): void {
    for (const { name, create } of VIEWS) {
      this.#views.set(name, create(this));
    }
    for (const { name, create } of PANELS) {
      this.#panels.set(name, create(this));
    }
    this.#panel.after(...[...this.#panels.values()].map(({ element }) => element));
    this.#show(this.state.value.view);
  }

  #show(name: ViewName): void {
    const view = this.#views.get(name);
    if (view === undefined || name === this.#shown) {
      return;
    }
    if (this.#shown !== undefined) {
      this.#views.get(this.#shown)?.hide();
    }
    this.#shown = name;
    this.#panel.replaceChildren(view.element);
    setAttribute(this.#panel, 'aria-labelledby', `tab-${name}`);
    this.#header.setView(name);
    view.show();
  }

  #filtered(outcome: FilterOutcome): void {
    for (const view of this.#views.values()) {
      view.filtered?.(outcome);
    }
  }

  #stateChanged(now: ViewState, before: ViewState): void {
    if (now.view !== before.view) {
      this.#show(now.view);
    }
    if (now.filter !== before.filter) {
      this.#requests.want({ filter: now.filter });
    }
    if (now.theme !== before.theme) {
      this.#setTheme(now.theme);
    }
  }

  #setTheme(theme: Theme): void {
    setAttribute(this.#root.ownerDocument.documentElement, 'data-theme', theme);
  }

  #closePanel(): boolean {
    const open = [...this.#panels.values()].find(({ isOpen }) => isOpen);
    open?.close();
    return open !== undefined;
  }

  async #setMarker(): Promise<void> {
    if (!this.hello.canSend) {
      this.tell('setting markers needs --allow-send, since they are written to the log');
      return;
    }
    try {
      await this.server.ask('mark', {});
    } catch (error) {
      this.tell((error as Error).message);
    }
  }

  #key(event: KeyboardEvent): void {
    if (event.defaultPrevented || this.#hello === undefined || document.querySelector('dialog[open]') !== null) {
      return;
    }
    const action = actionOf(event, targetOf(event.target), this.state.value.view);
    if (action === undefined) {
      return;
    }
    event.preventDefault();
    this.act(action);
  }
}

/** The theme that looks different: the system's if that does, so that the page follows it again. */
function otherTheme(theme: Theme): Theme {
  const system = matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light';
  const shown = theme === 'auto' ? system : theme;
  const other = shown === 'dark' ? 'light' : 'dark';
  return other === system ? 'auto' : other;
}

/** After the mouse, keys are the page's again: Space is to hold the view, not to press the same button once more. */
function leaveButton({ detail, target }: MouseEvent): void {
  // The keyboard clicks without a count.
  const button = detail > 0 && target instanceof Element ? target.closest('button, [role=tab], summary') : null;
  if (button instanceof HTMLElement && button.closest('dialog') === null) {
    button.blur();
  }
}

/** Decides which keys are the page's. */
function targetOf(target: EventTarget | null): KeyTarget {
  if (!(target instanceof Element)) {
    return 'page';
  }
  if (target.closest('input, textarea, select, [contenteditable]') !== null) {
    return target.matches('input[type=checkbox], input[type=radio], input[type=button]') ? 'button' : 'field';
  }
  if (target.closest('button, a[href], summary, [role=tab]') !== null) {
    return 'button';
  }
  return target.closest('pre, [role=slider]') === null ? 'page' : 'scroller';
}
