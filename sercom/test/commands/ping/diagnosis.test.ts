import { describe, expect, test } from 'vitest';
import { pingTrouble } from '../../../src/commands/ping/diagnosis.js';
import { PingTally } from '../../../src/commands/ping/tally.js';

describe('pingTrouble', () => {
  const setup = { settleMs: 0, isSimulated: false, window: 1, hasIds: false, unframed: new Uint8Array(0) };
  const before = {
    bytesRead: 0,
    delimiters: 0,
    skippedBytes: 0,
    packetsReceived: 0,
    malformedFrames: 0,
    tooLongFrames: 0,
    checksumFrames: 0,
    tooShortFrames: 0,
  };
  const some = { ...before, bytesRead: 10, delimiters: 2, packetsReceived: 1 };
  /** A tally of one packet of each size. */
  const tallyOf = (back: number[], lost: number[]) => {
    const tally = new PingTally();
    for (const bytes of [...back, ...lost]) {
      const { number, packet } = tally.add(bytes, 0);
      if (back.includes(bytes)) {
        tally.arrived(packet, 1);
      } else {
        tally.lose(number);
      }
    }
    return tally;
  };

  test('is undefined if all packets came back', () => {
    expect(pingTrouble(tallyOf([8], []), some, before, setup)).toBeUndefined();
  });

  test('recommends checking --size if only large packets are lost', () => {
    expect(pingTrouble(tallyOf([8, 200], [600, 700]), some, before, setup)).toMatch(
      /up to 200 bytes came back: .* of 600 bytes \(--size\)/,
    );
  });

  test('recommends --interval or --window if packets of any size are lost', () => {
    const tally = tallyOf([8, 200], [100, 600]);
    expect(pingTrouble(tally, some, before, setup)).toMatch(/--interval/);
    expect(pingTrouble(tally, some, before, { ...setup, window: 4 })).toMatch(/buffer 4 packets \(--window\)/);
  });

  test('says that the device prints text', () => {
    const unframed = Buffer.from('temp 21.5\r\n');
    const text = { ...before, bytesRead: unframed.length };
    expect(pingTrouble(tallyOf([], [8]), text, before, { ...setup, unframed })).toMatch(
      /^11 bytes received, but no delimiter \(00\): they look like text \("temp 21\.5\\r\\n"\)/,
    );
  });

  test('does not take bytes received before the first packet for an echo', () => {
    expect(pingTrouble(tallyOf([], [8]), some, some, setup)).toMatch(/^no bytes received in reply: .*--settle 2000/);
  });
});
