import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ScrollMap } from '../../../../web/packets/scroll-map.js';
import { checkProperty } from '../../../support/check-property.js';

const ROW = 20;
const MAX_HEIGHT = 10_000;

/** A scroller as a browser has it: it clips the position that it is set to. */
class Scroller {
  readonly map = new ScrollMap(ROW, MAX_HEIGHT);
  readonly #viewport: number;
  scrollTop = 0;

  constructor(rows: number, viewport = 200) {
    this.#viewport = viewport;
    this.map.setViewport(viewport);
    this.map.setRows(0, rows);
  }

  get maxScroll(): number {
    return Math.max(0, this.map.contentHeight - this.#viewport);
  }

  /** The user moves it. */
  moveTo(scrollTop: number): void {
    this.scrollTop = Math.min(Math.max(0, scrollTop), this.maxScroll);
    if (this.map.scrolled(this.scrollTop)) {
      this.sync();
    }
  }

  /** It is at rest. */
  sync(): void {
    this.scrollTop = Math.min(Math.max(0, this.map.scrollTop), this.maxScroll);
    this.map.synced(this.scrollTop);
  }
}

describe('with few rows', () => {
  test('moves by pixels', () => {
    const scroller = new Scroller(100);
    expect(scroller.map.contentHeight).toBe(100 * ROW);
    scroller.moveTo(50);
    expect(scroller.map.top).toBe(2.5);
    scroller.moveTo(1_050);
    expect(scroller.map.top).toBe(52.5);
  });

  test('shows the last row at the end', () => {
    const scroller = new Scroller(100);
    scroller.moveTo(99_999);
    expect(scroller.map.top).toBe(90);
    expect(scroller.map.isAtEnd).toBe(true);
    expect(scroller.map.lastVisible).toBe(99);
  });

  test('cuts no row at the upper edge when it is at the end', () => {
    const scroller = new Scroller(100, 210);
    scroller.map.moveToEnd();
    expect(scroller.map.top).toBe(90);
    scroller.sync();
    expect(scroller.scrollTop).toBe(scroller.maxScroll);
  });

  test('does not move if all rows fit', () => {
    const scroller = new Scroller(3);
    scroller.moveTo(10);
    expect(scroller.map.top).toBe(0);
    expect(scroller.map.isAtEnd).toBe(true);
    expect(scroller.map.scrollTop).toBe(0);
  });

  test('does not move without rows', () => {
    const scroller = new Scroller(0);
    scroller.map.moveToEnd();
    expect(scroller.map.top).toBe(0);
    expect(scroller.map.scrollTop).toBe(0);
  });
});

describe('with more rows than the scroller can be high', () => {
  const ROWS = 1_000_000;

  test('is no higher than allowed', () => {
    expect(new Scroller(ROWS).map.contentHeight).toBe(MAX_HEIGHT);
  });

  test('moves by pixels of rows for small steps, so that every row can be reached', () => {
    const scroller = new Scroller(ROWS);
    scroller.map.moveTo(500_000);
    scroller.sync();
    scroller.moveTo(scroller.scrollTop + 100);
    expect(scroller.map.top).toBeCloseTo(500_005, 6);
    scroller.moveTo(scroller.scrollTop - 60);
    expect(scroller.map.top).toBeCloseTo(500_002, 6);
  });

  test('goes in proportion for large steps', () => {
    const scroller = new Scroller(ROWS);
    scroller.moveTo(scroller.maxScroll / 2);
    expect(scroller.map.top).toBeCloseTo((ROWS - 10) / 2, 3);
    scroller.moveTo(scroller.maxScroll);
    expect(scroller.map.isAtEnd).toBe(true);
    scroller.moveTo(0);
    expect(scroller.map.top).toBe(0);
  });

  test('does not lose rows at the edges when steps go on without rest', () => {
    const scroller = new Scroller(ROWS);
    scroller.map.moveTo(700);
    scroller.sync();
    for (let step = 1; step <= 139; step++) {
      scroller.moveTo(scroller.scrollTop - 100);
      expect(scroller.map.top).toBeCloseTo(700 - step * 5, 6);
    }
    scroller.moveTo(scroller.scrollTop - 100);
    expect(scroller.map.top).toBeCloseTo(0, 6);
    scroller.map.moveTo(ROWS - 700);
    scroller.sync();
    for (let step = 1; step <= 138; step++) {
      scroller.moveTo(scroller.scrollTop + 100);
      expect(scroller.map.top).toBeCloseTo(ROWS - 700 + step * 5, 6);
    }
    scroller.moveTo(scroller.scrollTop + 100);
    expect(scroller.map.isAtEnd).toBe(true);
  });
});

test('keeps the place when rows are added and dropped', () => {
  const scroller = new Scroller(1_000);
  scroller.map.moveTo(400);
  scroller.map.setRows(300, 5_000);
  expect(scroller.map.top).toBe(400);
  scroller.map.setRows(600, 5_000);
  expect(scroller.map.top).toBe(600);
  expect(scroller.map.scrollTop).toBe(0);
});

test('brings a row into view with the least movement, or to the middle', () => {
  const { map } = new Scroller(1_000);
  map.moveTo(100);
  map.bring(105, 'nearest');
  expect(map.top).toBe(100);
  map.bring(110, 'nearest');
  expect(map.top).toBe(101);
  map.bring(50, 'nearest');
  expect(map.top).toBe(50);
  map.bring(55, 'center');
  expect(map.top).toBe(50);
  map.bring(500, 'center');
  expect(map.top).toBe(495);
  expect([map.isInView(494), map.isInView(495), map.isInView(504), map.isInView(505)]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});

test('the top is always within the rows, and setting the scroller to it changes nothing', () => {
  const action = fc.oneof(
    fc.record({ kind: fc.constant('scroll' as const), to: fc.double({ min: -100, max: 12_000, noNaN: true }) }),
    fc.record({ kind: fc.constant('step' as const), by: fc.integer({ min: -200, max: 200 }) }),
    fc.record({ kind: fc.constant('move' as const), to: fc.integer({ min: -10, max: 200_000 }) }),
    fc.record({ kind: fc.constant('rows' as const), first: fc.nat(100_000), count: fc.nat(100_000) }),
    fc.record({ kind: fc.constant('sync' as const) }),
  );
  const property = fc.property(
    fc.nat(100_000),
    fc.integer({ min: 20, max: 500 }),
    fc.array(action),
    (rows, viewport, actions) => {
      const scroller = new Scroller(rows, viewport);
      let first = 0;
      for (const each of actions) {
        if (each.kind === 'scroll') {
          scroller.moveTo(each.to);
        } else if (each.kind === 'step') {
          scroller.moveTo(scroller.scrollTop + each.by);
        } else if (each.kind === 'move') {
          scroller.map.moveTo(each.to);
        } else if (each.kind === 'rows') {
          first = each.first;
          scroller.map.setRows(first, first + each.count);
        }
        const { top, maxTop, scrollTop } = scroller.map;
        expect(top).toBeGreaterThanOrEqual(first);
        expect(top).toBeLessThanOrEqual(maxTop);
        expect(scrollTop).toBeGreaterThanOrEqual(0);
        expect(scrollTop).toBeLessThanOrEqual(scroller.maxScroll + 1);
        scroller.sync();
        expect(scroller.map.scrolled(scroller.scrollTop)).toBe(false);
        expect(scroller.map.top).toBe(top);
      }
    },
  );
  checkProperty(property, 200);
});
