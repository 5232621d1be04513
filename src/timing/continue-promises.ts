// Not the globals: test environments replace or remove them.
import { clearImmediate, setImmediate } from 'node:timers';

// Since Node 26.4, no microtasks run after a plain callback of native code (issue 66158 of nodejs/node). Reads and writes of
// `@serialport/bindings-cpp` end in such callbacks, so promises that settle there wait for whatever the event loop runs next,
// which may be seconds later. An immediate runs at the end of the same turn.

const nothing = (): void => undefined;

/** Lets promises continue that settle in a plain callback of native code. Call this in the callback. */
export function continuePromises(): void {
  setImmediate(nothing);
}

const users = new Set<object>();
let next: NodeJS.Immediate;

/**
 * Lets promises continue at the end of each turn of the event loop, for callbacks in which only other code runs. The event
 * loop still waits when there is nothing to do, because the immediate has no reference.
 *
 * @returns ends this
 */
export function continueEachTurn(): () => void {
  const user = {};
  users.add(user);
  if (users.size === 1) {
    everyTurn();
  }
  return () => {
    if (users.delete(user) && users.size === 0) {
      clearImmediate(next);
    }
  };
}

function everyTurn(): void {
  next = setImmediate(everyTurn).unref();
}
