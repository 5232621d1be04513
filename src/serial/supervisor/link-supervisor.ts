import { ConnectionError } from '../../errors.js';
import type { LineCounts, Transmission } from '../../requests/transmission.js';
import { within } from '../../timing/patient-timer.js';
import type { Binding } from '../binding.js';
import { ControlLines, describeSignalsError } from '../control-lines.js';
import { Link } from '../link.js';
import { type OpenedPort, openPort } from '../open-port.js';
import type { Port } from '../port.js';
import { type PortDirectory, portDirectory } from '../port-directory.js';
import type { LinkOwner } from '../receiver.js';
import { SendQueue } from '../sending/send-queue.js';
import { type CompleteSerialConnection, describeConnection } from '../serial-connection.js';
import { type LinkStats, newLinkStats } from '../serial-stats.js';
import {
  type Attempt,
  CONNECTION_STATES,
  type ConnectionState,
  errorOf,
  linkOf,
  type State,
  type StateEvent,
  transition,
} from './connection-states.js';
import { LinkSequence } from './link-sequence.js';
import { Readiness } from './readiness.js';
import { RetrySchedule } from './retry-schedule.js';

/** Callbacks through which a supervisor reports what happens on its connection. They must not throw. */
export interface SupervisorOwner extends LinkOwner {
  connected(opened: OpenedPort): void;
  disconnected(error: ConnectionError, willReconnect: boolean): void;
}

/** How long closing a lost port may delay the next attempt. */
const RELEASE_LIMIT_MS = 1_000;

/**
 * Keeps one connection open: opens its port and makes a link of it. When the link is lost, it tries again until the port
 * opens. Each opening has its own port, decoder and send queue. The counts continue.
 *
 * It is a state machine. Whatever happens is an event, {@link transition} gives the next state, and `#enter` does what
 * the next state asks for.
 */
export class LinkSupervisor {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #directory: PortDirectory;
  readonly #owner: SupervisorOwner;
  readonly #stats = newLinkStats();
  readonly #links = new LinkSequence();
  /** Undefined if `reconnect` is off. */
  readonly #schedule: RetrySchedule | undefined;
  #state: State = { name: 'idle' };
  /** Of the link. Without a link, of the next one: packets may wait for it. */
  #queue: SendQueue;
  #readiness: Readiness | undefined;
  /** The control lines of the port, whichever it is. */
  readonly lines: ControlLines;

