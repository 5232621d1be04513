import { expect, test } from 'vitest';
import type { SendAnswer } from '../../../../src/web/protocol.js';
import { outcomeOf } from '../../../../web/send/outcomes.js';

test.each<[SendAnswer, string]>([
  [{ isSent: true }, '✔ sent'],
  [{ isSent: false }, '✖ not sent'],
  [{ isSent: false, problem: 'invalid hex' }, '✖ invalid hex'],
  [{ isSent: true, problem: '"arm" answered with an error' }, '✖ "arm" answered with an error'],
  [
    { isSent: true, reply: { hex: '0a0b', text: '"\\n\\x0b"', tookMs: 3.21 } },
    '✔ reply after 3.21 ms: 0a 0b  "\\n\\x0b"',
  ],
  [{ isSent: true, reply: { hex: '', text: '""', tookMs: 1 } }, '✔ reply after 1 ms: (empty)'],
])('%j is shown as %s', (answer, expected) => {
  const { sign, text } = outcomeOf(answer);
  expect(`${sign} ${text}`).toBe(expected);
});
