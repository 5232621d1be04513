import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CharacterFormat } from '../../../src/testing/chip/character.js';
import { CharacterReceiver, characterCycles } from '../../../src/testing/chip/character.js';

const eight: CharacterFormat = { bitCycles: 100, dataBits: 8, parity: 'none', stopBits: 1 };

const format = fc.record<CharacterFormat>({
  bitCycles: fc.integer({ min: 8, max: 40_000 }),
  dataBits: fc.integer({ min: 5, max: 9 }),
  parity: fc.constantFrom('none', 'even', 'odd', 'mark', 'space'),
  stopBits: fc.constantFrom(1, 1.5, 2),
});

describe('characterCycles', () => {
  it('counts start, data, parity and stop bits', () => {
    expect(characterCycles(eight)).toBe(1000);
    expect(characterCycles({ ...eight, dataBits: 7, parity: 'even', stopBits: 2 })).toBe(1100);
  });
});

describe('CharacterReceiver', () => {
  it('reads consecutive characters correctly in any format when the rates are within 4 % of each other', () => {
    fc.assert(
      fc.property(
        format,
        fc.double({ min: 0.96, max: 1.04, noNaN: true }),
        fc.array(fc.nat(511)),
        (sent, skew, values) => {
          const expected = { ...sent, bitCycles: sent.bitCycles * skew };
          const receiver = new CharacterReceiver();
          for (const [index, raw] of values.entries()) {
            const value = raw & ((1 << sent.dataBits) - 1);
            expect(receiver.receive(value, sent, expected, index * characterCycles(sent))).toEqual({
              value,
              framingError: false,
              parityError: false,
            });
          }
        },
      ),
    );
  });

  it('misreads a character when the rates differ by 8 %', () => {
    const receive = (bitCycles: number) => new CharacterReceiver().receive(0x00, eight, { ...eight, bitCycles }, 0);
    expect(receive(92)).toEqual({ value: 0x00, framingError: true, parityError: false });
    expect(receive(108)).toEqual({ value: 0x80, framingError: false, parityError: false });
  });

  it('reads the start bit of a slow sender as a break, and a burst from a fast sender as one character', () => {
    const fast = new CharacterReceiver();
    expect(fast.receive(0xa5, { ...eight, bitCycles: 1200 }, eight, 0)).toMatchObject({ value: 0, framingError: true });

    const slow = new CharacterReceiver();
    const received = Array.from({ length: 20 }, (_, index) =>
      slow.receive(0xa5, { ...eight, bitCycles: 10 }, eight, index * 100),
    );
    expect(received.flatMap((character, index) => (character ? [index] : []))).toEqual([0, 10]);
  });

  it('detects wrong parity', () => {
    const even: CharacterFormat = { ...eight, parity: 'even' };
    const receiver = new CharacterReceiver();
    expect(receiver.receive(0x01, { ...even, parity: 'odd' }, even, 0)).toEqual({
      value: 0x01,
      framingError: false,
      parityError: true,
    });
  });

  it('reads the stop bit of a shorter character as data', () => {
    expect(new CharacterReceiver().receive(0x01, { ...eight, dataBits: 7 }, eight, 0)?.value).toBe(0x81);
  });
});
