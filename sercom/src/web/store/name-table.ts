/** Beyond this, connections share one name. A recording may have any number of names. */
const MAX_NAMES = 1_000;

/** A longer name is not kept. */
const MAX_NAME_LENGTH = 1_000;

/** What connections are called that the table has no room for. */
const OTHER_NAMES = 'other connections';

/** The names of connections by their index. The index of a name never changes. */
export class NameTable {
  readonly #names: string[] = [];
  readonly #indices = new Map<string, number>();
  /** What was asked for last: usually, the next record has the same name. */
  #lastName: string | undefined;
  #lastIndex = 0;

  /** @param names - the first ones */
  constructor(names: readonly string[] = []) {
    for (const name of names) {
      this.indexOf(name);
    }
  }

  /** All names by index. It grows. */
  get all(): readonly string[] {
    return this.#names;
  }

  /** The index of a name, which is added if it is new. Without room for it, the index of {@link OTHER_NAMES}. */
  indexOf(name: string): number {
    if (name !== this.#lastName) {
      this.#lastIndex = this.#indices.get(name) ?? this.#add(name);
      this.#lastName = name;
    }
    return this.#lastIndex;
  }

  /** The name at an index that {@link indexOf} has returned. */
  at(index: number): string {
    return this.#names[index]!;
  }

  #add(name: string): number {
    const isKept = (this.#names.length < MAX_NAMES && name.length <= MAX_NAME_LENGTH) || name === OTHER_NAMES;
    if (!isKept) {
      return this.indexOf(OTHER_NAMES);
    }
    const index = this.#names.length;
    this.#names.push(name);
    this.#indices.set(name, index);
    return index;
  }
}
