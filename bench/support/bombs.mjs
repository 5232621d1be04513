// Packets of at most 65,535 bytes that are meant to be expensive to decode.
import { Buffer } from 'node:buffer';
import { fileURLToPath } from 'node:url';

const BOMB_BYTES = 65_535;

/** Decoders by name, as given to --decode. */
export const DECODER_SPECS = {
  text: 'text',
  json: 'json',
  cbor: 'cbor',
  msgpack: 'msgpack',
  bytes: `struct:${BOMB_BYTES}B`,
  floats: `struct:${Math.floor(BOMB_BYTES / 4)}f3x`,
  doubles: `struct:${Math.floor(BOMB_BYTES / 8)}d7x`,
  string: `struct:${BOMB_BYTES}s`,
  protobuf: `protobuf:${fileURLToPath(new URL('bomb.proto', import.meta.url))}:Bomb`,
};

const hex = (text) => Buffer.from(text, 'hex');

/** Begins with these bytes and repeats others as often as they fit. */
function filled(head, unit, tail = '') {
  const times = Math.floor((BOMB_BYTES - (head.length + tail.length) / 2) / (unit.length / 2));
  return hex(head + unit.repeat(times) + tail);
}

/** Repeats a text between two others as often as it fits. */
function filledText(head, unit, tail = '') {
  return filled(hexOf(head), hexOf(unit), hexOf(tail));
}

const hexOf = (text) => Buffer.from(text).toString('hex');

/** A length in two bytes, as hex: the number of units that fit after a head of this many bytes. */
function fitting(headBytes, unitBytes) {
  return Math.floor((BOMB_BYTES - headBytes) / unitBytes)
    .toString(16)
    .padStart(4, '0');
}

/** A CBOR text string, repeated from a unit, after these bytes. */
function cborText(head, unit) {
  const text = hexOf(unit.repeat(Math.floor((BOMB_BYTES - 20) / Buffer.byteLength(unit))));
  return hex(`${head}79${(text.length / 2).toString(16).padStart(4, '0')}${text}`);
}

/** A message in a message, with correct lengths, as often as it fits. */
function nestedMessages() {
  const heads = [];
  for (let bytes = 0; bytes < BOMB_BYTES - 4; ) {
    const length =
      bytes < 128
        ? [bytes]
        : bytes < 16_384
          ? [bytes | 128, bytes >> 7]
          : [bytes | 128, (bytes >> 7) | 128, bytes >> 14];
    heads.push(Buffer.of(0x0a, ...length));
    bytes += 1 + length.length;
  }
  return Buffer.concat(heads.toReversed());
}

