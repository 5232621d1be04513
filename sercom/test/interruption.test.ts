import { expect, test } from 'vitest';
import { ExitCode } from '../src/exit-codes.js';
import { Interruption } from '../src/interruption.js';

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const listeners = () => SIGNALS.reduce((sum, name) => sum + process.listenerCount(name), 0);

test.each(SIGNALS)('the first %s aborts the signal, and the next one kills', (name) => {
  const before = listeners();
  const interruption = new Interruption();
  expect(listeners()).toBe(before + 3);
  process.emit(name, name);
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

test('while Ctrl-C is diverted, it ends nothing, and other signals do', () => {
  const interruption = new Interruption();
  const diverted: string[] = [];
  const stop = interruption.divertCtrlC(() => diverted.push('Ctrl-C'));
  process.emit('SIGINT', 'SIGINT');
  process.emit('SIGINT', 'SIGINT');
  expect([diverted.length, interruption.signal.aborted]).toEqual([2, false]);
  process.emit('SIGTERM', 'SIGTERM');
  expect(interruption.signal.aborted).toBe(true);
  stop();

  const other = new Interruption();
  other.divertCtrlC(() => {})();
  process.emit('SIGINT', 'SIGINT');
  expect(other.signal.aborted).toBe(true);
});

test.each([
  ['SIGINT', 0],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('after %s the exit code is %i', (name, code) => {
  const interruption = new Interruption();
  process.emit(name, name);
  expect(interruption.exitCode(ExitCode.success)).toBe(code);
});
