import type { OpenerState } from './opener-states.js';
import type { OutgoingPacket, TimeoutCause } from './outgoing-packet.js';

/** Why a packet was not acknowledged in time, as far as the host can tell. */
export function timeoutCause(state: OpenerState, packet: OutgoingPacket): TimeoutCause {
  switch (state.name) {
    case 'closed':
    case 'away':
      return 'noPort';
    case 'opening':
    case 'incompatible':
      return 'noSession';
    case 'inSession': {
      const { outgoing, heardAtMs } = state.session;
      switch (packet.place) {
        case 'held':
          return 'notTaken';
        case 'waiting':
          // Alone, it waits for the peer to be heard again, or for a port that is stalled.
          return outgoing.count > 0 ? 'behindOthers' : 'silent';
        default: {
          const wasLate = packet.transmissions > 1 || packet.place === 'suspected';
          return wasLate && heardAtMs < packet.sentAtMs ? 'silent' : 'lost';
        }
      }
    }
  }
}
