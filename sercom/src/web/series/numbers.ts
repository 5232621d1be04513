import type { JsonValue } from '../../decoders/json-value.js';
import { escapeJson } from '../../text/escape.js';

/** The most numbers of a packet that are looked at. */
export const MAX_NUMBERS = 256;

/** Keys that need no quotes in a path. */
const IDENTIFIER = /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u;

/**
 * A place in decoded packets where a number may be, such as `imu.accel[2]`. Places make a tree, so that no path has to be
 * built to find the series of a number. A place belongs to the tree once it has a series.
 */
export class Place {
  /** How many steps lead to it from the packet. */
  readonly depth: number;
  readonly #parent: Place | undefined;
  readonly #key: string | number;
  #inside: Map<string | number, Place> | undefined;
  #series: number | undefined;

  /** Without a parent, the place is the packet itself. */
  constructor(parent?: Place, key: string | number = '') {
    this.depth = parent === undefined ? 0 : parent.depth + 1;
    this.#parent = parent;
    this.#key = key;
  }

  /** The index of its series. */
  get series(): number | undefined {
    return this.#series;
  }

  /** Gives it a series, and makes it a part of the tree. */
  assign(series: number): void {
    this.#series = series;
    this.#join();
  }

  /** The place of a member or an element. */
  inside(key: string | number): Place {
    return this.#inside?.get(key) ?? new Place(this, key);
  }

  /**
   * The path in the notation of JavaScript, safe to show: `imu.accel[2]`, `imu["my key"]`, `[0]`. Empty if the packet itself
   * is the number.
   *
   * @returns `undefined` if it would be longer than `maxLength`
   */
  path(maxLength: number): string | undefined {
    let path = '';
    for (let place: Place = this; place.#parent !== undefined; place = place.#parent) {
      if (typeof place.#key === 'string' && place.#key.length > maxLength) {
        return undefined;
      }
      path = place.#step() + path;
      if (path.length > maxLength) {
        return undefined;
      }
    }
    return path;
  }

  /** How the path goes on from the parent. */
  #step(): string {
    const key = this.#key;
    if (typeof key === 'number') {
      return `[${key}]`;
    }
    const quoted = escapeJson(key);
    if (!IDENTIFIER.test(key) || quoted !== `"${key}"`) {
      return `[${quoted}]`;
    }
    return this.depth === 1 ? key : `.${key}`;
  }

  #join(): void {
    if (this.#parent !== undefined) {
      this.#parent.#inside ??= new Map();
      this.#parent.#inside.set(this.#key, this);
      this.#parent.#join();
    }
  }
}

/**
 * Calls `visit` for each number in a decoded packet, in its order, up to {@link MAX_NUMBERS}. Numbers are what JSON calls so:
 * no booleans, and no texts, which is what decoders make of NaN, of infinities and of integers that a double cannot hold.
 *
 * @param packet - the place of the packet itself
 * @returns how many numbers were left out
 */
export function forEachNumber(value: JsonValue, packet: Place, visit: (place: Place, value: number) => void): number {
  const walk = new Walk(visit);
  walk.into(value, packet);
  return Math.max(0, walk.count - MAX_NUMBERS);
}

class Walk {
  count = 0;
  readonly #visit: (place: Place, value: number) => void;

  constructor(visit: (place: Place, value: number) => void) {
    this.#visit = visit;
  }

  /** Decoders bound the depth. Beyond the last number that counts, `place` is not kept up to date. */
  into(value: JsonValue, place: Place): void {
    if (typeof value === 'number') {
      this.#number(value, place);
    } else if (Array.isArray(value)) {
      for (let index = 0; index < value.length; index++) {
        this.#intoPart(value[index], place, index);
      }
    } else if (typeof value === 'object' && value !== null) {
      const fields = value as { readonly [key: string]: JsonValue };
      for (const key of Object.keys(fields)) {
        this.#intoPart(fields[key]!, place, key);
      }
    }
  }

  /** Decoders make texts of values that are not finite. One among the values of a series would spoil its sums. */
  #number(value: number, place: Place): void {
    if (Number.isFinite(value)) {
      this.count++;
      if (this.count <= MAX_NUMBERS) {
        this.#visit(place, value);
      }
    }
  }

  #intoPart(value: JsonValue, place: Place, key: string | number): void {
    if (typeof value === 'number' || (typeof value === 'object' && value !== null)) {
      this.into(value, this.count < MAX_NUMBERS ? place.inside(key) : place);
    }
  }
}
