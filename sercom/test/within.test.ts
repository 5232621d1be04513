import { getEventListeners } from 'node:events';
import { expect, test } from 'vitest';
import { within } from '../src/within.js';

const never = new Promise<never>(() => {});

test('is true if the work finishes in time', async () => {
  expect(await within(10_000, Promise.resolve(), new AbortController().signal)).toBe(true);
});

test('is false if the time is up first', async () => {
  expect(await within(1, never, new AbortController().signal)).toBe(false);
});

test('rejects with the error of the work', async () => {
  const error = new Error('failed');
  await expect(within(10_000, Promise.reject(error), new AbortController().signal)).rejects.toBe(error);
});

test('rejects with the reason of the signal, before and while waiting', async () => {
  const controller = new AbortController();
  const reason = new Error('interrupted');
  const waiting = within(10_000, never, controller.signal);
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  await expect(within(10_000, never, controller.signal)).rejects.toBe(reason);
});

test('leaves no listener on the signal', async () => {
  const { signal } = new AbortController();
  await within(10_000, Promise.resolve(), signal);
  await within(1, never, signal);
  expect(getEventListeners(signal, 'abort')).toEqual([]);
});
