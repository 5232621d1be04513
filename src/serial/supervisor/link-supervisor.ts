import type { ConnectionError } from '../../errors.js';
import { within } from '../../timing/patient-timer.js';
import { WaitingCalls } from '../../timing/waiting-calls.js';
import type { Binding } from '../binding.js';
import { ControlLines } from '../control-lines.js';
import type { DeliveryOwner } from '../delivery/acknowledged-delivery.js';
import type { AcknowledgedStats, ConnectionDelivery } from '../delivery/connection-delivery.js';
import { newDelivery } from '../delivery/new-delivery.js';
import { Link, type LinkReports } from '../link.js';
import type { OpenedPort } from '../open-port.js';
import type { Port } from '../port.js';
import type { CompleteSerialConnection } from '../serial-connection.js';
import { type LinkStats, newLinkStats } from '../serial-stats.js';
import { ConnectionErrors } from './connection-errors.js';
import {
  type Attempt,
  acceptsPackets,
  attemptOf,
  CONNECTION_STATES,
  type ConnectionState,
  errorOf,
  linkOf,
  pendingOpening,
  type State,
  type StateEvent,
  transition,
} from './connection-states.js';
import { LinkSequence } from './link-sequence.js';
import { Outbox } from './outbox.js';
import { PortOpener } from './port-opener.js';
import { ReleaseCalls } from './release-calls.js';
import { RetrySchedule } from './retry-schedule.js';

/** Callbacks through which a supervisor reports what happens on its connection. They must not throw. */
export interface SupervisorOwner extends Omit<DeliveryOwner, 'wake'>, LinkReports {
  connected(opened: OpenedPort): void;
  disconnected(error: ConnectionError, willReconnect: boolean): void;
}

/**
 * Keeps one connection open: opens its port and makes a link of it. When the link is lost, it tries again until the port
 * opens. A released port stays closed until it is reopened. Each opening has its own port, decoder and send queue.
 *
 * It is a state machine: {@link transition} gives the state after an event, and `#enter` does what that state asks for.
 */
export class LinkSupervisor {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #opener: PortOpener;
  readonly #owner: SupervisorOwner;
  readonly #errors: ConnectionErrors;
  readonly #stats = newLinkStats();
  readonly #links = new LinkSequence();
  /** Undefined if `reconnect` is off. */
  readonly #schedule: RetrySchedule | undefined;
  #state: State = { name: 'idle' };
  readonly #wake = () => linkOf(this.#state)?.planWrite();
  readonly #delivery: ConnectionDelivery;
  readonly #releases = new ReleaseCalls(() => this.#dispatch({ type: 'reopen' }));
  readonly #readyCalls = new WaitingCalls();
  /** The shutdown in progress. */
  #closing: Promise<void> | undefined;
  /** What is sent. */
  readonly outbox: Outbox;
  /** The control lines of the port, whichever it is. */
  readonly lines: ControlLines;

