import { ConnectionError } from '../errors.js';
import type { Binding, BindingPort, PortInfo } from './binding.js';
import { ControlLines } from './control-lines.js';
import type { DeviceChange, DeviceWatch } from './device-watch.js';
import { Link, type LinkOwner } from './link.js';
import { type OpenedPort, openPort } from './open-port.js';
import { SendQueue } from './send-queue.js';
import { type CompleteSerialConnection, describeConnection } from './serial-connection.js';
import { newSerialStats, type SerialStats } from './serial-stats.js';
import { within } from './within.js';

/**
 * Whether a connection has an open port: `connecting` while one is being opened, `connected` while one is open,
 * `disconnected` otherwise: before `initialize`, between two tries, and after `shutdown`.
 */
export type ConnectionState = 'connecting' | 'connected' | 'disconnected';

/** Whom a supervisor tells what happens on its connection. None of these may throw. */
export interface SupervisorOwner extends LinkOwner {
  connected(path: string, info: PortInfo): void;
  disconnected(error: ConnectionError, willReconnect: boolean): void;
}

/** How soon after one try a node that was made may cause the next: a device that comes makes several. */
const MADE_RETRY_MS = 20;

/** So long after that udev may still be at it, in folders that were not there to be watched. */
const HURRY_MS = 2_000;

/** How long to wait between two tries meanwhile, and at least before a try since a node was changed. */
const HURRIED_RETRY_MS = 100;

/** How long the closing of a lost port may hold up the next opening. */
const CLOSE_LOST_MS = 1_000;

/**
 * - `idle`: nothing has been tried yet
 * - `opening`: an opening is under way
 * - `linked`: there is a link
 * - `waiting`: for the next try
 * - `given-up`: the link was lost, or never came, and there are no more tries
 * - `ended`: closed; final
 */
type State = 'idle' | 'opening' | 'linked' | 'waiting' | 'given-up' | 'ended';

/**
 * Keeps one connection linked: opens its port, makes a link of it, and, when that is lost, tries until the port can be
 * opened again. Each opening has a port, a decoder and a queue of its own; the counts go on.
 */
export class LinkSupervisor {
  readonly #name: string;
  readonly #connection: CompleteSerialConnection;
  readonly #binding: Binding;
  readonly #watch: DeviceWatch;
  readonly #owner: SupervisorOwner;
  readonly #stats = newSerialStats();
  #state: State = 'idle';
  #isStarted = false;
  #isClosing = false;
  /** Of the link, or, where packets may wait for one, of the next. */
  #queue: SendQueue;
  #link: Link | undefined;
  #opened: OpenedPort | undefined;
  /** The link whose packets are being handled. While a handler is busy, that may be one which is lost. */
  #reader: Link | undefined;
  /** Settles when nothing is under way any more that would make a link. */
  #opening: Promise<void> = Promise.resolve();
  /** Resolves when the latest opening has ended, which it may not do when its time is over. */
  #openingEnded: Promise<void> = Promise.resolve();
  /** Resolves when the port that was lost last is closed. */
  #lostClosed: Promise<void> | undefined;
  /** Why there is no link. */
  #loss: ConnectionError | undefined;
  #tries = 0;
  #triedAt = 0;
  #hurryUntil = 0;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  /** The control lines of the port, whichever it is. */
  readonly lines: ControlLines;

