import { FILTER_CHARACTERS } from '../../src/web/request-limits.js';
import { button } from '../button.js';
import { h, setAttribute, setText } from '../dom.js';
import { count } from '../format/quantities.js';
import { type IconName, icon } from '../icons.js';
import { type Action, keyOf, shortcutOf } from '../keys.js';

export interface ToolbarOptions {
  onFilter(filter: string): void;
  onFind(what: string, isBackward: boolean): void;
  onGoTo(place: string): void;
  onToggleFollow(): void;
  /** Enter in a field: keys go to the table again. */
  onSubmitted(): void;
  /** Esc in a field. */
  onLeave(): void;
}

/** How many rows match, for the end of the toolbar. */
export interface Matching {
  readonly matching: number;
  readonly held: number;
  readonly isFiltered: boolean;
  readonly isComplete: boolean;
}

/** Above the table: follow or hold, filter, find, go to a time. */
export class Toolbar {
  readonly element: HTMLElement;
  readonly #options: ToolbarOptions;
  readonly #follow: HTMLButtonElement;
  readonly #filter: Field;
  readonly #find: Field;
  readonly #goTo: Field;
  readonly #matching = h('p', { class: 'matching' });
  #isFollowing: boolean | undefined;
  /** A filter was entered, and has not been accepted or rejected. */
  #isFilterPending = false;

  constructor(options: ToolbarOptions) {
    this.#options = options;
    this.#follow = h('button', {
      type: 'button',
      class: 'button follow',
      on: { click: () => options.onToggleFollow() },
    });
    this.#filter = new Field({
      name: 'filter',
      label: 'Filter',
      icon: 'filter',
      action: 'filter',
      placeholder: 'filter: dir=rx, length>4, text=hello',
      onSubmit: (text) => {
        this.#isFilterPending = true;
        options.onFilter(text);
        options.onSubmitted();
      },
      onLeave: () => options.onLeave(),
      // A filter that was emptied is to go at once; one that is being written cannot be used yet.
      onEmpty: () => options.onFilter(''),
    });
    this.#find = new Field({
      name: 'find',
      label: 'Find',
      icon: 'find',
      action: 'find',
      placeholder: 'find text, 0x01 02 or length=9',
      onSubmit: (text, isBackward) => {
        options.onFind(text, isBackward);
        options.onSubmitted();
      },
      onLeave: () => options.onLeave(),
    });
    this.#goTo = new Field({
      name: 'go-to',
      label: 'Go to',
      icon: 'time',
      action: 'go-to-time',
      placeholder: 'go to 15:04:05 or -10s',
      onSubmit: (text) => options.onGoTo(text),
      onLeave: () => options.onLeave(),
    });
    this.element = h(
      'div',
      { class: 'toolbar', role: 'search', 'aria-label': 'Packets' },
      this.#follow,
      this.#filter.element,
      h('div', { class: 'find-group' }, this.#find.element, this.#findButton(true), this.#findButton(false)),
      this.#goTo.element,
      this.#matching,
    );
    this.setFollowing(true);
  }

  /** What is in the field for finding. */
  get what(): string {
    return this.#find.value;
  }

  focus(field: 'filter' | 'find' | 'go-to'): void {
    ({ filter: this.#filter, find: this.#find, 'go-to': this.#goTo })[field].focus();
  }

  setFollowing(isFollowing: boolean): void {
    if (isFollowing === this.#isFollowing) {
      return;
    }
    this.#isFollowing = isFollowing;
    const label = isFollowing ? 'Hold' : 'Follow';
    setAttribute(this.#follow, 'title', `${label} (${keyOf('toggle-follow')})`);
    setAttribute(this.#follow, 'aria-keyshortcuts', shortcutOf('toggle-follow'));
    this.#follow.replaceChildren(icon(isFollowing ? 'hold' : 'follow'), h('span', { class: 'label' }, label));
  }

  setFilter(filter: string): void {
    this.#filter.value = filter;
  }

  setFilterProblem(problem: string | undefined): void {
    this.#filter.setNote(problem === undefined ? undefined : `✖ ${problem}`);
    // To be corrected at once, unless the user is in another field by now.
    if (problem !== undefined && this.#isFilterPending && document.activeElement?.tagName !== 'INPUT') {
      this.#filter.resume();
    }
    this.#isFilterPending = false;
  }

  setFindNote(note: string | undefined): void {
    this.#find.setNote(note);
  }

  setGoToNote(note: string | undefined): void {
    this.#goTo.setNote(note);
  }

  /** Hides what is said below the fields. False if there is nothing. */
  clearNotes(): boolean {
    const noted = [this.#filter, this.#find, this.#goTo].filter((field) => field.hasNote);
    for (const field of noted) {
      field.setNote(undefined);
    }
    return noted.length > 0;
  }

  setMatching({ matching, held, isFiltered, isComplete }: Matching): void {
    const searching = isComplete ? '' : ', searching…';
    setText(this.#matching, isFiltered ? `${count(matching)} of ${count(held)} rows${searching}` : '');
  }

  #findButton(isBackward: boolean): HTMLElement {
    return button({
      label: isBackward ? 'Find previous' : 'Find next',
      icon: isBackward ? 'up' : 'down',
      isIconOnly: true,
      action: isBackward ? 'find-previous' : 'find-next',
      onClick: () => this.#options.onFind(this.what, isBackward),
    });
  }
}

interface FieldOptions {
  readonly name: string;
  readonly label: string;
  readonly icon: IconName;
  readonly action: Action;
  readonly placeholder: string;
  /** Enter; with Shift, backward. */
  onSubmit(text: string, isBackward: boolean): void;
  onLeave(): void;
  onEmpty?(): void;
}

/** A field with a note below it for what is wrong with its text. */
class Field {
  readonly element: HTMLElement;
  readonly #input: HTMLInputElement;
  readonly #note: HTMLElement;

  constructor({ name, label, icon: iconName, action, placeholder, onSubmit, onLeave, onEmpty }: FieldOptions) {
    const noteId = `${name}-note`;
    this.#note = h('p', { class: 'field-note', id: noteId, role: 'status' });
    this.#input = h('input', {
      type: 'search',
      name,
      placeholder,
      autocomplete: 'off',
      autocapitalize: 'off',
      spellcheck: 'false',
      maxlength: FILTER_CHARACTERS,
      'aria-label': label,
      'aria-describedby': noteId,
      title: `${label} (${keyOf(action)})`,
      on: {
        input: () => {
          this.setNote(undefined);
          if (this.#input.value === '') {
            onEmpty?.();
          }
        },
        keydown: (event) => {
          // While text is composed, for example Japanese, Enter belongs to that.
          if (event.key === 'Enter' && !event.isComposing) {
            onSubmit(this.value, event.shiftKey);
          }
          if (event.key === 'Escape') {
            event.preventDefault();
            event.stopPropagation();
            onLeave();
          }
        },
      },
    });
    this.element = h('div', { class: `field field-${name}` }, icon(iconName), this.#input, this.#note);
  }

  get value(): string {
    return this.#input.value.trim();
  }

  set value(text: string) {
    if (text !== this.value) {
      this.#input.value = text;
    }
    this.setNote(undefined);
  }

  get hasNote(): boolean {
    return this.#note.textContent !== '';
  }

  focus(): void {
    this.#input.focus();
    this.#input.select();
  }

  /** To go on writing. */
  resume(): void {
    this.#input.focus();
  }

  setNote(note: string | undefined): void {
    setText(this.#note, note ?? '');
    setAttribute(this.#input, 'aria-invalid', note?.startsWith('✖') ? 'true' : undefined);
  }
}
