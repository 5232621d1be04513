import type { Batch, Hello, SeriesInfo } from '../src/web/protocol.js';
import type { Past } from './feed/past.js';
import type { Action } from './keys.js';
import type { Server } from './server.js';
import type { State, ViewName } from './state.js';

/** One of the views between which the tabs switch. Its element is in the page only while it is shown. */
export interface View {
  readonly element: HTMLElement;
  show(): void;
  hide(): void;
  /** Called for every batch, shown or not, after {@link PageContext} has been updated. Must be cheap while hidden. */
  take(batch: Batch): void;
  /**
   * A feed has begun: the first one, or a new one after an interruption. Names, series and kinds are sent again from the
   * start, and positions may have changed. Row numbers stay valid, unless `isSameRun` is false: then sercom has been restarted.
   */
  begin?(isSameRun: boolean): void;
  /**
   * The server uses another filter from now on, so positions are other ones; or it has rejected the filter of the state, and
   * the one before stays.
   */
  filtered?(outcome: FilterOutcome): void;
  /** Called when what is shown begins to be of the past, since nothing new comes from sercom; undefined: when that is over. */
  setPast?(past: Past | undefined): void;
  /** Does what a key or a button asks for. False if it does not concern this view. */
  act?(action: Action): boolean;
  /** Shows a place in this view, which is shown already. */
  go?(to: Destination): void;
}

/** What opens below the views or above them: sending, saving. The page adds its element once, and closes it with Esc. */
export interface Panel {
  readonly element: HTMLElement;
  readonly isOpen: boolean;
  /** Shows it, and moves the focus into it. */
  open(): void;
  /** Hides it. */
  close(): void;
  /** Like {@link View.begin}. */
  begin?(isSameRun: boolean): void;
  /** Like {@link View.take}. */
  take?(batch: Batch): void;
}

export type FilterOutcome =
  | { readonly isApplied: true; readonly filter: string }
  | { readonly isApplied: false; readonly problem: string };

/** What views get from the page. */
export interface PageContext {
  readonly server: Server;
  readonly state: State;
  /** Of the latest feed. */
  readonly hello: Hello;
  /** All series so far; their place is the index that requests use. The array stays the same object within a feed. */
  readonly series: readonly SeriesInfo[];
  /** How many connections have names. */
  readonly nameCount: number;
  /** The name of a connection, escaped. */
  name(index: number): string;
  /** Shows a view, and a place in it. */
  go(to: Destination): void;
  /** Changes what the feed sends: the filter is part of the state. */
  want(change: Wanted): void;
  /** Says something short to screen readers. Sparingly: not for what happens by itself many times a minute. */
  announce(text: string): void;
  /** Shows a problem or a result for some seconds, and announces it. */
  tell(text: string, kind?: 'problem' | 'done'): void;
}

export interface Wanted {
  /** How many rows to send while following; 0 while the table is held or hidden. */
  readonly follow?: number;
  readonly kinds?: boolean;
}

/** A point of a series, by the packet that it comes from. */
export interface PointPlace {
  readonly series: number;
  readonly row: number;
  readonly timeUs: number;
}

export type Destination =
  | { readonly view: Exclude<ViewName, 'packets' | 'plots'> }
  /** A row is selected and scrolled to; a time is scrolled to. */
  | { readonly view: 'packets'; readonly row?: number; readonly timeUs?: number }
  /** The series is plotted, if it is not yet, and its point of this row is shown. */
  | { readonly view: 'plots'; readonly point?: PointPlace };
