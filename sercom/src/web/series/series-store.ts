import type { JsonValue } from '../../decoders/json-value.js';
import type { SeriesInfo } from '../protocol.js';
import type { Memory } from '../store/memory.js';
import { forEachNumber, Place } from './numbers.js';
import { Series } from './series.js';

/** The most series that are kept. */
export const MAX_SERIES = 1_000;

/** The part of the memory that series may take before they have points. With little memory, it allows fewer of them. */
const MAX_SHARE = 1 / 4;

/** A number with a longer path gets no series. */
export const MAX_PATH_LENGTH = 200;

/** What a series takes without points, about, and what each step of its path may add. */
const SERIES_BYTES = 500;
const STEP_BYTES = 500;

/** Where a packet comes from. Received and sent packets have series of their own, as they often have the same fields. */
export interface Origin {
  /** The index of the connection. */
  readonly name: number;
  readonly dir: 'rx' | 'tx';
}

/** What a series needs to know of a packet. */
export interface PlottedPacket extends Origin {
  /** Not less than that of any packet before. */
  readonly row: number;
  readonly timeUs: number;
}

/** A number of a packet, and the index of its series. */
export interface SeriesNumber {
  readonly series: number;
  readonly value: number;
}

/** The numbers in decoded packets over time: a series for each path of each connection and direction. */
export class SeriesStore {
  readonly #memory: Memory;
  readonly #series: Series[] = [];
  readonly #infos: SeriesInfo[] = [];
  readonly #packets = new Map<number, Place>();
  #bytesWithoutPoints = 0;
  #numbersWithoutSeries = 0;
  #firstRow = 0;

  /** @param memory - where to account for what is allocated. It drops nothing: that is for the owner of the rows to do */
  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** All series by their index. It grows. A series stays when its points are dropped. */
  get infos(): readonly SeriesInfo[] {
    return this.#infos;
  }

  /** Numbers that belong to no series, because there are too many in the packet or too many series, or the path is too long. */
  get numbersWithoutSeries(): number {
    return this.#numbersWithoutSeries;
  }

  /** The points of a series. `undefined` if there is no such series. */
  at(index: number): Series | undefined {
    return this.#series[index];
  }

  /** Adds the numbers of a decoded packet. */
  add(packet: PlottedPacket, value: JsonValue): void {
    if (packet.row < this.#firstRow) {
      // The packet was too large to be held.
      return;
    }
    const leftOut = forEachNumber(value, this.#placeOf(packet), (place, number) => {
      const index = place.series ?? this.#addSeries(packet, place);
      if (index === undefined) {
        this.#numbersWithoutSeries++;
      } else {
        this.#series[index]!.add(packet.timeUs, number, packet.row);
      }
    });
    this.#numbersWithoutSeries += leftOut;
  }

  /** The numbers of a decoded packet that have series. */
  numbersOf(origin: Origin, value: JsonValue): SeriesNumber[] {
    const numbers: SeriesNumber[] = [];
    forEachNumber(value, this.#placeOf(origin), ({ series }, number) => {
      if (series !== undefined) {
        numbers.push({ series, value: number });
      }
    });
    return numbers;
  }

  /** Drops the points of rows before a row. Memory is given back in chunks. */
  dropBefore(row: number): void {
    this.#firstRow = Math.max(this.#firstRow, row);
    for (const series of this.#series) {
      series.dropBefore(series.indexOfRow(row));
    }
  }

  /** The place of the packets themselves. */
  #placeOf({ name, dir }: Origin): Place {
    const key = 2 * name + (dir === 'tx' ? 1 : 0);
    let place = this.#packets.get(key);
    if (place === undefined) {
      place = new Place();
      this.#packets.set(key, place);
    }
    return place;
  }

  /** @returns its index; `undefined` if there are too many, or its path is too long */
  #addSeries({ name, dir }: Origin, place: Place): number | undefined {
    if (this.#series.length === MAX_SERIES || this.#bytesWithoutPoints > this.#memory.limitBytes * MAX_SHARE) {
      return undefined;
    }
    const path = place.path(MAX_PATH_LENGTH);
    if (path === undefined) {
      return undefined;
    }
    const bytes = SERIES_BYTES + STEP_BYTES * place.depth + 2 * path.length;
    this.#memory.add(bytes);
    this.#bytesWithoutPoints += bytes;
    const index = this.#series.length;
    place.assign(index);
    this.#series.push(new Series(this.#memory));
    this.#infos.push({ name, path, ...(dir === 'tx' && { dir }) });
    return index;
  }
}
