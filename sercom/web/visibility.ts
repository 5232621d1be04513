/** The feed of a tab that is hidden for less than this is not stopped. */
const HIDDEN_MS = 2_000;

/** What of `document` it needs. */
export interface Hideable {
  readonly visibilityState: DocumentVisibilityState;
  addEventListener(type: 'visibilitychange', listener: () => void): void;
}

/**
 * Stops the feed of a tab that nobody sees, and starts it again when the tab is shown: a browser has only six connections to a
 * server, which a few forgotten tabs would use up. Nothing is lost, since the server holds the rows.
 */
export function stopWhileHidden(page: Hideable, feed: { start(): void; stop(): void }): void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const check = () => {
    clearTimeout(timer);
    if (page.visibilityState === 'hidden') {
      timer = setTimeout(() => feed.stop(), HIDDEN_MS);
    } else {
      feed.start();
    }
  };
  page.addEventListener('visibilitychange', check);
  check();
}