  constructor(
    name: string,
    connection: CompleteSerialConnection,
    binding: Binding,
    watch: DeviceWatch,
    owner: SupervisorOwner,
  ) {
    this.#name = name;
    this.#connection = connection;
    this.#binding = binding;
    this.#watch = watch;
    this.#owner = owner;
    this.#queue = this.#newQueue(false);
    this.lines = new ControlLines(connection, (what, call) => this.#onPort(what, call));
  }

  get connectionState(): ConnectionState {
    switch (this.#state) {
      case 'linked':
        return 'connected';
      case 'opening':
        return 'connecting';
      default:
        return 'disconnected';
    }
  }

  /** Why there is no link, if there is none, and something has been tried. */
  get connectionError(): ConnectionError | undefined {
    return this.#link === undefined ? this.#loss : undefined;
  }

  /** What has happened so far. */
  get stats(): SerialStats {
    this.#reader?.countBytes();
    return { ...this.#stats };
  }

  /**
   * The first opening. Nothing is read or written yet.
   *
   * @throws ConnectionError if the port cannot be opened, and the connection is `required`
   */
  async open(): Promise<void> {
    try {
      await this.#open();
    } catch (error) {
      this.#state = 'idle';
      if (this.#connection.required) {
        throw error;
      }
      this.#openFailed(error);
    }
  }

  /** Lets packets come and go. Called once, after {@link open}. */
  start(): void {
    this.#isStarted = true;
    if (this.#link === undefined) {
      this.#wait();
    } else {
      this.#startLink();
    }
  }

  /** Sends a packet as `Communicator.send` promises. */
  send(packet: Uint8Array, signal: AbortSignal | undefined): Promise<void> {
    const mayWait = this.#connection.whenDisconnected === 'wait' && this.#state !== 'given-up';
    if (this.#link === undefined && !mayWait) {
      return this.#queue.refuse(this.#notConnected('send to'));
    }
    const sent = this.#queue.add(packet, signal);
    this.#link?.planWrite();
    return sent;
  }

  /**
   * Ends it, in any state: writes what was accepted, as far as there is a link and `drainMs` allows, then closes the
   * port, which may take `closeMs`. Never rejects.
   */
  async close(drainMs: number, closeMs: number): Promise<void> {
    this.#isClosing = true;
    this.#stopWaiting();
    await this.#link?.drain(drainMs);
    const closed = [
      this.#link?.close(closeMs),
      this.#reader?.close(closeMs),
      within(closeMs, this.#opening),
      within(closeMs, this.#lostClosed),
    ];
    this.#state = 'ended';
    this.#link = undefined;
    this.#queue.rejectAll(
      'packetsShutDown',
      new ConnectionError(
        'SHUTDOWN_TIMEOUT',
        this.#name,
        `send to ${describeConnection(this.#name, this.#connection)}: shutdown came before the packet was written ` +
          'whole; the device takes no bytes, is away, or is given time to settle (settleMs), or shutdownTimeoutMs is ' +
          'too short',
      ),
    );
    await Promise.all(closed);
  }

  async #open(): Promise<void> {
    this.#state = 'opening';
    const { opened: opening, ended } = openPort(this.#binding, this.#name, this.#connection);
    this.#openingEnded = ended;
    const opened = await opening;
    if (this.#isClosing) {
      await opened.port.close();
      return;
    }
    this.#stopWaiting();
    this.#state = 'linked';
    this.#stats.opens++;
    this.#tries = 0;
    this.lines.opened();
    this.#opened = opened;
    this.#link = this.#newLink(opened.port);
    if (this.#isStarted) {
      this.#startLink();
    }
  }

  #startLink(): void {
    const { path, info } = this.#opened!;
    this.#owner.connected(path, info);
    // Who was told may have ended it already.
    this.#link?.start();
    this.#read();
  }

  /** Packets are handled one at a time: a link is not read while the handler still has one of the link before. */
  #read(): void {
    const link = this.#link;
    if (link === undefined || this.#reader !== undefined) {
      return;
    }
    this.#reader = link;
    void link.receive().then(() => {
      this.#reader = undefined;
      if (this.#link !== link) {
        this.#read();
      }
    });
  }

  #lost(error: ConnectionError): void {
    const link = this.#link;
    const willReconnect = this.#connection.reconnect !== false && !this.#isClosing;
    const cutsFrame = this.#queue.wouldCutFrame;
    this.#link = undefined;
    this.#lostClosed = link?.portClosed;
    this.#loss = error;
    this.#stats.losses++;
    if (cutsFrame) {
      this.#stats.framesTruncated++;
    }
    this.#queue.rejectAll('packetsLost', error);
    this.#queue = this.#newQueue(cutsFrame);
    this.#state = willReconnect ? 'waiting' : 'given-up';
    if (willReconnect) {
      this.#watchDevices();
      // While the old port is not closed, its device comes back under another name.
      this.#opening = within(CLOSE_LOST_MS, this.#lostClosed).then(() => this.#wait());
    }
    this.#owner.disconnected(error, willReconnect);
  }

