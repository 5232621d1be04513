import type { FeedStatus } from './feed.js';

/** Since when the page knows nothing new, in words that go before what it knows. */
export type Past = 'at the end' | 'last seen';

/** @param before - what held until now, which stays while it connects or is hidden */
export function pastOf({ kind }: FeedStatus, before: Past | undefined): Past | undefined {
  switch (kind) {
    case 'open':
      return undefined;
    case 'ended':
      return 'at the end';
    case 'waiting':
    case 'lost':
    case 'refused':
      // After sercom has said that it ends, it stays that, also when it is tried in vain.
      return before ?? 'last seen';
    case 'connecting':
    case 'paused':
      return before;
  }
}
