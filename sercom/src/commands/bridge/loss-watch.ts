import type { BridgeStats } from 'serial-communicator/mqtt';
import { printMessage } from '../../terminal/message.js';
import { count } from '../../text/count.js';

const CHECK_MS = 1_000;

/** How long after a message about a loss the next one of the same kind waits. */
const QUIET_MS = 10_000;

/** What is reported: a counter, and what to say about it. Duplicates are normal, and so only part of the totals. */
const LOSSES = {
  packetsNotPublished: (number: number) =>
    `${count(number, 'packet')} not published: the broker is offline or too slow`,
  commandsRetained: (number: number) =>
    `${count(number, 'command')} refused: retained, so of unknown age; publish commands without "retain"`,
  commandsExpired: (number: number) => `${count(number, 'command')} refused: the time limit of the sender was over`,
  commandsMalformed: (number: number) =>
    `${count(number, 'command')} refused: malformed; see docs/mqtt.md for what a command needs`,
} as const satisfies { readonly [Counter in keyof BridgeStats]?: (number: number) => string };

type Counter = keyof typeof LOSSES;

const COUNTERS = Object.keys(LOSSES) as Counter[];

/** What is known of one counter of one connection. */
interface Watched {
  readonly name: string;
  readonly counter: Counter;
  reported: number;
  reportedAtMs: number;
}

/**
 * Reports on stderr what a bridge did not pass on: soon after the first time, then at most once in ten seconds for each
 * connection and kind.
 */
export class LossWatch {
  readonly #statsOf: (name: string) => BridgeStats;
  readonly #watched: readonly Watched[];
  readonly #timer: NodeJS.Timeout;

  constructor(names: readonly string[], statsOf: (name: string) => BridgeStats) {
    this.#statsOf = statsOf;
    this.#watched = names.flatMap((name) =>
      COUNTERS.map((counter) => ({ name, counter, reported: 0, reportedAtMs: Number.NEGATIVE_INFINITY })),
    );
    this.#timer = setInterval(() => this.#check(QUIET_MS), CHECK_MS).unref();
  }

  /** Reports what has not been reported yet. */
  close(): void {
    clearInterval(this.#timer);
    this.#check(0);
  }

  #check(quietMs: number): void {
    const now = performance.now();
    for (const watched of this.#watched) {
      const { name, counter, reported, reportedAtMs } = watched;
      const current = this.#statsOf(name)[counter];
      if (current > reported && now - reportedAtMs >= quietMs) {
        watched.reported = current;
        watched.reportedAtMs = now;
        printMessage(`"${name}": ${LOSSES[counter](current - reported)}`);
      }
    }
  }
}