  /** Plans the next try. */
  #wait(): void {
    const { reconnect } = this.#connection;
    if (reconnect === false || this.#isClosing) {
      this.#state = 'given-up';
      return;
    }
    this.#state = 'waiting';
    const { minDelayMs, maxDelayMs } = reconnect;
    const isHurried = performance.now() < this.#hurryUntil;
    const delayMs = Math.min(isHurried ? HURRIED_RETRY_MS : maxDelayMs, minDelayMs * 2 ** this.#tries);
    // Between half of it and all: many that lost one hub at once do not all try at once.
    this.#retryAfter(delayMs * (0.5 + Math.random() / 2));
    this.#watchDevices();
  }

  #retryAfter(delayMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#retry(), delayMs);
  }

  /** From the loss on, and while a try is under way: what changes meanwhile counts for the next. */
  #watchDevices(): void {
    this.#unwatch ??= this.#watch.add(this.#connection.path, (change) => this.#deviceChanged(change));
  }

  #deviceChanged(change: DeviceChange): void {
    const now = performance.now();
    const isMade = change === 'made';
    this.#hurryUntil = Math.max(this.#hurryUntil, now + (isMade ? HURRY_MS : HURRIED_RETRY_MS));
    if (this.#timer !== undefined) {
      this.#retryAfter(Math.max(0, (isMade ? MADE_RETRY_MS : HURRIED_RETRY_MS) - (now - this.#triedAt)));
    }
  }

  #retry(): void {
    this.#timer = undefined;
    this.#tries++;
    this.#triedAt = performance.now();
    // One opening at a time: each that hangs in the system holds a thread of the pool.
    this.#opening = this.#openingEnded
      .then(() => (this.#isClosing ? undefined : this.#open()))
      .catch((error) => {
        this.#openFailed(error);
        this.#wait();
      });
  }

  #openFailed(error: unknown): void {
    this.#stats.openFailures++;
    this.#loss = error as ConnectionError;
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  async #onPort<Result>(what: string, call: (port: BindingPort) => Promise<Result>): Promise<Result> {
    const link = this.#link;
    if (link === undefined) {
      throw this.#notConnected(what);
    }
    try {
      return await link.whileOpen(call(link.port));
    } catch (error) {
      if (this.#link !== link) {
        throw this.#notConnected(what);
      }
      throw new ConnectionError(
        'SIGNALS_ERROR',
        this.#name,
        `${what} ${describeConnection(this.#name, this.#connection)}: the port does not do that ` +
          `(${error instanceof Error ? error.message : String(error)})`,
        { cause: error },
      );
    }
  }

  #notConnected(what: string): ConnectionError {
    const hope = this.#state === 'given-up' || this.#state === 'ended' ? 'and there are no more tries' : 'trying again';
    const why = this.#loss === undefined ? '' : `: ${this.#loss.message}`;
    return new ConnectionError('CONNECTION_LOST', this.#name, `${what} "${this.#name}": not connected, ${hope}${why}`, {
      cause: this.#loss,
    });
  }

  #newQueue(spoils: boolean): SendQueue {
    const queue = new SendQueue(this.#name, this.#connection, this.#stats);
    if (spoils) {
      queue.addResyncSequence();
    } else if (this.#connection.syncOnOpen) {
      queue.addDelimiter();
    }
    return queue;
  }

  #newLink(port: BindingPort): Link {
    return new Link(this.#name, this.#connection, port, this.#queue, this.#stats, this.#owner, (error) =>
      this.#lost(error),
    );
  }
}
