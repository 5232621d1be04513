/**
 * Catches the next uncaught exception or unhandled rejection, so that it does not fail the run. The listeners of the
 * test runner are suspended until `release` is called.
 */
export function catchUncaught(): { next: Promise<unknown>; release(): void } {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const kept = events.map((event) => [event, process.listeners(event as 'uncaughtException')] as const);
  let caught!: (error: unknown) => void;
  const next = new Promise<unknown>((resolve) => {
    caught = resolve;
  });
  for (const event of events) {
    process.removeAllListeners(event);
    process.on(event, caught);
  }
  return {
    next,
    release() {
      for (const [event, listeners] of kept) {
        process.removeAllListeners(event);
        for (const listener of listeners) {
          process.on(event, listener);
        }
      }
    },
  };
}
