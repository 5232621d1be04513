import type { AcknowledgedStats } from 'serial-communicator';
import { nowUs } from '../records/clock.js';
import type { SessionEvent } from '../records/session-event.js';
import { count } from '../text/count.js';
import type { LivePorts } from './live-ports.js';

/** How acknowledged delivery went on a connection, for people. */
export function deliverySummary(stats: AcknowledgedStats): string {
  const { sessions, peerResets, ackTimeouts, packetsDelivered, resentLost, resentTimedOut } = stats;
  return [
    `delivered ${count(packetsDelivered, 'packet')}`,
    `resent ${resentLost + resentTimedOut}`,
    `received ${count(stats.duplicates, 'duplicate')}`,
    ...(stats.roundTripMs === undefined ? [] : [`round trip ${stats.roundTripMs.toFixed(1)} ms`]),
    ...(stats.session === undefined ? ['no session'] : [`window ${stats.windowLimit} of ${stats.session.sendWindow}`]),
    count(sessions, 'session'),
    ...(peerResets > 0 ? [count(peerResets, 'device reset')] : []),
    ...(ackTimeouts > 0 ? [`${count(ackTimeouts, 'session')} timed out`] : []),
  ].join(', ');
}

/** The same for programs. Times are in milliseconds. */
export function deliveryJson(stats: AcknowledgedStats) {
  return {
    delivered: stats.packetsDelivered,
    failed: stats.packetsFailed,
    resent: stats.resentLost + stats.resentTimedOut,
    timeouts: stats.timeouts,
    duplicates: stats.duplicates,
    invalidFrames: stats.invalidFrames,
    roundTripMs: stats.roundTripMs === undefined ? null : Math.round(stats.roundTripMs * 1_000) / 1_000,
    window: stats.session?.sendWindow ?? null,
    windowLimit: stats.windowLimit,
    sessions: stats.sessions,
    peerResets: stats.peerResets,
    ackTimeouts: stats.ackTimeouts,
  };
}

/** Reports how acknowledged delivery went on each connection that has it. */
export function reportDelivery(live: LivePorts, names: readonly string[], report: (event: SessionEvent) => void): void {
  for (const name of names) {
    const stats = live.delivery(name);
    if (stats !== undefined) {
      report({ timeUs: nowUs(), name, event: 'delivery', text: deliverySummary(stats), details: deliveryJson(stats) });
    }
  }
}
