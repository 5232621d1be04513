import type { Batch, Held, Row } from '../../src/web/protocol.js';
import type { Destination, FilterOutcome, PageContext, View } from '../context.js';
import { h } from '../dom.js';
import { parsePlace } from '../format/place.js';
import { count } from '../format/quantities.js';
import type { Action } from '../keys.js';
import { ServerProblem } from '../server.js';
import { splitter } from '../splitter.js';
import type { ViewState } from '../state.js';
import { Detail } from './detail.js';
import { Navigation, type Place } from './navigation.js';
import { Search } from './search.js';
import { PacketTable } from './table.js';
import { TableNotes } from './table-notes.js';
import { Toolbar } from './toolbar.js';

/** The table of packets with its tools, and the selected packet. */
export class PacketsView implements View {
  readonly element: HTMLElement;
  readonly #context: PageContext;
  readonly #toolbar: Toolbar;
  readonly #table: PacketTable;
  readonly #detail: Detail;
  readonly #search: Search;
  readonly #navigation: Navigation;
  readonly #notes = new TableNotes(() => this.#table.follow());
  #held: Held = { first: 0, end: 0, usedBytes: 0, droppedRows: 0 };
  #matching = { first: 0, end: 0, isComplete: true };
  #isShown = false;

  constructor(context: PageContext) {
    this.#context = context;
    this.#toolbar = new Toolbar({
      onFilter: (filter) => context.state.update({ filter }),
      onSubmitted: () => this.#table.element.focus(),
      onFind: (what, isBackward) => this.#find(what, isBackward),
      onGoTo: (place) => this.#goToPlace(place),
      onToggleFollow: () => this.#toggleFollow(),
      onLeave: () => this.#leaveField(),
    });
    this.#table = new PacketTable({
      ask: (request) => context.server.ask('rows', { ...request, feed: context.hello.feed }),
      onProblem: (error) => this.#tellProblem(error),
      onSelect: (row) => this.#selected(row),
      onMove: () => this.#moved(),
      get hasDecoder() {
        return context.hello.hasDecoder;
      },
      name: (index) => context.name(index),
    });
    this.#search = new Search(context, {
      onFound: (position) => this.#table.select(position, 'center'),
      onNote: (note) => this.#toolbar.setFindNote(note),
    });
    this.#navigation = new Navigation(context, {
      onLocated: (position, align) => this.#table.show(position, align),
      onMissing: (row) => this.#sayMissing(row),
    });
    this.#detail = new Detail(context, () => this.#closeDetail());
    const split = splitter({
      label: 'Height of the selected packet',
      below: this.#detail.element,
      minPx: 96,
      minAbovePx: 160,
    });
    this.element = h(
      'section',
      { class: 'packets', 'aria-label': 'Packets' },
      this.#toolbar.element,
      h('div', { class: 'table-frame' }, this.#table.element, this.#notes.element),
      split,
      this.#detail.element,
    );
    this.#toolbar.setFilter(context.state.value.filter);
    context.state.onChange((now, before) => this.#stateChanged(now, before));
    this.#holdForLink();
  }

  show(): void {
    this.#isShown = true;
    this.#table.shown();
    this.#moved();
  }

  hide(): void {
    this.#isShown = false;
    this.#context.want({ follow: 0 });
  }

  begin(isSameRun: boolean): void {
    const { hello } = this.#context;
    this.element.classList.toggle('with-ids', hello.idBytes > 0);
    this.element.classList.toggle('with-decoder', hello.hasDecoder);
    if (!isSameRun) {
      this.#closeDetail();
      this.#table.follow();
    }
    this.#table.redrawAll();
  }

  filtered(outcome: FilterOutcome): void {
    if (!outcome.isApplied) {
      this.#toolbar.setFilterProblem(outcome.problem);
      this.#context.announce(outcome.problem);
      return;
    }
    // After a filter that was rejected, the one before is asked for again.
    if (outcome.filter === this.#context.state.value.filter) {
      this.#toolbar.setFilterProblem(undefined);
    }
    this.#table.reset();
    this.#matching = { ...this.#matching, isComplete: false };
    this.#navigation.matchingChanged(false);
    const place = this.#place();
    if (place !== undefined) {
      this.#navigation.go(place);
    }
    this.#showCounts();
  }

  take({ held, matching, rows }: Batch): void {
    if (held !== undefined) {
      this.#held = held;
    }
    if (matching !== undefined) {
      this.#matching = matching;
      this.#table.setRange(matching.first, matching.end);
      this.#navigation.matchingChanged(matching.isComplete);
    }
    if (rows !== undefined) {
      this.#table.put(this.#matching.end - rows.length, rows);
    }
    if ((held ?? matching) !== undefined) {
      this.#showCounts();
    }
  }

  act(action: Action): boolean {
    switch (action) {
      case 'toggle-follow':
        this.#toggleFollow();
        return true;
      case 'filter':
        this.#toolbar.focus('filter');
        return true;
      case 'find':
        this.#toolbar.focus('find');
        return true;
      case 'go-to-time':
        this.#toolbar.focus('go-to');
        return true;
      case 'find-next':
      case 'find-previous':
        this.#find(this.#toolbar.what, action === 'find-previous');
        return true;
      case 'open':
        this.#openDetail();
        return true;
      case 'plot-number':
        if (!this.#detail.plotNumber()) {
          this.#context.tell('select a packet with a number to plot');
        }
        return true;
      case 'close':
        return this.#close();
    }
    return this.#table.act(action);
  }

  go(to: Destination): void {
    if (to.view !== 'packets') {
      return;
    }
    const { row, timeUs } = to;
    if (row !== undefined) {
      this.#goTo({ row });
    } else if (timeUs !== undefined) {
      this.#goTo({ timeUs });
    }
  }

  /** Shows a row, selected, or the first one at or after a time: as soon as all rows have been looked at. */
  #goTo(place: Place): void {
    this.#table.hold();
    if (place.row !== undefined) {
      this.#context.state.update({ selectedRow: place.row });
      this.#table.selectedRow = place.row;
      void this.#detail.show(place.row);
    }
    this.#navigation.go(place);
  }

  #find(what: string, isBackward: boolean): void {
    if (what === '') {
      this.#toolbar.focus('find');
    } else {
      void this.#search.find(what, this.#table.searchStart(isBackward), isBackward);
    }
  }

  #toggleFollow(): void {
    if (this.#table.isFollowing) {
      this.#table.hold();
    } else {
      this.#table.follow();
    }
    this.#context.announce(this.#table.isFollowing ? 'following new packets' : 'held');
  }

  #leaveField(): void {
    this.#search.giveUp();
    // What was written and not used is not what is shown.
    this.#toolbar.setFilter(this.#context.state.value.filter);
    this.#table.element.focus();
  }

  /** Gives up a search and hides what is said below the fields, else closes the packet. */
  #close(): boolean {
    const isSearching = this.#search.giveUp();
    if (this.#toolbar.clearNotes() || isSearching) {
      return true;
    }
    if (!this.#detail.isOpen) {
      return false;
    }
    this.#closeDetail();
    return true;
  }

  #closeDetail(): void {
    const hadFocus = this.#detail.element.contains(document.activeElement);
    this.#detail.close();
    this.#table.selectedRow = undefined;
    this.#context.state.update({ selectedRow: undefined });
    if (hadFocus) {
      this.#table.element.focus();
    }
  }

  #openDetail(): void {
    const position = this.#table.selectedPosition;
    if (position === undefined) {
      this.#table.act('down');
    } else if (this.#detail.isOpen) {
      this.#detail.focus();
    } else {
      this.#table.select(position);
    }
  }

  #selected(row: Row): void {
    this.#context.state.update({ selectedRow: row.row });
    void this.#detail.show(row.row);
  }

  /** The table follows or is held, or has come to rest elsewhere, or has another height. */
  #moved(): void {
    const { isFollowing, topRow, visibleRows } = this.#table;
    this.#toolbar.setFollowing(isFollowing);
    if (!this.#isShown) {
      return;
    }
    this.#context.want({ follow: isFollowing ? visibleRows : 0 });
    if (isFollowing) {
      this.#context.state.update({ topRow: undefined });
    } else if (topRow !== undefined) {
      this.#context.state.update({ topRow: topRow.row });
    }
    this.#showCounts();
  }

  /** A link to a row is not to be left behind by new packets. */
  #holdForLink(): void {
    const { topRow, selectedRow } = this.#context.state.value;
    if (topRow !== undefined || selectedRow !== undefined) {
      this.#table.hold();
    }
  }

  #showCounts(): void {
    const { first, end, isComplete } = this.#matching;
    const isFiltered = this.#context.state.value.filter !== '';
    const matching = { matching: end - first, held: this.#held.end - this.#held.first, isFiltered, isComplete };
    this.#toolbar.setMatching(matching);
    const { isFollowing, rowsBelow } = this.#table;
    this.#notes.show(matching, isFollowing ? 0 : rowsBelow);
  }

  #stateChanged(now: ViewState, before: ViewState): void {
    if (now.filter !== before.filter) {
      this.#toolbar.setFilter(now.filter);
    }
    // Only a link changes the selection without the table.
    if (now.selectedRow !== undefined && now.selectedRow !== before.selectedRow) {
      void this.#detail.show(now.selectedRow);
    }
  }

  /** What to show again when positions have changed; undefined to follow. */
  #place(): Place | undefined {
    const { selectedRow, topRow } = this.#context.state.value;
    if (selectedRow !== undefined) {
      this.#table.selectedRow = selectedRow;
      void this.#detail.show(selectedRow);
    }
    if (this.#table.isFollowing) {
      return undefined;
    }
    if (topRow !== undefined) {
      return { row: topRow, isTop: true };
    }
    return selectedRow === undefined ? undefined : { row: selectedRow };
  }

  /** The page shows by itself that the connection is lost. */
  #tellProblem(error: unknown): void {
    if (!(error instanceof ServerProblem && error.status === 0)) {
      this.#context.tell((error as Error).message);
    }
  }

  #sayMissing(row: number): void {
    this.#context.tell(`row ${count(row)} ${this.#whyMissing(row)}`);
  }

  #whyMissing(row: number): string {
    if (row < this.#held.first) {
      return 'has been dropped to save memory';
    }
    return row < this.#held.end ? 'does not match the filter' : 'has not come yet';
  }

  #goToPlace(text: string): void {
    if (text === '') {
      return;
    }
    const place = parsePlace(text, this.#held);
    if ('problem' in place) {
      this.#toolbar.setGoToNote(`✖ ${place.problem}`);
      return;
    }
    this.#toolbar.setGoToNote(undefined);
    this.#goTo(place);
    this.#table.element.focus();
  }
}
