import { type RequiredDecodeOptions, Tag } from 'cbor2';
import { toHex } from '../text/hex.js';
import { CborReader } from './cbor-reader.js';
import type { Decoder } from './decoder.js';
import { toJsonValue } from './json-value.js';

/** Decodes one CBOR item (RFC 8949). */
export const cborDecoder: Decoder = {
  name: 'cbor',
  decode(packet) {
    const value = toJsonValue(new CborReader(packet, readTag).read());
    return { value, text: JSON.stringify(value) };
  },
};

const POSITIVE_BIGNUM = 2;
const NEGATIVE_BIGNUM = 3;

/** Writing a number in decimal takes more than linear time, so longer ones stay bytes. */
const MAX_BIGNUM_BYTES = 1_024;

/**
 * Regular expressions and symbols stay what they are in the packet: compiling an expression can take arbitrarily long, and
 * symbols are registered globally.
 */
const LEFT_ALONE: readonly unknown[] = [35, 280, 21_065, 21_066];

/** None of the decoders of tags that are used needs an option. */
const NO_OPTIONS = {} as RequiredDecodeOptions;

function readTag(number: number | bigint, contents: unknown): unknown {
  const tag = new Tag(number, contents);
  if (number === POSITIVE_BIGNUM || number === NEGATIVE_BIGNUM) {
    return bignum(tag);
  }
  if (LEFT_ALONE.includes(number)) {
    return contents;
  }
  const decode = Tag.getDecoder(number);
  return decode === undefined ? tag : decode(tag, NO_OPTIONS);
}

/** The package adds one byte after the other, which takes quadratic time. */
function bignum(tag: Tag): unknown {
  const { contents } = tag;
  if (!(contents instanceof Uint8Array)) {
    throw new Error('the contents of a bignum are not bytes');
  }
  if (contents.length > MAX_BIGNUM_BYTES) {
    return tag;
  }
  const magnitude = contents.length === 0 ? 0n : BigInt(`0x${toHex(contents)}`);
  return tag.tag === POSITIVE_BIGNUM ? magnitude : -1n - magnitude;
}
