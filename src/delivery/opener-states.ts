import type { Session } from './session.js';

/** A state of the opener, with what belongs to it. */
export type OpenerState =
  /** There is no port and no session. */
  | { readonly name: 'closed' }
  /** The port is open. The opener asks for a session. */
  | { readonly name: 'opening' }
  /** The port is open, and packets are exchanged. */
  | { readonly name: 'inSession'; readonly session: Session }
  /** There is no port. The session waits for it. */
  | { readonly name: 'away'; readonly session: Session }
  /** The port is open, but no session with this peer is possible. */
  | { readonly name: 'incompatible'; readonly reason: string };

/** What can happen to the opener. */
export type OpenerEvent =
  | { readonly type: 'portOpened' }
  | { readonly type: 'portClosed' }
  /** The peer has answered the latest OPEN. */
  | { readonly type: 'accepted'; readonly session: Session }
  /** The peer has answered, but its version or its sizes do not fit. */
  | { readonly type: 'refused'; readonly reason: string }
  /** The peer has no session: it restarted. */
  | { readonly type: 'noSession' }
  /** Nothing has arrived in the session, and no packet waits for its acknowledgement: the peer may not know the session. */
  | { readonly type: 'unconfirmed' }
  /** A packet of the session was not taken in time. */
  | { readonly type: 'ackTimeout' }
  /** The connection is released or shut down. */
  | { readonly type: 'end' };

/** The state after an event. The same object if the event means nothing in this state. */
export function transition(state: OpenerState, event: OpenerEvent): OpenerState {
  if (event.type === 'end') {
    return { name: 'closed' };
  }
  switch (state.name) {
    case 'closed':
      return event.type === 'portOpened' ? { name: 'opening' } : state;
    case 'opening':
      switch (event.type) {
        case 'accepted':
          return { name: 'inSession', session: event.session };
        case 'refused':
          return { name: 'incompatible', reason: event.reason };
        case 'portClosed':
          return { name: 'closed' };
      }
      return state;
    case 'inSession':
      switch (event.type) {
        case 'portClosed':
          return { name: 'away', session: state.session };
        case 'noSession':
        case 'unconfirmed':
        case 'ackTimeout':
          return { name: 'opening' };
      }
      return state;
    case 'away':
      switch (event.type) {
        case 'portOpened':
          return { name: 'inSession', session: state.session };
        case 'ackTimeout':
          return { name: 'closed' };
      }
      return state;
    case 'incompatible':
      switch (event.type) {
        case 'portClosed':
          return { name: 'closed' };
        // Perhaps with other firmware.
        case 'noSession':
          return { name: 'opening' };
      }
      return state;
  }
}

/** The session, if the state has one. */
export function sessionOf(state: OpenerState): Session | undefined {
  return 'session' in state ? state.session : undefined;
}
