import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  dragKind,
  isClick,
  selectedArea,
  selectionOf,
  wheelFactor,
  zoneOf,
} from '../../../../../web/plots/chart/drag.js';

const area = { left: 60, top: 20, width: 400, height: 200 };

test.each([
  [{ x: 10, y: 10 }, 'lines'],
  [{ x: -10, y: 10 }, 'value-axis'],
  [{ x: 10, y: 210 }, 'time-axis'],
  [{ x: -10, y: 210 }, undefined],
  [{ x: 500, y: 10 }, undefined],
  [{ x: 410, y: 10 }, 'lines'],
])('%j is in the zone %s', (place, zone) => {
  expect(zoneOf(place, area)).toBe(zone);
});

test.each([
  ['a mouse selects', 'lines', { type: 'mouse', button: 0, hasShift: false }, 'select'],
  ['a mouse with Shift pans', 'lines', { type: 'mouse', button: 0, hasShift: true }, 'pan'],
  ['the middle button pans', 'lines', { type: 'mouse', button: 1, hasShift: false }, 'pan'],
  ['a finger pans', 'lines', { type: 'touch', button: 0, hasShift: false }, 'pan'],
  ['the axis of times is panned', 'time-axis', { type: 'mouse', button: 0, hasShift: false }, 'pan'],
  ['the axis of values is panned', 'value-axis', { type: 'mouse', button: 0, hasShift: false }, 'pan-values'],
] as const)('%s', (_, zone, pointer, kind) => {
  expect(dragKind(zone, pointer)).toBe(kind);
});

describe('selectionOf', () => {
  test('is a part of the time, in any direction', () => {
    const selection = { axis: 'time', from: 50, to: 100 };
    expect(selectionOf({ x: 50, y: 10 }, { x: 100, y: 40 }, area)).toEqual(selection);
    expect(selectionOf({ x: 100, y: 40 }, { x: 50, y: 10 }, area)).toEqual(selection);
  });

  test('is a part of the values if the drag is plainly vertical', () => {
    expect(selectionOf({ x: 50, y: 10 }, { x: 55, y: 90 }, area)).toEqual({ axis: 'values', from: 10, to: 90 });
  });

  test('is none if it is too small', () => {
    expect(selectionOf({ x: 50, y: 10 }, { x: 52, y: 10 }, area)).toBeUndefined();
  });

  test('stays within the plot', () => {
    const place = fc.record({ x: fc.integer({ min: -900, max: 900 }), y: fc.integer({ min: -900, max: 900 }) });
    fc.assert(
      fc.property(place, place, (start, end) => {
        const selection = selectionOf(start, end, area);
        if (selection === undefined) return;
        const { left, top, width, height } = selectedArea(selection, area);
        expect(left >= 0 && top >= 0 && left + width <= area.width && top + height <= area.height).toBe(true);
      }),
    );
  });
});

test('a click moves by a few pixels at most', () => {
  expect(isClick({ x: 0, y: 0 }, { x: 3, y: 3 })).toBe(true);
  expect(isClick({ x: 0, y: 0 }, { x: 6, y: 0 })).toBe(false);
});

test('a wheel zooms by as much in one direction as in the other, and never by very much', () => {
  expect(wheelFactor(100, 0)).toBeGreaterThan(1.2);
  expect(wheelFactor(100, 0) * wheelFactor(-100, 0)).toBeCloseTo(1);
  expect(wheelFactor(3, 1)).toBeCloseTo(wheelFactor(48, 0));
  fc.assert(
    fc.property(fc.double({ noNaN: true }), fc.constantFrom(0, 1, 2), (delta, mode) => {
      expect(wheelFactor(delta, mode)).toBeGreaterThan(0.5);
      expect(wheelFactor(delta, mode)).toBeLessThan(2);
    }),
  );
});
