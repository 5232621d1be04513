import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import type { SessionPort } from '../../ports/open-ports.js';
import type { HeardSessions } from '../../records/heard-sessions.js';
import {
  type Arrivals,
  portTrouble,
  rejections,
  skipped,
  sumOf,
  TOO_SHORT_FOR_IDS,
  whyNoSession,
} from '../../session/diagnosis.js';
import type { LivePorts } from '../../session/live-ports.js';
import type { Totals } from '../../sinks/totals.js';
import { count } from '../../text/count.js';

export interface DeadlineOptions {
  ports: readonly SessionPort[];
  live: LivePorts;
  totals: Totals;
  /** Default: one is enough. */
  wantedPackets: number | undefined;
  /** Bytes are enough, because they are shown. */
  isRaw: boolean;
  /** Packets are those of the sessions that it hears. */
  heard: HeardSessions | undefined;
}

/**
 * Waits for the end of `--timeout`.
 *
 * @throws CliError (timeout) if not enough packets have arrived by then; the message says why
 */
export async function failAfter(
  timeoutSeconds: number,
  { ports, live, totals, wantedPackets, isRaw, heard }: DeadlineOptions,
): Promise<void> {
  await delay(timeoutSeconds * 1_000, undefined, { signal: live.signal });
  if (wantedPackets === undefined && totals.receivedPackets > 0) {
    return;
  }
  const arrivals = sumOf(ports.map(({ name }) => live.stats(name)));
  if (isRaw && arrivals.bytesRead > 0) {
    return;
  }
  totals.unframed = live.unframedTotals;
  const unframed = Buffer.concat(ports.map(({ name }) => live.unframed(name)));
  const delivery = ports.flatMap(({ name }) => live.delivery(name) ?? []);
  const [incompatible] = ports.flatMap(({ name }) => live.incompatibility(name) ?? []);
  const why =
    delivery.length > 0 && totals.receivedPackets === 0
      ? delivery.some(({ sessions }) => sessions > 0)
        ? 'the device has answered the handshake: does it send packets unprompted?'
        : `no session: ${incompatible ?? whyNoSession(arrivals, unframed)}`
      : whyMissing(arrivals, unframed, totals, heard);
  throw new CliError(ExitCode.timeout, `${totals} within ${count(timeoutSeconds, 'second')}; ${why}`);
}

/** Why packets may be missing, and what to do about it. */
function whyMissing(
  arrivals: Arrivals,
  unframed: Uint8Array,
  { receivedPackets, rejectedFrames }: Totals,
  heard: HeardSessions | undefined,
): string {
  if (receivedPackets > 0) {
    const others = [skipped(arrivals), rejections(arrivals, unframed)];
    return ['increase --timeout or lower --count', ...others].filter(Boolean).join('; ');
  }
  const trouble = portTrouble(arrivals, 'does the device send packets unprompted?', unframed);
  if (trouble !== undefined) {
    return trouble;
  }
  const { packetsReceived } = arrivals;
  if (heard?.hasHeard) {
    return 'acknowledged delivery was heard, but no new packet: does this end send any? If so, increase --timeout';
  }
  if (packetsReceived > 0 && heard !== undefined) {
    return `${count(packetsReceived, 'frame')} arrived, but no new packet of a session: check that the line uses acknowledged delivery`;
  }
  if (packetsReceived > 0 && rejectedFrames > 0) {
    // The ports have rejected none.
    return TOO_SHORT_FOR_IDS;
  }
  if (packetsReceived > 0) {
    return `${count(packetsReceived, 'packet')} arrived, but did not match: check --filter and --reject`;
  }
  return skipped(arrivals) ?? 'received only delimiters: does the device send packets unprompted?';
}
