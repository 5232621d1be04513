import { expect, test } from 'vitest';
import { Interruption } from '../src/interruption.js';

const listeners = () => process.listenerCount('SIGINT') + process.listenerCount('SIGTERM');

test.each(['SIGINT', 'SIGTERM'] as const)('the first %s aborts the signal, and the next one kills', (name) => {
  const before = listeners();
  const interruption = new Interruption();
  expect(listeners()).toBe(before + 2);
  process.emit(name);
  expect(interruption.signal.aborted).toBe(true);
  // Without a listener, Node.js ends the process.
  expect(listeners()).toBe(before);
});

test('after close, signals have their default effect again', () => {
  const before = listeners();
  const interruption = new Interruption();
  interruption.close();
  expect(listeners()).toBe(before);
  expect(interruption.signal.aborted).toBe(false);
});

test('interrupt() has the effect of a signal', () => {
  const before = listeners();
  const interruption = new Interruption();
  interruption.interrupt();
  expect(interruption.signal.aborted).toBe(true);
  expect(listeners()).toBe(before);
});
