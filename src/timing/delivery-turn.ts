// Not the global: test environments replace or remove it.
import { setImmediate } from 'node:timers';

/** How long packets may be delivered, on all connections together, before the event loop runs. */
const TURN_MS = 4;

/** After this much time without deliveries, the event loop has run. */
const GAP_MS = 1;

/** A handler that takes longer is timed after each packet. */
const SLOW_MS = 0.1;

/** Maximum number of packets between two looks at the clock. */
const MAX_UNTIMED_PACKETS = 8;

/** Deliveries that have to wait, in order. */
const waiting: (() => void)[] = [];
/** Time spent on deliveries in this turn. */
let spentMs = 0;
let timedAtMs = 0;
/** Number of packets until the next look at the clock. */
let untimedPackets = 0;

/*
 * The turn of the event loop that all connections of a process share. One read can hold thousands of packets. Without a
 * limit, a handler that takes milliseconds for each of them would keep timers and other ports waiting for seconds.
 */

/**
 * Call this before the packets of a chunk are delivered.
 *
 * @param isContinuing - whether a promise of the handler has settled, which may have kept the event loop from running
 * @returns whether packets may be delivered in this turn
 */
export function beginDelivery(isContinuing: boolean): boolean {
  const nowMs = performance.now();
  const gapMs = nowMs - timedAtMs;
  if (isContinuing) {
    spentMs += gapMs;
  } else if (gapMs > GAP_MS) {
    spentMs = 0;
  }
  timedAtMs = nowMs;
  untimedPackets = 1;
  return spentMs < TURN_MS;
}

/** Call this after each packet. Returns whether another one may be delivered in this turn. */
export function mayDeliverNext(): boolean {
  if (--untimedPackets > 0) {
    return true;
  }
  const nowMs = performance.now();
  const tookMs = nowMs - timedAtMs;
  // Looking at the clock costs time, too.
  untimedPackets = tookMs > SLOW_MS ? 1 : MAX_UNTIMED_PACKETS;
  timedAtMs = nowMs;
  spentMs += tookMs;
  return spentMs < TURN_MS;
}

/** Resolves when the event loop has run and it is this caller's turn. Never rejects. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    waiting.push(resolve);
    if (waiting.length === 1) {
      setImmediate(beginTurn);
    }
  });
}

function beginTurn(): void {
  spentMs = 0;
  timedAtMs = performance.now();
  // One at a time, so that each gets the time of a turn.
  waiting.shift()?.();
  if (waiting.length > 0) {
    setImmediate(beginTurn);
  }
}
