import type { ConnectionError } from '../../errors.js';
import type { Link } from '../link.js';
import type { OpenedPort } from '../open-port.js';
import type { CompleteSerialConnection } from '../serial-connection.js';

/**
 * Whether a connection has an open port: `connecting` while a port is being opened, `connected` while one is open, and
 * `disconnected` otherwise: before `initialize`, between two attempts, while it is released, and after `shutdown`.
 */
export type ConnectionState = 'connecting' | 'connected' | 'disconnected';

/** One attempt to open the port. Neither promise rejects. */
export interface Attempt {
  /** Resolves when the attempt has made a link, has failed, or has closed a port that is not wanted any more. */
  readonly settled: Promise<void>;
  /** Resolves when it has settled, and the operating system has finished opening. After a timeout that may be never. */
  readonly ended: Promise<void>;
}

/** A state of a connection, with what belongs to it. docs/architecture.md says what each one means, and draws them. */
export type State =
  | { readonly name: 'idle' }
  | { readonly name: 'opening'; readonly attempt: Attempt }
  | { readonly name: 'held'; readonly link: Link; readonly opened: OpenedPort }
  | { readonly name: 'absent'; readonly error: ConnectionError; readonly attemptEnded: Promise<void> }
  | { readonly name: 'settling'; readonly link: Link; readonly opened: OpenedPort }
  | { readonly name: 'ready'; readonly link: Link }
  | { readonly name: 'losing'; readonly error: ConnectionError }
  | { readonly name: 'waiting'; readonly error: ConnectionError; readonly attemptEnded: Promise<void> }
  // The error of these two is undefined in the first attempt after `reopen`.
  | { readonly name: 'blocked'; readonly error: ConnectionError | undefined; readonly attemptEnded: Promise<void> }
  | { readonly name: 'reopening'; readonly error: ConnectionError | undefined; readonly attempt: Attempt }
  | { readonly name: 'givenUp'; readonly error: ConnectionError }
  | { readonly name: 'freeing'; readonly link: Link; readonly released: ConnectionError }
  | { readonly name: 'released'; readonly error: ConnectionError; readonly attemptEnded: Promise<void> }
  | { readonly name: 'draining'; readonly link: Link }
  | { readonly name: 'closed'; readonly error: ConnectionError | undefined };

/** What can happen to a connection. */
export type StateEvent =
  /** `initialize` opens the port. */
  | { readonly type: 'open'; readonly attempt: Attempt }
  | { readonly type: 'opened'; readonly link: Link; readonly opened: OpenedPort }
  | { readonly type: 'failed'; readonly error: ConnectionError }
  /** `initialize` has opened every connection. */
  | { readonly type: 'start' }
  /** `settleMs` is over. */
  | { readonly type: 'settled' }
  /** The port was lost, and will be opened again. */
  | { readonly type: 'lost'; readonly error: ConnectionError }
  /** The port was lost, and `reconnect` is off, or `release` or `shutdown` has begun. */
  | { readonly type: 'lostForGood'; readonly error: ConnectionError }
  /** The lost port is closed, or has taken too long to close. */
  | { readonly type: 'lostClosed' }
  /** It is time for the next attempt. */
  | { readonly type: 'due' }
  /** The operating system has finished the attempt before. */
  | { readonly type: 'unblocked'; readonly attempt: Attempt }
  /** `release` was called. Without a link, the connection is released at once. */
  | { readonly type: 'release'; readonly error: ConnectionError }
  /** The accepted packets are written, or their time is over. */
  | { readonly type: 'freed' }
  /** `reopen` was called, and no release is in progress. */
  | { readonly type: 'reopen' }
  /** The attempt of `reopen` failed, and `reconnect` is off. */
  | { readonly type: 'failedForGood'; readonly error: ConnectionError }
  /** `shutdown` has begun. */
  | { readonly type: 'drain' }
  /** `shutdown` closes the port. */
  | { readonly type: 'close' };

/** What `connectionState` shows of each state. */
export const CONNECTION_STATES: Readonly<Record<State['name'], ConnectionState>> = {
  idle: 'disconnected',
  opening: 'connecting',
  held: 'connected',
  absent: 'disconnected',
  settling: 'connected',
  ready: 'connected',
  losing: 'disconnected',
  waiting: 'disconnected',
  blocked: 'disconnected',
  reopening: 'connecting',
  givenUp: 'disconnected',
  freeing: 'connected',
  released: 'disconnected',
  draining: 'connected',
  closed: 'disconnected',
};