  constructor(name: string, connection: CompleteSerialConnection, binding: Binding, owner: SupervisorOwner) {
    this.#name = name;
    this.#connection = connection;
    this.#owner = owner;
    this.#errors = new ConnectionErrors(name, connection);
    this.#opener = new PortOpener(name, connection, binding, {
      opened: (attempt, port) => this.#opened(attempt, port),
      failed: (attempt, error) => this.#failed(attempt, error),
    });
    this.#schedule = connection.reconnect
      ? new RetrySchedule(connection.reconnect, this.#opener.awaitedPort, () => this.#dispatch({ type: 'due' }))
      : undefined;
    this.#delivery = this.#newDelivery(owner);
    this.outbox = new Outbox(this.#delivery, {
      refusal: () => (acceptsPackets(this.#state, connection) ? undefined : this.#noLink('send to')),
      wake: this.#wake,
    });
    this.lines = new ControlLines(connection, binding, (call) => this.#onPort(call));
  }

  get connectionState(): ConnectionState {
    return CONNECTION_STATES[this.#state.name];
  }

  /** Why there is no link. Undefined if there is one, and before the first attempt has failed. */
  get connectionError(): ConnectionError | undefined {
    return errorOf(this.#state);
  }

  /** What has happened so far, until something more happens. */
  get stats(): Readonly<LinkStats & { delivery?: AcknowledgedStats }> {
    this.#links.countBytes();
    this.#delivery.countWritten();
    const { stats } = this.#delivery;
    return stats === undefined ? this.#stats : { ...this.#stats, delivery: stats };
  }

  /**
   * Opens the port for the first time. Nothing is read or written yet.
   *
   * @throws ConnectionError if the port cannot be opened, and the connection is `required`
   */
  async open(): Promise<void> {
    const attempt = this.#opener.start(false);
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
    const { isReady, failure } = this.#delivery;
    const { name } = this.#state;
    if (name === 'ready' && isReady) {
      return Promise.resolve();
    }
    if (name === 'givenUp' || name === 'closed' || failure !== undefined) {
      return Promise.reject(failure ?? this.#noLink('ready'));
    }
    return this.#readyCalls.wait(signal);
  }

  /**
   * Closes the port until {@link reopen}. Accepted packets are written if there is a link and `drainMs` allows, then the
   * port is closed, which may take `closeMs`. Never rejects.
   */
  release(drainMs: number, closeMs: number): Promise<void> {
    return this.#releases.release(() => this.#release(drainMs, closeMs), this.#errors.released('reopen'));
  }

  /**
   * Opens a released port again, or one that was lost for good. Resolves when there is a link, as
   * `NamedConnection.reopen` promises.
   */
  reopen(signal: AbortSignal | undefined): Promise<void> {
    switch (this.#state.name) {
      case 'settling':
      case 'ready':
        return Promise.resolve();
      case 'closed':
        return Promise.reject(this.#noLink('reopen'));
    }
    return this.#releases.reopen(signal);
  }

  /**
   * Closes the connection, in any state. Accepted packets are written if there is a link and `drainMs` allows, then the
   * port is closed, which may take `closeMs`. Never rejects.
   */
  close(drainMs: number, closeMs: number): Promise<void> {
    this.#closing = this.#close(drainMs, closeMs);
    return this.#closing;
  }

  async #close(drainMs: number, closeMs: number): Promise<void> {
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

  async #release(drainMs: number, closeMs: number): Promise<void> {
    const error = this.#errors.released();
    const openingEnded = pendingOpening(this.#state);
    if (this.#state.name === 'held') {
      this.#endLink(this.#state.link);
    }
    this.#dispatch({ type: 'release', error });
    if (this.#state.name === 'freeing') {
      const { link } = this.#state;
      await link.drain(drainMs);
      // It may have been lost, or shutdown may have begun.
      if (this.#state.name === 'freeing') {
        this.#endLink(link);
        this.#dispatch({ type: 'freed' });
        this.#owner.disconnected(error, false);
      }
    }
    await (this.#closing ?? within(closeMs, Promise.all([openingEnded, this.#links.portClosed])));
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
        this.#releases.reopened();
        break;
      case 'ready':
        this.#checkReady();
        break;
      case 'losing':
        this.#schedule?.watch();
        // Until the old port is closed, the kernel gives a returning device a different name.
        void this.#links.portClosedSoon?.then(() => {
          if (this.#state === state) {
            this.#dispatch({ type: 'lostClosed' });
          }
        });
        break;
      case 'waiting':
        this.#schedule?.plan();
        break;
      case 'blocked':
        this.#schedule?.watch();
        // One opening at a time: each one that hangs in the operating system holds a thread of the pool.
        void Promise.all([state.attemptEnded, this.#links.portClosedSoon]).then(() => {
          if (this.#state === state) {
            this.#dispatch({ type: 'unblocked', attempt: this.#opener.start(state.error !== undefined) });
          }
        });
        break;
      case 'givenUp':
        this.#readyCalls.rejectAll(this.#noLink('ready'));
        break;
      case 'released':
        this.#opener.abandon();
        this.#schedule?.stop();
        this.#delivery.released(this.#errors.released('send to'));
        break;
      case 'closed':
        this.#opener.abandon();
        this.#schedule?.stop();
        this.#delivery.closed(this.#errors.shutDown('send to'));
        this.#readyCalls.rejectAll(this.#errors.shutDown('ready'));
        this.#releases.failReopening(this.#errors.shutDown('reopen'));
        break;
    }
  }

  async #opened(attempt: Attempt, opened: OpenedPort): Promise<void> {
    if (attemptOf(this.#state) !== attempt) {
      // While the port was being opened, the connection was released or closed.
      await opened.port.close().catch(() => undefined);
      return;
    }
    this.#schedule?.stop();
    this.#stats.opens++;
    this.lines.opened();
    const lost = (error: ConnectionError) => this.#lost(link, error);
    const link: Link = new Link(this.#name, this.#connection, opened.port, this.#delivery, lost, this.#owner);
    this.#dispatch({ type: 'opened', opened, link });
  }

  #failed(attempt: Attempt, error: ConnectionError): void {
    this.#stats.openFailures++;
    if (attemptOf(this.#state) !== attempt) {
      return;
    }
    if (this.#state.name === 'reopening' && this.#schedule === undefined) {
      this.#releases.failReopening(error);
      this.#dispatch({ type: 'failedForGood', error: this.#errors.released() });
    } else {
      this.#dispatch({ type: 'failed', error });
    }
  }

  #lost(link: Link, error: ConnectionError): void {
    this.#stats.losses++;
    this.#endLink(link);
    const { name } = this.#state;
    const willReconnect = this.#schedule !== undefined && name !== 'draining' && name !== 'freeing';
    this.#delivery.lost(error, willReconnect);
    this.#dispatch({ type: willReconnect ? 'lost' : 'lostForGood', error });
    this.#owner.disconnected(error, willReconnect);
  }

  /** Starts to close the port of a link, unless it is closing already. */
  #endLink(link: Link): void {
    link.release();
    this.#links.end(link);
    if (this.#delivery.output.wouldCutFrame) {
      this.#stats.framesTruncated++;
    }
  }

  /** Calls the port for its control lines. */
  async #onPort<Result>(call: (port: Port) => Promise<Result>): Promise<Result> {
    const what = 'control lines of';
    const link = linkOf(this.#state);
    if (link === undefined) {
      throw this.#noLink(what);
    }
    try {
      return await link.whileOpen(call(link.port));
    } catch (error) {
      if (linkOf(this.#state) !== link) {
        throw this.#noLink(what);
      }
      throw this.#errors.signals(error);
    }
  }

  #noLink(call: string): ConnectionError {
    return this.#errors.noLink(call, this.#state);
  }

  #newDelivery(owner: SupervisorOwner): ConnectionDelivery {
    return newDelivery(this.#name, this.#connection, this.#stats, {
      ...owner,
      wake: this.#wake,
      sessionStarted: (session) => {
        owner.sessionStarted(session);
        this.#checkReady();
      },
      incompatible: (error) => {
        owner.incompatible(error);
        this.#readyCalls.rejectAll(error);
      },
    });
  }

  #checkReady(): void {
    if (this.#state.name === 'ready' && this.#delivery.isReady) {
      this.#readyCalls.resolveAll();
    }
  }
}
