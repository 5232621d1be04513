import { expect, test } from 'vitest';
import type { FeedStatus } from '../../../../web/feed/feed.js';
import { type Past, pastOf } from '../../../../web/feed/past.js';

const LOST: FeedStatus = { kind: 'waiting', problem: 'no connection to sercom', delayMs: 250 };

/** What holds after each of some statuses. */
function pasts(...statuses: FeedStatus[]): (Past | undefined)[] {
  let past: Past | undefined;
  return statuses.map((status) => {
    past = pastOf(status, past);
    return past;
  });
}

test('what is known is of now while the feed is open, and until it is lost', () => {
  expect(pasts({ kind: 'connecting' }, { kind: 'open' }, { kind: 'paused' }, { kind: 'connecting' })).toEqual(
    Array(4).fill(undefined),
  );
});

test('is what was seen last from a loss until the feed is open again', () => {
  expect(
    pasts({ kind: 'open' }, LOST, { kind: 'connecting' }, { kind: 'lost', problem: '' }, { kind: 'open' }),
  ).toEqual([undefined, 'last seen', 'last seen', 'last seen', undefined]);
});

test('is what was so at the end, also when the user tries to connect in vain', () => {
  expect(pasts({ kind: 'open' }, { kind: 'ended' }, { kind: 'connecting' }, LOST, { kind: 'open' })).toEqual([
    undefined,
    'at the end',
    'at the end',
    'at the end',
    undefined,
  ]);
});