/** The packets for each decoder, by what they consist of. */
export const BOMBS = {
  text: { controls: Buffer.alloc(BOMB_BYTES, 1), invalid: Buffer.alloc(BOMB_BYTES, 0xff) },
  json: {
    'open arrays': filledText('', '['),
    'open objects': filledText('', '{"a":'),
    'empty arrays': filledText('[', '[],', '0]'),
    'empty objects': filledText('[', '{},', '0]'),
    'one number': filledText('', '9'),
    numbers: filledText('[', '1e-7,', '0]'),
    escapes: filledText('"', '\\u0001', '"'),
  },
  cbor: {
    'lying arrays': filled('', '9a0000ea60'),
    'lying arrays in two': filled('9f', '829a0000ea60'),
    'lying maps': filled('', 'ba0000ea60'),
    'lying lengths': filled('9f', '40', '5bffffffffffffffff'),
    'deep arrays': filled(`${'81'.repeat(97)}99${fitting(100, 1)}`, '00'),
    'deep open arrays': filled('9f'.repeat(98), '80'),
    'deep maps': filled(`${'a100'.repeat(97)}99${fitting(197, 1)}`, 'a0'),
    'empty arrays': filled(`99${fitting(3, 1)}`, '80'),
    'empty maps': filled(`99${fitting(3, 1)}`, 'a0'),
    'maps as keys': hex('a1'.repeat(50) + '00'.repeat(51)),
    'maps as keys, few': hex('a1'.repeat(3) + '00'.repeat(4)),
    'quotes as key': Buffer.concat([hex('a181a181a181'), cborText('', '"'), hex('000000')]),
    bignum: filled(`c259${fitting(4, 1)}`, 'ff'),
    bignums: filled(`99${fitting(3, 1028)}`, `c2590400${'ff'.repeat(1_024)}`),
    'parts of bytes': filled('5f', '40', 'ff'),
    'parts of text': filled('7f', '60', 'ff'),
    dates: filled(`99${fitting(3, 2)}`, 'c100'),
    'sets of sets': filled(`99${fitting(3, 4)}`, 'd9010280'),
    tags: filled('', 'd9d9f7'),
    url: cborText('d820', 'ü'),
    host: cborText('d820', 'http://ü'),
    base64: cborText('d822', 'AAAA'),
    'regular expression': cborText('d823', '\\p{L}'),
    'regular expression with flags': Buffer.concat([hex('d9524a82'), cborText('', '\\p{L}'), hex('6175')]),
    'I-Regexp': cborText('d95249', '\\p{L}'),
    'JSON in a tag': cborText('d90106', '['),
    'wrong contents': filled(`c199${fitting(4, 1)}`, '80'),
  },
  msgpack: {
    'lying arrays': filled('', 'dd0000ea60'),
    'lying arrays of 16 bits': filled('', 'dcea60'),
    'lying arrays in two': filled('', '92dd0000ea60'),
    'arrays that claim the rest': filled('', `dc${(60_000).toString(16)}`, '00'.repeat(60_000)),
    'lying maps': filled('', 'df0000ea60'),
    'lying lengths': filled(`dc${fitting(3, 5)}`, 'c6ffffffff'),
    'deep arrays': filled(`${'91'.repeat(97)}dc${fitting(100, 1)}`, '00'),
    'empty arrays': filled(`dc${fitting(3, 1)}`, '90'),
    'empty maps': filled(`dc${fitting(3, 1)}`, '80'),
    nils: filled(`dc${fitting(3, 1)}`, 'c0'),
    dates: filled(`dc${fitting(3, 6)}`, 'd6ff00000000'),
    'keys far apart': Buffer.concat([
      hex('de2a00'),
      ...Array.from({ length: 10_752 }, (_, index) =>
        hex(`ce${((index * 390_001) >>> 0).toString(16).padStart(8, '0')}c0`),
      ),
    ]),
  },
  bytes: { ones: Buffer.alloc(BOMB_BYTES, 0xff) },
  floats: { small: Buffer.alloc(BOMB_BYTES, 0x3d) },
  doubles: { small: Buffer.alloc(BOMB_BYTES, 0x3d) },
  string: { controls: Buffer.alloc(BOMB_BYTES, 1), invalid: Buffer.alloc(BOMB_BYTES, 0xff) },
  protobuf: {
    'nested messages': nestedMessages(),
    'lying lengths': filled('', '0affffffff0f'),
    'open groups': filled('', '0b'),
    'unknown groups': filled('', '7b'),
    'unknown fields': filled('', '7800'),
    'empty messages': filled('', '1200'),
    'empty map entries': filled('', '1a00'),
    'empty texts': filled('', '2200'),
    'empty bytes': filled('', '2a00'),
    'merged messages': filled('', '0a00'),
    'packed integers': filled('32fbff03', '01'),
    'packed flags': filled('3afbff03', '01'),
  },
};

/** The types of values that claim a length, for random packets: as hex, followed by a random length. */
const CLAIMS = {
  cbor: [
    '98',
    '99',
    '9a',
    'b8',
    'b9',
    'ba',
    '58',
    '59',
    '5a',
    '78',
    '79',
    '9f',
    'bf',
    '81',
    'a1',
    'c2',
    'd81e',
    'd90102',
  ],
  msgpack: ['dc', 'dd', 'de', 'df', 'c4', 'c5', 'c6', 'd9', 'da', 'db', 'c7', 'c8', '91', '92', '81', '82'],
  protobuf: ['0a', '12', '1a', '22', '2a', '32', '3a', '42', '0b', '0c', '7a'],
  json: ['5b', '7b', '7b2261223a', '5d', '7d', '2c', '22', '5c', '31', '5b5d2c'],
};

/** A packet of random claims and lengths, the same for the same seed. */
export function randomBomb(decoder, seed) {
  let state = seed >>> 0;
  const random = (limit) => {
    // The generator of Numerical Recipes; its high bits are good enough here.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
  const claims = CLAIMS[decoder];
  const style = random(4);
  const packet = Buffer.alloc(BOMB_BYTES);
  const unit = claims?.[random(claims.length)];
  for (let at = 0; at < BOMB_BYTES; ) {
    if (claims === undefined) {
      packet[at++] = random(256);
      continue;
    }
    at += packet.write(style === 0 ? unit : claims[random(claims.length)], at, 'hex');
    for (let digits = random(style + 2); digits > 0 && at < BOMB_BYTES; digits--) {
      packet[at++] = random(style === 1 ? 4 : 256);
    }
  }
  return packet;
}
