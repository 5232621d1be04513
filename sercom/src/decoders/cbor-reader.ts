import { isUtf8 } from 'node:buffer';
import { Simple } from 'cbor2';
import { float16 } from './float16.js';
import { checkDepth, TruncatedPacketError } from './limits.js';

/** The major types of items. */
const POSITIVE = 0;
const NEGATIVE = 1;
const BYTES = 2;
const TEXT = 3;
const ARRAY = 4;
const MAP = 5;
const TAG = 6;
const SIMPLE = 7;

/** The low five bits of a head, if the length is not known before the end. */
const INDEFINITE = 31;

/** Ends an item of indefinite length. */
const BREAK = 0xff;

/** Turns a tag and its contents into a value. */
export type TagReader = (tag: number | bigint, contents: unknown) => unknown;

/**
 * Reads one CBOR item in linear time: every byte is read once, whatever the nesting, and nothing is allocated for a length
 * that the packet only claims. Maps become `Map`, because a key can be of any type.
 */
export class CborReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #readTag: TagReader;
  #at = 0;

  constructor(packet: Uint8Array, readTag: TagReader) {
    this.#bytes = Buffer.from(packet.buffer, packet.byteOffset, packet.byteLength);
    this.#view = new DataView(packet.buffer, packet.byteOffset, packet.byteLength);
    this.#readTag = readTag;
  }

  /**
   * Reads the packet, which must be one item.
   *
   * @throws Error with the reason if it is not
   */
  read(): unknown {
    const item = this.#item(0);
    if (this.#at < this.#bytes.length) {
      throw new Error('Extra data in input');
    }
    return item;
  }

  #item(depth: number): unknown {
    checkDepth(depth);
    const head = this.#uint8();
    const type = head >> 5;
    const info = head & 31;
    if (type === SIMPLE) {
      return this.#simple(info);
    }
    if (info === INDEFINITE) {
      return this.#indefinite(type, depth);
    }
    const argument = this.#argument(info);
    switch (type) {
      case POSITIVE:
        return argument;
      case NEGATIVE:
        return typeof argument === 'bigint' ? -1n - argument : -1 - argument;
      case BYTES:
        return this.#take(argument);
      case TEXT:
        return textOf(this.#take(argument));
      case ARRAY: {
        const items: unknown[] = [];
        for (let index = 0; index < argument; index++) {
          items.push(this.#item(depth + 1));
        }
        return items;
      }
      case MAP: {
        const map = new Map<unknown, unknown>();
        for (let index = 0; index < argument; index++) {
          map.set(this.#item(depth + 1), this.#item(depth + 1));
        }
        return map;
      }
      default:
        return this.#readTag(argument, this.#item(depth + 1));
    }
  }

  #indefinite(type: number, depth: number): unknown {
    switch (type) {
      case BYTES:
        return Buffer.concat(this.#chunks(BYTES));
      case TEXT:
        return this.#chunks(TEXT).map(textOf).join('');
      case ARRAY: {
        const items: unknown[] = [];
        while (!this.#takeBreak()) {
          items.push(this.#item(depth + 1));
        }
        return items;
      }
      case MAP: {
        const map = new Map<unknown, unknown>();
        while (!this.#takeBreak()) {
          map.set(this.#item(depth + 1), this.#item(depth + 1));
        }
        return map;
      }
      default:
        throw new Error(`${type === TAG ? 'a tag' : 'an integer'} cannot have an indefinite length`);
    }
  }

  /** The parts of a string of indefinite length. */
  #chunks(type: number): Buffer[] {
    const chunks: Buffer[] = [];
    while (!this.#takeBreak()) {
      const head = this.#uint8();
      if (head >> 5 !== type || (head & 31) === INDEFINITE) {
        throw new Error('invalid part of a string of indefinite length');
      }
      chunks.push(this.#take(this.#argument(head & 31)));
    }
    return chunks;
  }

  #simple(info: number): unknown {
    switch (info) {
      case 20:
        return false;
      case 21:
        return true;
      case 22:
        return null;
      case 23:
        return undefined;
      case 24: {
        const value = this.#uint8();
        if (value < 32) {
          throw new Error(`invalid simple value ${value}`);
        }
        return Simple.create(value);
      }
      case 25:
        return float16(this.#view.getUint16(this.#advance(2)));
      case 26:
        return this.#view.getFloat32(this.#advance(4));
      case 27:
        return this.#view.getFloat64(this.#advance(8));
      case INDEFINITE:
        throw new Error('a break outside an item of indefinite length');
      default:
        if (info > 27) {
          throw new Error(`reserved additional information ${info}`);
        }
        return Simple.create(info);
    }
  }

  /** The number that follows from the low five bits of a head. */
  #argument(info: number): number | bigint {
    switch (info) {
      case 24:
        return this.#uint8();
      case 25:
        return this.#view.getUint16(this.#advance(2));
      case 26:
        return this.#view.getUint32(this.#advance(4));
      case 27: {
        const value = this.#view.getBigUint64(this.#advance(8));
        return value <= Number.MAX_SAFE_INTEGER ? Number(value) : value;
      }
      default:
        if (info > 27) {
          throw new Error(`reserved additional information ${info}`);
        }
        return info;
    }
  }

  #uint8(): number {
    return this.#bytes[this.#advance(1)]!;
  }

  #take(count: number | bigint): Buffer {
    const start = this.#advance(count);
    return this.#bytes.subarray(start, this.#at);
  }

  #takeBreak(): boolean {
    const isBreak = this.#bytes[this.#at] === BREAK;
    this.#at += isBreak ? 1 : 0;
    return isBreak;
  }

  /** Moves on and returns the offset before. */
  #advance(count: number | bigint): number {
    const start = this.#at;
    if (count > this.#bytes.length - start) {
      throw new TruncatedPacketError(this.#bytes);
    }
    this.#at += Number(count);
    return start;
  }
}

function textOf(bytes: Buffer): string {
  if (!isUtf8(bytes)) {
    throw new Error('invalid UTF-8');
  }
  return bytes.toString();
}
