import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TelnetDecoder, type TelnetVerb, telnetEscape, telnetNegotiation } from '../../../../src/index.js';
import { telnetSubnegotiation } from '../../../../src/serial/network/rfc2217/telnet.js';

/** Something that a telnet peer sends. */
type Item = ['data', Uint8Array] | ['negotiation', TelnetVerb, number] | ['subnegotiation', number, Uint8Array];

/** What a decoder finds in chunks. Data that follows data is joined. */
function decode(...chunks: Uint8Array[]) {
  const items: Item[] = [];
  const decoder = new TelnetDecoder({
    data(bytes) {
      const last = items.at(-1);
      if (last?.[0] === 'data') {
        last[1] = Buffer.concat([last[1], bytes]);
      } else {
        items.push(['data', Buffer.from(bytes)]);
      }
    },
    negotiation: (verb, option) => items.push(['negotiation', verb, option]),
    subnegotiation: (option, value) => items.push(['subnegotiation', option, Buffer.from(value)]),
  });
  for (const chunk of chunks) {
    decoder.push(chunk);
  }
  return { items, discarded: decoder.discarded };
}

function encode(item: Item): Uint8Array {
  switch (item[0]) {
    case 'data':
      return telnetEscape(item[1]);
    case 'negotiation':
      return telnetNegotiation(item[1], item[2]);
    default:
      return telnetSubnegotiation(item[1], item[2]);
  }
}

/** Cuts bytes at the given positions, in any order. */
function cut(bytes: Uint8Array, positions: readonly number[]): Uint8Array[] {
  const at = [...positions].map((position) => position % (bytes.length + 1)).sort((a, b) => a - b);
  return [...at, bytes.length].map((end, index) => bytes.subarray(at[index - 1] ?? 0, end));
}

/** Bytes half of which are 0xFF or another byte with a meaning in telnet. */
const someBytes = fc.array(fc.oneof(fc.constantFrom(255, 255, 255, 240, 250, 251, 253, 13, 0), fc.nat({ max: 255 })), {
  maxLength: 60,
});
const data = someBytes.map((bytes): Item => ['data', Buffer.from(bytes)]);
const verb = fc.constantFrom<TelnetVerb>('will', 'wont', 'do', 'dont');
const item = fc.oneof(
  data,
  data,
  fc.tuple(fc.constant('negotiation' as const), verb, fc.nat({ max: 255 })),
  fc.tuple(
    fc.constant('subnegotiation' as const),
    fc.nat({ max: 254 }),
    someBytes.map((bytes) => Buffer.from(bytes)),
  ),
);

describe('TelnetDecoder', () => {
  test('finds what was encoded, in order, however it is cut into chunks', () => {
    fc.assert(
      fc.property(fc.array(item), fc.array(fc.nat(), { maxLength: 40 }), (sent, positions) => {
        const bytes = Buffer.concat(sent.map(encode));
        const expected: Item[] = [];
        for (const each of sent) {
          const last = expected.at(-1);
          if (each[0] !== 'data') {
            expected.push(each);
          } else if (last?.[0] === 'data') {
            last[1] = Buffer.concat([last[1], each[1]]);
          } else if (each[1].length > 0) {
            expected.push(['data', Buffer.from(each[1])]);
          }
        }
        expect(decode(...cut(bytes, positions))).toEqual({ items: expected, discarded: 0 });
      }),
      { numRuns: 1_000 },
    );
  });

  test('finds the same in any bytes, however they are cut into chunks', () => {
    fc.assert(
      fc.property(someBytes, fc.array(fc.nat(), { maxLength: 40 }), (bytes, positions) => {
        expect(decode(...cut(Uint8Array.from(bytes), positions))).toEqual(decode(Uint8Array.from(bytes)));
      }),
      { numRuns: 1_000 },
    );
  });

  test('passes on data as parts of the chunk, without a copy', () => {
    const chunk = Uint8Array.of(1, 255, 255, 2, 255, 241, 3);
    const parts: Uint8Array[] = [];
    const ignored = () => undefined;
    new TelnetDecoder({ data: (bytes) => parts.push(bytes), negotiation: ignored, subnegotiation: ignored }).push(
      chunk,
    );
    expect(parts).toEqual([Uint8Array.of(1, 255), Uint8Array.of(2), Uint8Array.of(3)]);
    expect(parts.every((part) => part.buffer === chunk.buffer)).toBe(true);
  });

  test.each<[string, number[], Item[]]>([
    ['an escaped 0xFF that two chunks share', [255], [['data', Buffer.of(255, 7)]]],
    ['NOP, and other commands without a meaning here', [255, 241, 255, 246], [['data', Buffer.of(255, 7)]]],
  ])('decodes %s', (_what, first, items) => {
    const second = first.length === 1 ? [255, 7] : [255, 255, 7];
    expect(decode(Uint8Array.from(first), Uint8Array.from(second))).toEqual({ items, discarded: 0 });
  });

  test('discards and counts a subnegotiation that is too long, and continues', () => {
    const tooLong = telnetSubnegotiation(44, new Uint8Array(1_024).fill(255));
    const longest = new Uint8Array(1_023).fill(255);
    expect(decode(tooLong, Buffer.of(1), telnetSubnegotiation(44, longest))).toEqual({
      items: [
        ['data', Buffer.of(1)],
        ['subnegotiation', 44, Buffer.from(longest)],
      ],
      discarded: 1,
    });
  });

  test.each<[string, number[], Item[]]>([
    ['ends without SE, at a negotiation', [255, 250, 44, 1, 255, 253, 0], [['negotiation', 'do', 0]]],
    [
      'ends without SE, at another one',
      [255, 250, 44, 1, 255, 250, 44, 5, 255, 240],
      [['subnegotiation', 44, Buffer.of(5)]],
    ],
    ['is empty', [255, 250, 255, 240], []],
  ])('discards and counts a subnegotiation that %s', (_what, bytes, items) => {
    expect(decode(Uint8Array.from(bytes))).toEqual({ items, discarded: 1 });
  });
});

describe('telnetEscape', () => {
  test('doubles each 0xFF, and nothing else', () => {
    fc.assert(
      fc.property(someBytes, (bytes) => {
        const expected = bytes.flatMap((byte) => (byte === 255 ? [255, 255] : [byte]));
        expect([...telnetEscape(Uint8Array.from(bytes))]).toEqual(expected);
      }),
    );
  });

  test('returns the bytes themselves if there is no 0xFF', () => {
    const bytes = Uint8Array.of(1, 2, 254);
    expect(telnetEscape(bytes)).toBe(bytes);
  });
});
