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
