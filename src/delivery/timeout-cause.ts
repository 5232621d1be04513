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
    case 'inSession':
      switch (packet.place) {
        case 'held':
          return 'notTaken';
        case 'waiting':
          return 'behindOthers';
        default:
          return packet.transmissions > 1 && state.session.heardAtMs < packet.sentAtMs ? 'silent' : 'lost';
      }
  }
}
