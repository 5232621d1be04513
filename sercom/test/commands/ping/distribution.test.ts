import { describe, expect, test } from 'vitest';
import { Distribution } from '../../../src/commands/ping/distribution.js';

describe('Distribution', () => {
  test('computes percentiles by nearest rank', () => {
    const distribution = new Distribution();
    for (let value = 100; value > 0; value--) {
      distribution.add(value);
    }
    expect([0.5, 0.9, 0.99, 1].map((share) => distribution.percentile(share))).toEqual([50, 90, 99, 100]);
    expect(new Distribution().percentile(0.5)).toBeUndefined();
  });

  test('makes a histogram that contains every value', () => {
    const distribution = new Distribution();
    for (const value of [0.1, 0.1, 3, 9.99]) {
      distribution.add(value);
    }
    const rows = distribution.histogram(12);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(rows[0]).toEqual({ from: 0, to: 1, count: 2 });
    expect(new Distribution().histogram(12)).toEqual([]);
  });
});
