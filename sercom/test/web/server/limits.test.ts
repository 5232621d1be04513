import { expect, test } from 'vitest';
import { RateLimit, Slots } from '../../../src/web/server/limits.js';

test('a client may send some requests at once, and then as many as the rate allows', () => {
  let nowMs = 0;
  const rate = new RateLimit(10, 3, () => nowMs);
  const taken = (times: number) => Array.from({ length: times }, () => rate.take('a')).filter(Boolean).length;
  expect(taken(5)).toBe(3);
  nowMs += 100;
  expect(taken(5)).toBe(1);
  nowMs += 99;
  expect(taken(5)).toBe(0);
  nowMs += 1;
  expect(taken(5)).toBe(1);
  // Waiting for long does not save up more.
  nowMs += 1e9;
  expect(taken(5)).toBe(3);
  expect(rate.take('b')).toBe(true);
});

test('a client that is refused does not get further behind', () => {
  let nowMs = 0;
  const rate = new RateLimit(1, 1, () => nowMs);
  for (; nowMs <= 1_000; nowMs += 10) {
    rate.take('a');
  }
  nowMs = 2_000;
  expect(rate.take('a')).toBe(true);
});

test('only some clients are remembered, so that their number costs no memory', () => {
  const rate = new RateLimit(1, 1, () => 0);
  expect(rate.take('first')).toBe(true);
  for (let index = 0; index < 999; index++) {
    rate.take(`client ${index}`);
  }
  expect(rate.take('first')).toBe(false);
  for (let index = 0; index < 1_000; index++) {
    rate.take(`other ${index}`);
  }
  expect(rate.take('first')).toBe(true);
});

test('slots are taken and freed', () => {
  const slots = new Slots(2);
  expect([slots.take(), slots.take(), slots.take()]).toEqual([true, true, false]);
  expect(slots.used).toBe(2);
  slots.free();
  expect([slots.take(), slots.take()]).toEqual([true, false]);
});