  constructor(name: string, connection: CompleteSerialConnection, binding: Binding, owner: SupervisorOwner) {
    const { reconnect, path, device } = connection;
    this.#name = name;
    this.#connection = connection;
    this.#directory = portDirectory(binding);
    this.#owner = owner;
    this.#schedule = reconnect
      ? new RetrySchedule(reconnect, this.#directory.awaited(path, device), () => this.#dispatch({ type: 'due' }))
      : undefined;
    this.#queue = this.#newQueue(false);
    this.lines = new ControlLines(connection, (call) => this.#onPort(call));
  }

  get connectionState(): ConnectionState {
    return CONNECTION_STATES[this.#state.name];
  }

  /** Why there is no link. Undefined if there is one, and before the first attempt has failed. */
  get connectionError(): ConnectionError | undefined {
    return errorOf(this.#state);
  }

  /** What was received so far, apart from packets. */
  get lineCounts(): LineCounts {
    this.#links.countBytes();
    const { malformedFrames, tooLongFrames, checksumFrames, tooShortFrames, skippedBytes, unfinishedBytes } =
      this.#stats;
    const rejectedFrames = malformedFrames + tooLongFrames + checksumFrames + tooShortFrames;
    return { rejectedFrames, skippedBytes, unfinishedBytes };
  }

  /** What has happened so far. */
  get stats(): LinkStats {
    this.#links.countBytes();
    this.#queue.countWritten();
    return { ...this.#stats };
  }

  /**
   * Opens the port for the first time. Nothing is read or written yet.
   *
   * @throws ConnectionError if the port cannot be opened, and the connection is `required`
   */
  async open(): Promise<void> {
    const attempt = this.#attempt();
    this.#dispatch({ type: 'open', attempt });
    await attempt.settled;
    if (this.#state.name === 'absent' && this.#connection.required) {
      throw this.#state.error;
    }
  }

  /** Starts to read and write. Called once, after {@link open}. */
  start(): void {
    this.#dispatch({ type: 'start' });
  }

  /** Resolves when the device is connected and has settled, as `Communicator.ready` promises. */
  ready(signal: AbortSignal | undefined): Promise<void> {
    switch (this.#state.name) {
      case 'ready':
        return Promise.resolve();
      case 'givenUp':
      case 'closed':
        return Promise.reject(this.#notConnected('ready'));
      default:
        this.#readiness ??= new Readiness();
        return this.#readiness.wait(signal);
    }
  }

  /** Sends a packet as `Communicator.send` promises. */
  send(packet: Uint8Array, signal: AbortSignal | undefined, transmission: Transmission | undefined): Promise<void> {
    if (!this.#maySend) {
      return this.#queue.refuse(this.#notConnected('send to'));
    }
    const sent = this.#queue.add(packet, signal, transmission);
    linkOf(this.#state)?.planWrite();
    return sent;
  }

  /** Keeps room for a packet that is sent later. Throws what {@link send} would reject with. */
  hold(packetBytes: number): () => void {
    if (!this.#maySend) {
      throw this.#notConnected('send to');
    }
    return this.#queue.hold(packetBytes);
  }

  get #maySend(): boolean {
    const { whenDisconnected } = this.#connection;
    return linkOf(this.#state) !== undefined || (whenDisconnected === 'wait' && this.#state.name !== 'givenUp');
  }

  /**
   * Closes the connection, in any state. Accepted packets are written if there is a link and `drainMs` allows, then the
   * port is closed, which may take `closeMs`. Never rejects.
   */
  async close(drainMs: number, closeMs: number): Promise<void> {
    this.#dispatch({ type: 'drain' });
    if (this.#state.name === 'draining') {
      await this.#state.link.drain(drainMs);
    }
    const closed = [
      linkOf(this.#state)?.close(closeMs),
      this.#links.close(closeMs),
      within(closeMs, pendingOpening(this.#state)),
    ];
    this.#dispatch({ type: 'close' });
    await Promise.all(closed);
  }

  /** The only place that changes the state. */
  #dispatch(event: StateEvent): void {
    const before = this.#state;
    const state = transition(before, event);
    if (state !== before) {
      this.#state = state;
      this.#enter(state);
    }
  }

  #enter(state: State): void {
    switch (state.name) {
      case 'settling':
        this.#owner.connected(state.opened);
        state.link.start(() => this.#dispatch({ type: 'settled' }));
        this.#links.read(state.link);
        break;
      case 'ready':
        this.#readiness?.resolveAll();
        break;
      case 'releasing':
        this.#schedule?.watch();
        // Until the old port is closed, the kernel gives a returning device a different name.
        void within(RELEASE_LIMIT_MS, this.#links.lostPortClosed).then(() => this.#dispatch({ type: 'released' }));
        this.#owner.disconnected(state.error, true);
        break;
      case 'waiting':
        this.#schedule?.plan();
        break;
      case 'blocked':
        // One opening at a time: each one that hangs in the operating system holds a thread of the pool.
        void state.attemptEnded.then(() => {
          if (this.#state === state) {
            this.#dispatch({ type: 'unblocked', attempt: this.#attempt() });
          }
        });
        break;
      case 'givenUp':
        this.#owner.disconnected(state.error, false);
        this.#readiness?.rejectAll(this.#notConnected('ready'));
        break;
      case 'closed':
        this.#schedule?.stop();
        this.#queue.rejectAll('packetsShutDown', this.#shutDown('send to', 'the packet was fully written'));
        this.#readiness?.rejectAll(this.#shutDown('ready', 'the connection was ready'));
        break;
    }
  }

  /** Starts to open the port. */
  #attempt(): Attempt {
    const isRetry = this.#state.name !== 'idle';
    const { opened, ended } = openPort(this.#directory, this.#name, this.#connection, isRetry);
    const settled = opened.then(
      (port) => this.#opened(port),
      (error) => this.#failed(error),
    );
    return { settled, ended };
  }

  async #opened(opened: OpenedPort): Promise<void> {
    if (this.#state.name === 'closed') {
      // The connection was closed while the port was being opened.
      await opened.port.close().catch(() => undefined);
      return;
    }
    this.#schedule?.stop();
    this.#stats.opens++;
    this.lines.opened();
    this.#dispatch({ type: 'opened', opened, link: this.#newLink(opened.port) });
  }

  #failed(error: ConnectionError): void {
    this.#stats.openFailures++;
    this.#dispatch({ type: 'failed', error });
  }

  #lost(link: Link, error: ConnectionError): void {
    const cutsFrame = this.#queue.wouldCutFrame;
    this.#stats.losses++;
    if (cutsFrame) {
      this.#stats.framesTruncated++;
    }
    this.#links.lose(link);
    this.#queue.rejectAll('packetsLost', error);
    this.#queue = this.#newQueue(cutsFrame);
    const willReconnect = this.#schedule !== undefined && this.#state.name !== 'draining';
    this.#dispatch({ type: willReconnect ? 'lost' : 'lostForGood', error });
  }

  /** Calls the port for its control lines. */
  async #onPort<Result>(call: (port: Port) => Promise<Result>): Promise<Result> {
    const what = 'control lines of';
    const link = linkOf(this.#state);
    if (link === undefined) {
      throw this.#notConnected(what);
    }
    try {
      return await link.whileOpen(call(link.port));
    } catch (error) {
      if (linkOf(this.#state) !== link) {
        throw this.#notConnected(what);
      }
      const message = `connection ${this.#description}: ${describeSignalsError(error)}`;
      throw new ConnectionError('SIGNALS_ERROR', this.#name, message, { cause: error });
    }
  }

  #notConnected(what: string): ConnectionError {
    const { name } = this.#state;
    const next = name === 'givenUp' || name === 'closed' ? 'will not reconnect' : 'reconnecting';
    const cause = this.connectionError;
    const why = cause === undefined ? '' : `: ${cause.message}`;
    return new ConnectionError('CONNECTION_LOST', this.#name, `${what} "${this.#name}": not connected, ${next}${why}`, {
      cause,
    });
  }

  #shutDown(what: string, before: string): ConnectionError {
    return new ConnectionError(
      'SHUTDOWN_TIMEOUT',
      this.#name,
      `${what} ${this.#description}: shutdown ended before ${before}; the device is stalled, disconnected or still ` +
        'settling (settleMs), or shutdownTimeoutMs is too short',
    );
  }

  get #description(): string {
    return describeConnection(this.#name, this.#connection);
  }

  #newQueue(afterCutFrame: boolean): SendQueue {
    const queue = new SendQueue(this.#name, this.#connection, this.#stats);
    if (afterCutFrame) {
      queue.addResyncSequence();
    } else if (this.#connection.syncOnOpen) {
      queue.addDelimiter();
    }
    return queue;
  }

  #newLink(port: Port): Link {
    const link: Link = new Link(this.#name, this.#connection, port, this.#queue, this.#stats, this.#owner, (error) =>
      this.#lost(link, error),
    );
    return link;
  }
}

/** Resolves when the state has no opening in progress. Never rejects. */
function pendingOpening(state: State): Promise<void> | undefined {
  switch (state.name) {
    case 'opening':
    case 'reopening':
      return state.attempt.settled;
    case 'blocked':
      return state.attemptEnded;
    default:
      return undefined;
  }
}
