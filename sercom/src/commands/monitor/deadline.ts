import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import type { SessionPort } from '../../ports/open-ports.js';
import { type Arrivals, portTrouble, rejections, sumOf } from '../../session/diagnosis.js';
import type { LivePorts } from '../../session/live-ports.js';
import type { Totals } from '../../sinks/totals.js';
import { count } from '../../text/count.js';

export interface DeadlineOptions {
  ports: readonly SessionPort[];
  live: LivePorts;
  totals: Totals;
  /** Default: one is enough. */
  wantedPackets: number | undefined;
}

/**
 * Waits for the end of `--timeout`.
 *
 * @throws CliError (timeout) if not enough packets have arrived by then; the message says why
 */
export async function failAfter(
  timeoutSeconds: number,
  { ports, live, totals, wantedPackets }: DeadlineOptions,
): Promise<void> {
  await delay(timeoutSeconds * 1_000, undefined, { signal: live.signal });
  if (wantedPackets === undefined && totals.receivedPackets > 0) {
    return;
  }
  const arrivals = sumOf(ports.map(({ name }) => live.stats(name)));
  const why = whyMissing(arrivals, totals.receivedPackets);
  throw new CliError(ExitCode.timeout, `${totals} within ${count(timeoutSeconds, 'second')}; ${why}`);
}

/** Why packets may be missing, and what to do about it. */
function whyMissing(arrivals: Arrivals, receivedPackets: number): string {
  if (receivedPackets > 0) {
    return ['increase --timeout or lower --count', rejections(arrivals)].filter(Boolean).join('; ');
  }
  const trouble = portTrouble(arrivals, 'does the device send packets unprompted?');
  if (trouble !== undefined) {
    return trouble;
  }
  const { packetsReceived, skippedBytes } = arrivals;
  if (packetsReceived > 0) {
    return `${count(packetsReceived, 'packet')} arrived, but did not match: check --filter and --reject`;
  }
  if (skippedBytes > 0) {
    return `the ${count(skippedBytes, 'byte')} before the first delimiter were skipped; see --no-skip-first`;
  }
  return 'received only delimiters: does the device send packets unprompted?';
}
