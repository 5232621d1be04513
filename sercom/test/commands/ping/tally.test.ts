import { describe, expect, test } from 'vitest';
import { PingTally } from '../../../src/commands/ping/tally.js';

describe('PingTally', () => {
  test('no longer counts a packet as lost when it comes back late', () => {
    const tally = new PingTally();
    const { packet } = tally.add(8, 0);
    tally.expire(1);
    expect(tally.lost).toBe(1);
    tally.arrived(packet, 5);
    expect([tally.lost, tally.received, tally.rttMs.percentile(1)]).toEqual([0, 1, 5]);
  });

  test('takes a rejected frame for the echo of the oldest packet in flight, otherwise as unexpected', () => {
    const tally = new PingTally();
    tally.add(8, 0);
    tally.rejected();
    tally.rejected();
    expect([tally.corrupted, tally.pending, tally.unexpected]).toEqual([1, 0, 1]);
  });

  test('counts a second echo as unexpected, not as a corrupted echo of the next packet', () => {
    const tally = new PingTally();
    const { packet } = tally.add(8, 0);
    tally.arrived(packet, 1);
    tally.add(8, 2);
    tally.arrived(packet, 3);
    expect([tally.received, tally.unexpected, tally.corrupted, tally.pending]).toEqual([1, 1, 0, 1]);
  });

  test('recognizes the last 1,000 lost packets when they come back late', () => {
    const lost = (packets: number) => {
      const tally = new PingTally();
      const all = Array.from({ length: packets }, () => tally.add(8, 0).packet);
      tally.expire(0);
      expect(tally.lost).toBe(packets);
      tally.arrived(all[0]!, 5);
      return [tally.received, tally.lost, tally.unexpected];
    };
    expect(lost(1_000)).toEqual([1, 999, 0]);
    // The first was given up too long ago.
    expect(lost(1_001)).toEqual([0, 1_001, 1]);
  });

  test('knows the size of the smallest lost packet, however long ago it was lost', () => {
    const tally = new PingTally();
    expect(tally.smallestLost).toBe(Number.POSITIVE_INFINITY);
    for (let number = 0; number < 1_003; number++) {
      // Of the forgotten packets, the second is the smallest.
      tally.lose(tally.add([12, 8, 10][number] ?? 16, 0).number);
    }
    expect([tally.smallestLost, tally.lost]).toEqual([8, 1_003]);
  });

  test.each([
    [
      'its number',
      [8, 9],
      1,
      (sent: Uint8Array) => sent.subarray(0, 8).map((byte, index) => (index === 7 ? ~byte : byte)),
    ],
    ['its number, even if it has nothing else', [4, 6], 0, (sent: Uint8Array) => Uint8Array.of(...sent, 7, 7)],
    ['its size, if its number is altered', [8, 9], 1, (sent: Uint8Array) => sent.map((byte) => ~byte)],
    ['its size, if it is shorter than a number', [3, 2], 1, (sent: Uint8Array) => sent.map((byte) => ~byte)],
  ] as const)('takes an altered packet for the echo of the packet with %s', (_, sizes, altered, alter) => {
    const tally = new PingTally();
    const packets = sizes.map((bytes) => tally.add(bytes, 0).packet);
    tally.arrived(alter(packets[altered]!), 1);
    expect([tally.corrupted, tally.pending, tally.unexpected]).toEqual([1, 1, 0]);
    // The other one still waits for its echo.
    tally.arrived(packets[1 - altered]!, 2);
    expect([tally.received, tally.pending]).toEqual([1, 0]);
  });

  test('counts a packet that resembles none in flight as unexpected', () => {
    const tally = new PingTally();
    tally.add(8, 0);
    tally.arrived(Uint8Array.of(9, 9, 9, 9, 9), 1);
    expect([tally.corrupted, tally.pending, tally.unexpected]).toEqual([0, 1, 1]);
  });

  test('recognizes a second echo of a packet that has only its number', () => {
    const tally = new PingTally();
    const { packet } = tally.add(4, 0);
    tally.arrived(packet, 1);
    tally.add(4, 2);
    tally.arrived(packet, 3);
    expect([tally.unexpected, tally.corrupted, tally.pending]).toEqual([1, 0, 1]);
  });

  test('counts abandoned packets neither as sent nor as lost', () => {
    const tally = new PingTally();
    tally.add(8, 0);
    tally.abandon();
    expect([tally.sent, tally.lost, tally.pending]).toEqual([0, 0, 0]);
  });

  test('makes packets that contain every byte value, including zero', () => {
    const tally = new PingTally();
    expect(new Set(tally.add(4_096, 0).packet).size).toBe(256);
  });
});
