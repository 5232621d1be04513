import type { OpenerState } from './opener-states.js';
import type { OutgoingPacket, TimeoutCause } from './outgoing-packet.js';

/** Why a packet was not acknowledged in time, as far as the host can tell. */
export type CauseOf = (packet: OutgoingPacket) => TimeoutCause;

export function timeoutCauses(
  state: OpenerState,
  { ackTimeoutMs, keepAliveMs }: { ackTimeoutMs: number; keepAliveMs: number },
  nowMs: number,
): CauseOf {
  switch (state.name) {
    case 'closed':
    case 'away':
      return () => 'noPort';
    case 'opening':
    case 'incompatible':
      return () => 'noSession';
    case 'inSession': {
      // A peer that receives anything answers a poll within this time.
      const silenceMs = Math.min(keepAliveMs, ackTimeoutMs / 2);
      const unanswered = nowMs - state.session.heardAtMs >= silenceMs ? 'silent' : 'lost';
      // Alone, a packet waits for the peer to be heard again, or for a port that is stalled.
      const waits = state.session.outgoing.count > 0 ? 'behindOthers' : 'silent';
      return ({ place }) => (place === 'held' ? 'notTaken' : place === 'waiting' ? waits : unanswered);
    }
  }
}
