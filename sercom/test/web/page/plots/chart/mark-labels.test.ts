import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { MarkRow } from '../../../../../src/web/protocol.js';
import { markNear, placeMarks } from '../../../../../web/plots/chart/mark-labels.js';

const widthOf = (text: string) => text.length * 6;
const identity = (timeUs: number) => timeUs;

function mark(timeUs: number, text: string, kind: MarkRow['mark'] = 'marker'): MarkRow {
  return { row: 0, timeUs, mark: kind, text };
}

test('labels have their text, their sign or nothing, as there is room', () => {
  const marks = [
    mark(0, 'start'),
    mark(100, 'unplugged', 'disconnected'),
    mark(130, 'back', 'connected'),
    mark(132, 'x'),
  ];
  const labels = placeMarks(marks, identity, 0, 1_000, widthOf).map(({ label }) => label);
  expect(labels).toEqual(['⚑ start', '▲', '', '⚑ x']);
});

test('marks outside are left out', () => {
  const placed = placeMarks([mark(-1, 'a'), mark(50, 'b'), mark(101, 'c')], identity, 0, 100, widthOf);
  expect(placed.map(({ x }) => x)).toEqual([50]);
});

test('texts are cut where there is room for a part of them', () => {
  const marks = [mark(0, 'gripper disconnected', 'disconnected'), mark(100, 'gripper connected', 'connected')];
  const labels = placeMarks(marks, identity, 0, 1_000, widthOf).map(({ label }) => label);
  expect(labels).toEqual(['▲ gripper disc…', '● gripper connected']);
});

test('long texts are cut', () => {
  const [placed] = placeMarks([mark(0, 'x'.repeat(1_000))], identity, 0, 10_000, widthOf);
  expect(placed!.label).toHaveLength(42);
  expect(placed!.label.endsWith('…')).toBe(true);
});

test('labels never touch the next mark', () => {
  const any = fc.record({ at: fc.integer({ min: -50, max: 850 }), text: fc.string({ maxLength: 60 }) });
  fc.assert(
    fc.property(fc.array(any, { maxLength: 50 }), (all) => {
      const placed = placeMarks(
        all.map(({ at, text }) => mark(at, text)),
        identity,
        0,
        800,
        widthOf,
      );
      for (const [index, { x, label }] of placed.entries()) {
        const end = placed[index + 1]?.x ?? 800;
        if (label !== '') expect(x + widthOf(label)).toBeLessThan(end);
      }
    }),
  );
});

test('the mark at the cursor is the nearest one within reach', () => {
  const marks = [mark(10, 'a'), mark(20, 'b'), mark(90, 'c')];
  expect(markNear(marks, identity, 16, 5)?.text).toBe('b');
  expect(markNear(marks, identity, 50, 5)).toBeUndefined();
});
