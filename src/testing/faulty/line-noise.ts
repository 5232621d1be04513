import { aNumber, checkOptions, invalidOption, milliseconds, type OptionRules } from '../../options.js';

/**
 * The faults in one direction of a faulty line. A rate is a probability per byte, from 0 to 1. Default: 0. At most one of
 * the first four faults hits a byte, so their rates must not add up to more than 1.
 */
export interface LineFaults {
  /** The byte is dropped. */
  dropRate?: number;
  /** One bit of the byte is inverted. */
  flipRate?: number;
  /** A random byte is inserted before the byte. */
  insertRate?: number;
  /** The byte is duplicated. */
  duplicateRate?: number;
  /** The chunk is cut after the byte: the rest arrives as a separate chunk. */
  cutRate?: number;
  /** Each chunk is held back for a random time up to this, in milliseconds. Default: 0. */
  maxDelayMs?: number;
}

/**
 * Counts for one direction of a faulty line.
 *
 * While nothing is in flight, `bytesOut` = `bytesIn` − `droppedBytes` + `insertedBytes` + `duplicatedBytes` −
 * `lostBytes`.
 */
export interface LineStats {
  /** Bytes accepted from the sender. For a failed write, counts only the bytes its port reports. */
  bytesIn: number;
  /** Bytes passed on to the receiver. */
  bytesOut: number;
  /** Bytes dropped. */
  droppedBytes: number;
  /** Bytes with an inverted bit. */
  flippedBytes: number;
  /** Random bytes inserted. */
  insertedBytes: number;
  /** Bytes duplicated. */
  duplicatedBytes: number;
  /** Bytes in flight when the line was unplugged, or its port was closed or flushed. */
  lostBytes: number;
  /** Number of cuts. */
  cuts: number;
}

/** The fault that hits a byte, named by the count it goes into; undefined if there is none. */
type Fate = 'droppedBytes' | 'flippedBytes' | 'insertedBytes' | 'duplicatedBytes' | undefined;

/** The next bytes of the stream, and the faults that hit them. */
export class Piece {
  /** The bytes to pass on. */
  readonly bytes: Buffer;
  /** The fault that hits each byte of the stream; undefined if none is hit. */
  readonly fates: readonly Fate[] | undefined;
  /** Whether the stream is cut after it. */
  readonly isCut: boolean;

  constructor(bytes: Buffer, fates?: readonly Fate[], isCut = false) {
    this.bytes = bytes;
    this.fates = fates;
    this.isCut = isCut;
  }

  /** Its length in the stream. */
  get sourceBytes(): number {
    return this.fates?.length ?? this.bytes.length;
  }

  /** Returns how many bytes are passed on for the first `sourceBytes` bytes of the stream. */
  outputOf(sourceBytes: number): number {
    if (this.fates === undefined) {
      return sourceBytes;
    }
    return this.fates.slice(0, sourceBytes).reduce((sum, fate) => sum + outputBytes(fate), 0);
  }

  /** Returns how many bytes of the stream the first `outputLength` bytes passed on belong to. */
  sourceOf(outputLength: number): number {
    let source = 0;
    for (let output = 0; output < outputLength && source < this.sourceBytes; source++) {
      output += outputBytes(this.fates?.[source]);
    }
    return source;
  }
}

/** Each byte of the stream has this many random numbers, one per purpose. */
const DRAWS = 4;
const DRAW = { fate: 0, value: 1, cut: 2, delay: 3 } as const;

const rate = aNumber(0, 1);

const RULES: OptionRules<LineFaults> = {
  dropRate: rate,
  flipRate: rate,
  insertRate: rate,
  duplicateRate: rate,
  cutRate: rate,
  maxDelayMs: milliseconds,
};

const NO_FAULTS: Required<LineFaults> = {
  dropRate: 0,
  flipRate: 0,
  insertRate: 0,
  duplicateRate: 0,
  cutRate: 0,
  maxDelayMs: 0,
};

/**
 * Checks the faults of one direction, and adds the defaults.
 *
 * @param where - the beginning of the error message
 * @throws InvalidArgumentError (`INVALID_OPTION`) if a fault is unknown or its value is invalid
 */
