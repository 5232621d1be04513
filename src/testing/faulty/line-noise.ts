import { aNumber, checkOptions, invalidOption, milliseconds, type OptionRules } from '../../options.js';

/**
 * What happens to the bytes that go one way on a faulty line. A rate is the chance that it happens to a byte, from 0 to
 * 1, and 0 where it is left out. One of the first four at most happens to a byte, so their sum is 1 at most.
 */
export interface LineFaults {
  /** The byte is left out. */
  dropRate?: number;
  /** One bit of the byte is inverted. */
  flipRate?: number;
  /** A random byte comes before the byte. */
  insertRate?: number;
  /** The byte comes twice. */
  duplicateRate?: number;
  /** The chunk ends behind the byte: what follows comes as a chunk of its own. */
  cutRate?: number;
  /** Each chunk is held back for some time up to this, in milliseconds. Default 0. */
  maxDelayMs?: number;
}

/**
 * What happened to the bytes that went one way on a faulty line.
 *
 * `bytesOut` = `bytesIn` − `droppedBytes` + `insertedBytes` + `duplicatedBytes` − `lostBytes`, whenever nothing is
 * under way.
 */
export interface LineStats {
  /** Bytes that the line took from the sender. Of a write that failed: as many as its port tells, else none. */
  bytesIn: number;
  /** Bytes that the line gave to the receiver. */
  bytesOut: number;
  /** Bytes left out. */
  droppedBytes: number;
  /** Bytes of which a bit was inverted. */
  flippedBytes: number;
  /** Random bytes added. */
  insertedBytes: number;
  /** Bytes given a second time. */
  duplicatedBytes: number;
  /** Bytes that were on the line when it was unplugged, or its port was closed or flushed. */
  lostBytes: number;
  /** Chunks that were cut in two. */
  cuts: number;
}

/** What happens to one byte: the count that it goes into. */
type Fate = 'droppedBytes' | 'flippedBytes' | 'insertedBytes' | 'duplicatedBytes' | undefined;

/** The next bytes of the stream, and what becomes of them. */
export class Piece {
  /** What goes on. */
  readonly bytes: Buffer;
  /** What becomes of each byte; left out where nothing does. */
  readonly fates: readonly Fate[] | undefined;
  /** Whether the stream was cut behind it. */
  readonly isCut: boolean;

  constructor(bytes: Buffer, fates?: readonly Fate[], isCut = false) {
    this.bytes = bytes;
    this.fates = fates;
    this.isCut = isCut;
  }

  /** How many bytes of the stream it is. */
  get sourceBytes(): number {
    return this.fates?.length ?? this.bytes.length;
  }

  /** How many bytes go on for the first so many. */
  outputOf(sourceBytes: number): number {
    if (this.fates === undefined) {
      return sourceBytes;
    }
    return this.fates.slice(0, sourceBytes).reduce((sum, fate) => sum + outputBytes(fate), 0);
  }

  /** Of how many bytes something is among the first so many that go on. */
  sourceOf(outputLength: number): number {
    let source = 0;
    for (let output = 0; output < outputLength && source < this.sourceBytes; source++) {
      output += outputBytes(this.fates?.[source]);
    }
    return source;
  }
}

/** Each byte has so many random numbers of its own, one for each of these. */
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
 * Checks the faults of one way, and fills in those that are left out.
 *
 * @param where - how the message begins
 * @throws InvalidArgumentError (`INVALID_OPTION`) that names the wrong fault and what it accepts
 */
export function completeFaults(where: string, faults: LineFaults): Required<LineFaults> {
  const complete = { ...NO_FAULTS, ...checkOptions(where, faults, RULES) };
  const sum = fateRate(complete);
  // A little more: rates such as 0.1 and 0.9 need not add up to 1 exactly.
  if (sum > 1 + 5 * Number.EPSILON) {
    throw invalidOption(
      `${where}: dropRate, flipRate, insertRate and duplicateRate add up to ${sum}; expected a sum of at most 1`,
    );
  }
  return complete;
}

/** The chance that something happens to a byte, besides a cut behind it. */
function fateRate({ dropRate, flipRate, insertRate, duplicateRate }: Required<LineFaults>): number {
  return dropRate + flipRate + insertRate + duplicateRate;
}

/**
 * One direction of a line. What becomes of the n-th byte of the stream depends on the seed and on n, and on nothing
 * else: neither on time, nor on chunks.
 */
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

  /** How long the next chunk is to be held back. */
  get delayMs(): number {
    const { maxDelayMs } = this.#faults;
    return maxDelayMs === 0 ? 0 : maxDelayMs * this.#draw(0, DRAW.delay);
  }

  /** What becomes of the next bytes, up to where they are cut. Nothing has happened to them before {@link pass}. */
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

  /** The first so many bytes of what `next` gave have gone their way. */
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

/** The number at that place of a random sequence, from 0 up to but not including 1: the generator mulberry32. */
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
