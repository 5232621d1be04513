import { fromFragment, toFragment } from './fragment.js';

export type ViewName = 'packets' | 'plots' | 'kinds' | 'connections';
export type Theme = 'auto' | 'light' | 'dark';

/** A series by what it is called, since its index differs from run to run. */
export interface SeriesName {
  readonly name: string;
  readonly path: string;
}

export interface PlotState {
  readonly series: readonly SeriesName[];
  /** Not set: the scale fits what is shown. */
  readonly scale?: { readonly min: number; readonly max: number };
}

/** The time axis that all plots share. */
export type TimeRange =
  /** All that is held. */
  | { readonly kind: 'all' }
  /** The last seconds, moving on with new packets. */
  | { readonly kind: 'last'; readonly seconds: number }
  | { readonly kind: 'fixed'; readonly fromUs: number; readonly toUs: number };

/** What a link carries. */
export interface ViewState {
  readonly view: ViewName;
  readonly filter: string;
  /** The first shown row while the table is held. Not set: it follows. */
  readonly topRow?: number | undefined;
  readonly selectedRow?: number | undefined;
  readonly plots: readonly PlotState[];
  readonly range: TimeRange;
  readonly theme: Theme;
}

/** The state of the page that a link carries: kept in the fragment, beside the token. */
export interface State {
  readonly value: ViewState;
  /** Changes some of it and tells the listeners, unless nothing differs. */
  update(change: Partial<ViewState>): void;
  /** Calls the listener after each change. The result removes it. */
  onChange(listener: (now: ViewState, before: ViewState) => void): () => void;
}

/** How often the fragment may be written: Safari refuses more than 100 times in 30 seconds. */
const WRITE_INTERVAL_MS = 500;

/** What of `window` it needs, so that tests can do without one. */
export interface AddressBar {
  readonly location: { readonly hash: string; reload(): void };
  readonly history: { replaceState(data: unknown, unused: string, url: string): void };
  addEventListener(type: 'hashchange' | 'pagehide', listener: () => void): void;
}

/** The state in the fragment of the page's address, beside the token. Follows the fragment if the user changes it. */
export class FragmentState implements State {
  /** Goes with each request. Kept nowhere else. */
  readonly token: string;
  readonly #window: AddressBar;
  readonly #listeners = new Set<(now: ViewState, before: ViewState) => void>();
  #value: ViewState;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(window: AddressBar) {
    this.#window = window;
    const { token, state } = fromFragment(window.location.hash);
    this.token = token;
    this.#value = state;
    window.addEventListener('hashchange', () => this.#read());
    window.addEventListener('pagehide', () => this.#write());
  }

  get value(): ViewState {
    return this.#value;
  }

  update(change: Partial<ViewState>): void {
    const before = this.#value;
    const now = { ...before, ...change };
    if (toFragment('', now) === toFragment('', before)) {
      return;
    }
    this.#value = now;
    this.#timer ??= setTimeout(() => this.#write(), WRITE_INTERVAL_MS);
    for (const listener of [...this.#listeners]) {
      listener(now, before);
    }
  }

  onChange(listener: (now: ViewState, before: ViewState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    // Replaced, not added: going back should leave the page, not undo a scroll.
    this.#window.history.replaceState(null, '', `#${toFragment(this.token, this.#value)}`);
  }

  /** Another link to this page was entered or followed. */
  #read(): void {
    const { token, state } = fromFragment(this.#window.location.hash);
    if (token !== this.token) {
      this.#window.location.reload();
    } else {
      this.update({ ...NOTHING_SET, ...state });
    }
  }
}

/** What a link may leave out must not stay from the state before. */
const NOTHING_SET = { topRow: undefined, selectedRow: undefined };