/** The state after an event. The same object if the event means nothing in this state. */
export function transition(state: State, event: StateEvent): State {
  if (event.type === 'close' && state.name !== 'closed') {
    return { name: 'closed', error: errorOf(state) };
  }
  switch (state.name) {
    case 'idle':
      return event.type === 'open' ? { name: 'opening', attempt: event.attempt } : state;
    case 'opening':
      switch (event.type) {
        case 'opened':
          return { name: 'held', link: event.link, opened: event.opened };
        case 'failed':
          return { name: 'absent', error: event.error, attemptEnded: state.attempt.ended };
      }
      return state;
    case 'held':
      return event.type === 'start'
        ? { name: 'settling', link: state.link, opened: state.opened }
        : transitionOfUnused(state, event);
    case 'absent':
      return event.type === 'start' ? { ...state, name: 'waiting' } : transitionOfUnused(state, event);
    case 'settling':
      return event.type === 'settled' ? { name: 'ready', link: state.link } : transitionOfStarted(state, event);
    case 'ready':
      return transitionOfStarted(state, event);
    case 'losing':
      return event.type === 'lostClosed'
        ? { name: 'waiting', error: state.error, attemptEnded: Promise.resolve() }
        : transitionOfUnused(state, event);
    case 'waiting':
      return event.type === 'due' || event.type === 'reopen'
        ? { ...state, name: 'blocked' }
        : transitionOfUnused(state, event);
    case 'blocked':
      return event.type === 'unblocked'
        ? { name: 'reopening', error: state.error, attempt: event.attempt }
        : transitionOfUnused(state, event);
    case 'reopening':
      switch (event.type) {
        case 'opened':
          return { name: 'settling', link: event.link, opened: event.opened };
        case 'failed':
          return { name: 'waiting', error: event.error, attemptEnded: state.attempt.ended };
        case 'failedForGood':
          return released(state, event.error);
      }
      return transitionOfUnused(state, event);
    case 'givenUp':
      return event.type === 'reopen'
        ? { name: 'blocked', error: undefined, attemptEnded: Promise.resolve() }
        : transitionOfUnused(state, event);
    case 'freeing':
      switch (event.type) {
        case 'freed':
        case 'lostForGood':
          return released(state, state.released);
        case 'drain':
          return { name: 'draining', link: state.link };
      }
      return state;
    case 'released':
      return event.type === 'reopen' ? { name: 'blocked', error: undefined, attemptEnded: state.attemptEnded } : state;
    case 'draining':
      return event.type === 'lostForGood' ? { name: 'givenUp', error: event.error } : state;
    case 'closed':
      return state;
  }
}

/** Of a state in which no link is used. */
function transitionOfUnused(state: State, event: StateEvent): State {
  return event.type === 'release' ? released(state, event.error) : state;
}

function released(state: State, error: ConnectionError): State {
  return { name: 'released', error, attemptEnded: attemptEnded(state) ?? Promise.resolve() };
}

function transitionOfStarted(state: State & { name: 'settling' | 'ready' }, event: StateEvent): State {
  switch (event.type) {
    case 'lost':
      return { name: 'losing', error: event.error };
    case 'lostForGood':
      return { name: 'givenUp', error: event.error };
    case 'release':
      return { name: 'freeing', link: state.link, released: event.error };
    case 'drain':
      return { name: 'draining', link: state.link };
    default:
      return state;
  }
}

/** Whether a packet is accepted in this state. */
export function acceptsPackets(
  state: State,
  { whenDisconnected }: Pick<CompleteSerialConnection, 'whenDisconnected'>,
): boolean {
  switch (state.name) {
    case 'freeing':
    case 'released':
    case 'givenUp':
    case 'closed':
      return false;
    default:
      return whenDisconnected === 'wait' || linkOf(state) !== undefined;
  }
}

/** The open link, if the state has one. */
export function linkOf(state: State): Link | undefined {
  switch (state.name) {
    case 'ready':
    case 'settling':
    case 'held':
    case 'freeing':
    case 'draining':
      return state.link;
    default:
      return undefined;
  }
}

/** Why there is no link, if the state knows. */
export function errorOf(state: State): ConnectionError | undefined {
  return 'error' in state ? state.error : undefined;
}

/** The attempt in progress, if its result is awaited. */
export function attemptOf(state: State): Attempt | undefined {
  return 'attempt' in state ? state.attempt : undefined;
}

/** Resolves when nothing of the last attempt is in progress. Never rejects. Undefined if the state does not know. */
function attemptEnded(state: State): Promise<void> | undefined {
  return 'attemptEnded' in state ? state.attemptEnded : attemptOf(state)?.ended;
}

/** Resolves when no opening is in progress. Never rejects. Undefined if the state has none. */
export function pendingOpening(state: State): Promise<void> | undefined {
  switch (state.name) {
    case 'opening':
    case 'reopening':
      return state.attempt.settled;
    case 'blocked':
    case 'released':
      return state.attemptEnded;
    default:
      return undefined;
  }
}
