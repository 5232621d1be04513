import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fixedRange,
  isFollowing,
  lengthOf,
  MAX_SPAN_US,
  MIN_SPAN_US,
  panned,
  type Span,
  showing,
  spanOf,
  toggledFollow,
  zoomed,
} from '../../../../../web/plots/axes/time-range.js';
import type { TimeRange } from '../../../../../web/state.js';

const NOW = 1_790_000_000_000_000;
const held: Span = { fromUs: NOW - 100_000_000, toUs: NOW };
const last10: TimeRange = { kind: 'last', seconds: 10 };

const spans = fc
  .record({
    fromUs: fc.integer({ min: NOW - 1e12, max: NOW + 1e12 }),
    lengthUs: fc.integer({ min: MIN_SPAN_US, max: 1e13 }),
  })
  .map(({ fromUs, lengthUs }) => ({ fromUs, toUs: fromUs + lengthUs }));
const ranges: fc.Arbitrary<TimeRange> = fc.oneof(
  fc.constant({ kind: 'all' } as const),
  fc.record({ kind: fc.constant('last' as const), seconds: fc.double({ min: 1e-6, max: 1e9, noNaN: true }) }),
  spans.map((span) => ({ kind: 'fixed', ...span }) as const),
);

describe('spanOf', () => {
  test.each<[string, TimeRange, Span]>([
    ['all that is held', { kind: 'all' }, held],
    ['the last seconds', last10, { fromUs: NOW - 10_000_000, toUs: NOW }],
    ['a fixed part, held or not', { kind: 'fixed', fromUs: 5, toUs: 1_005 }, { fromUs: 5, toUs: 1_005 }],
    ['at least 20 µs', { kind: 'fixed', fromUs: 100, toUs: 101 }, { fromUs: 81, toUs: 101 }],
  ])('is %s', (_, range, span) => {
    expect(spanOf(range, held)).toEqual(span);
  });

  test('has a single moment in its middle', () => {
    expect(spanOf({ kind: 'all' }, { fromUs: NOW, toUs: NOW })).toEqual({ fromUs: NOW - 500_000, toUs: NOW + 500_000 });
  });

  test('is not known while nothing is held, unless it is fixed', () => {
    expect(spanOf({ kind: 'all' }, undefined)).toBeUndefined();
    expect(spanOf(last10, undefined)).toBeUndefined();
    expect(spanOf({ kind: 'fixed', fromUs: 1, toUs: 100 }, undefined)).toEqual({ fromUs: 1, toUs: 100 });
  });

  test('has ends in order and a length that can be shown, whatever the range', () => {
    fc.assert(
      fc.property(ranges, spans, (range, any) => {
        const span = spanOf(range, any)!;
        expect(lengthOf(span)).toBeGreaterThanOrEqual(MIN_SPAN_US * 0.99);
        expect(lengthOf(span)).toBeLessThanOrEqual(MAX_SPAN_US * 1.01);
      }),
    );
  });
});

describe('zoomed', () => {
  test('keeps following the newest packets', () => {
    expect(zoomed(last10, held, 0.5, NOW - 9_000_000)).toEqual({ kind: 'last', seconds: 5 });
  });

  test('keeps the time at the cursor at its place', () => {
    fc.assert(
      fc.property(
        spans,
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.double({ min: 0.1, max: 1, noNaN: true }),
        (span, share, factor) => {
          const atUs = span.fromUs + share * lengthOf(span);
          const after = spanOf(zoomed({ kind: 'fixed', ...span }, held, factor, atUs), held)!;
          if (lengthOf(after) <= MIN_SPAN_US + 1) return;
          expect((atUs - after.fromUs) / lengthOf(after)).toBeCloseTo(share, 1);
        },
      ),
    );
  });

  test('shows all when nothing more is held', () => {
    expect(zoomed({ kind: 'all' }, held, 2)).toEqual({ kind: 'all' });
    expect(zoomed(fixedRange({ fromUs: held.fromUs + 1, toUs: held.toUs - 1 }), held, 2)).toEqual({ kind: 'all' });
    expect(zoomed({ kind: 'all' }, held, 0.5, NOW)).toEqual({ kind: 'fixed', fromUs: NOW - 50_000_000, toUs: NOW });
  });

  test('stops at the shortest and the longest time', () => {
    let range: TimeRange = fixedRange({ fromUs: NOW - 1_000, toUs: NOW });
    for (let times = 0; times < 50; times++) range = zoomed(range, held, 0.1);
    expect(lengthOf(spanOf(range, held)!)).toBe(MIN_SPAN_US);
    range = last10;
    for (let times = 0; times < 50; times++) range = zoomed(range, held, 10);
    expect(lengthOf(spanOf(range, held)!)).toBe(MAX_SPAN_US);
  });

  test('changes nothing while nothing is held', () => {
    expect(zoomed(last10, undefined, 2)).toBe(last10);
  });
});

describe('panned', () => {
  test('goes back in time and no longer follows', () => {
    const range = panned(last10, held, -0.5);
    expect(range).toEqual({ kind: 'fixed', fromUs: NOW - 15_000_000, toUs: NOW - 5_000_000 });
    expect(isFollowing(range)).toBe(false);
  });

  test('does not go beyond the newest packets while it follows', () => {
    expect(panned(last10, held, 0.5)).toBe(last10);
  });

  test('keeps the length, and half of it within what is held', () => {
    const shares = fc.double({ min: -50, max: 50, noNaN: true });
    fc.assert(
      fc.property(fc.array(shares, { maxLength: 20 }), (pans) => {
        let range: TimeRange = fixedRange({ fromUs: NOW - 20_000_000, toUs: NOW - 10_000_000 });
        for (const share of pans) range = panned(range, held, share);
        const span = spanOf(range, held)!;
        expect(lengthOf(span)).toBeCloseTo(10_000_000, -1);
        expect(span.toUs).toBeGreaterThanOrEqual(held.fromUs + 4_999_990);
        expect(span.fromUs).toBeLessThanOrEqual(held.toUs - 4_999_990);
      }),
    );
  });

  test('comes back step by step from a time that is no longer held', () => {
    const gone = fixedRange({ fromUs: held.fromUs - 60_000_000, toUs: held.fromUs - 50_000_000 });
    expect(panned(gone, held, -0.1)).toEqual(gone);
    expect(spanOf(panned(gone, held, 0.5), held)!.fromUs).toBe(held.fromUs - 55_000_000);
  });
});

describe('toggledFollow', () => {
  test('stops at what is shown', () => {
    expect(toggledFollow(last10, held)).toEqual({ kind: 'fixed', fromUs: NOW - 10_000_000, toUs: NOW });
  });

  test('follows with as much time as is shown', () => {
    expect(toggledFollow({ kind: 'fixed', fromUs: 0, toUs: 3_000_000 }, held)).toEqual({ kind: 'last', seconds: 3 });
  });
});

describe('showing', () => {
  test('keeps a range that has the time, but stops it', () => {
    const fixed = fixedRange({ fromUs: NOW - 10, toUs: NOW + 10 });
    expect(showing(fixed, held, NOW)).toBe(fixed);
    expect(showing({ kind: 'all' }, held, NOW - 5)).toEqual({ kind: 'all' });
    expect(showing(last10, held, NOW - 5)).toEqual({ kind: 'fixed', fromUs: NOW - 10_000_000, toUs: NOW });
  });

  test('has the time in the middle otherwise', () => {
    expect(showing(last10, held, NOW - 50_000_000)).toEqual({
      kind: 'fixed',
      fromUs: NOW - 55_000_000,
      toUs: NOW - 45_000_000,
    });
  });
});