export function completeFaults(where: string, faults: LineFaults): Required<LineFaults> {
  const complete = { ...NO_FAULTS, ...checkOptions(where, faults, RULES) };
  const sum = fateRate(complete);
  // Rates such as 0.1 and 0.9 may add up to slightly more than 1.
  if (sum > 1 + 5 * Number.EPSILON) {
    throw invalidOption(
      `${where}: dropRate, flipRate, insertRate and duplicateRate add up to ${sum}; expected a sum of at most 1`,
    );
  }
  return complete;
}

/** The probability that a fault other than a cut hits a byte. */
function fateRate({ dropRate, flipRate, insertRate, duplicateRate }: Required<LineFaults>): number {
  return dropRate + flipRate + insertRate + duplicateRate;
}

/** One direction of a faulty line. The fault that hits the n-th byte depends on the seed and on n only, not on time or chunks. */
export class LineNoise {
  readonly stats: LineStats = {
    bytesIn: 0,
    bytesOut: 0,
    droppedBytes: 0,
    flippedBytes: 0,
    insertedBytes: 0,
    duplicatedBytes: 0,
    lostBytes: 0,
    cuts: 0,
  };
  readonly #seed: number;
  #faults!: Required<LineFaults>;
  #isClean = true;
  #place = 0;

  constructor(seed: number, faults: Required<LineFaults>) {
    this.#seed = seed;
    this.faults = faults;
  }

  set faults(faults: Required<LineFaults>) {
    this.#faults = faults;
    this.#isClean = fateRate(faults) === 0 && faults.cutRate === 0;
  }

  /** How long to hold back the next chunk. */
  get delayMs(): number {
    const { maxDelayMs } = this.#faults;
    return maxDelayMs === 0 ? 0 : maxDelayMs * this.#draw(0, DRAW.delay);
  }

  /** Applies faults to the next bytes of the stream, up to the first cut. Counts nothing before {@link pass}. */
  next(source: Buffer): Piece {
    if (this.#isClean) {
      return new Piece(source);
    }
    const fates: Fate[] = [];
    const bytes = Buffer.allocUnsafe(2 * source.length);
    let length = 0;
    let isCut = false;
    for (let index = 0; index < source.length && !isCut; index++) {
      const byte = source[index]!;
      const fate = this.#fate(index);
      fates.push(fate);
      const value = fate === undefined ? 0 : this.#draw(index, DRAW.value);
      if (fate === 'insertedBytes') {
        bytes[length++] = 256 * value;
      } else if (fate === 'duplicatedBytes') {
        bytes[length++] = byte;
      }
      if (fate !== 'droppedBytes') {
        bytes[length++] = fate === 'flippedBytes' ? byte ^ (1 << (8 * value)) : byte;
      }
      isCut = index + 1 < source.length && this.#draw(index, DRAW.cut) < this.#faults.cutRate;
    }
    return new Piece(bytes.subarray(0, length), fates, isCut);
  }

  /** Counts the first `sourceBytes` bytes of a piece that {@link next} returned, and moves on in the stream. */
  pass(piece: Piece, sourceBytes = piece.sourceBytes): void {
    this.#place += sourceBytes;
    if (piece.isCut && sourceBytes === piece.sourceBytes) {
      this.stats.cuts++;
    }
    for (const fate of piece.fates?.slice(0, sourceBytes) ?? []) {
      if (fate !== undefined) {
        this.stats[fate]++;
      }
    }
  }

  #fate(index: number): Fate {
    const { dropRate, flipRate, insertRate, duplicateRate } = this.#faults;
    const draw = this.#draw(index, DRAW.fate);
    if (draw < dropRate) {
      return 'droppedBytes';
    }
    if (draw < dropRate + flipRate) {
      return 'flippedBytes';
    }
    if (draw < dropRate + flipRate + insertRate) {
      return 'insertedBytes';
    }
    return draw < dropRate + flipRate + insertRate + duplicateRate ? 'duplicatedBytes' : undefined;
  }

  #draw(index: number, draw: number): number {
    return randomAt(this.#seed, (this.#place + index) * DRAWS + draw);
  }
}

/** Returns one number of a random sequence (mulberry32), from 0 up to but not including 1. */
export function randomAt(seed: number, place: number): number {
  const state = (seed + Math.imul(place + 1, 0x6d2b79f5)) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

function outputBytes(fate: Fate): number {
  switch (fate) {
    case 'droppedBytes':
      return 0;
    case 'insertedBytes':
    case 'duplicatedBytes':
      return 2;
    default:
      return 1;
  }
}
