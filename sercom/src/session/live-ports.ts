import { once, setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type {
  AcknowledgedStats,
  ConnectionError,
  ConnectionState,
  SerialCommunicator,
  SerialStats,
} from 'serial-communicator';
import { CliError, codeOf } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { SessionPort } from '../ports/open-ports.js';
import { nowUs } from '../records/clock.js';
import type { HeardSessions } from '../records/heard-sessions.js';
import type { PacketRecord } from '../records/record.js';
import { separateId } from '../records/request-ids.js';
import type { SessionEvent } from '../records/session-event.js';
import type { RecordConsumer, RecordSource } from '../records/source.js';
import { printMessage } from '../terminal/message.js';
import { communicatorFor, initialize, watchConnections } from './connections.js';
import { forUsers } from './delivery-error.js';
import { HandshakeWatch } from './handshake-watch.js';
import { PortSender, type RequestOptions, type SendingOptions, unlessReleased } from './port-sender.js';
import { PortWatch } from './port-watch.js';
import { reportTrouble, watchSessions } from './session-events.js';
import { TroubleWatch } from './trouble-watch.js';
import { UnframedBytes } from './unframed-bytes.js';

/** How long DTR is off when a board is reset. */
const RESET_MS = 100;

export interface LivePortsOptions {
  ports: readonly SessionPort[];
  /** What the command does while its ports are open. The source ends when this settles. */
  work(ports: LivePorts): Promise<void>;
  /** Decodes the sessions that the ports hear. Default: what the ports receive are packets. */
  heard?: HeardSessions | undefined;
  /** Gets what happens to the sessions of acknowledged delivery. Default: what goes wrong is reported on stderr. */
  report?: (event: SessionEvent) => void;
  /**
   * Report bytes that are no packets on stderr, with this advice on how to see them. Default: they are not reported,
   * because the command does so itself.
   */
  seeBytes?: string | undefined;
}

/** Gets each chunk that a port reads. The bytes are valid until it returns. */
export type ChunkListener = (name: string, bytes: Uint8Array) => void;

/**
 * The ports of a command, as a source of records: every packet and every rejected frame that arrives. It ends with the
 * command's work, and fails when the last connection is lost for good.
 */
export class LivePorts implements RecordSource {
  readonly #ports: readonly SessionPort[];
  readonly #work: LivePortsOptions['work'];
  readonly #heard: HeardSessions | undefined;
  readonly #report: (event: SessionEvent) => void;
  readonly #seeBytes: string | undefined;
  readonly #closing = new AbortController();
  readonly #unframed = new UnframedBytes();
  #communicator: SerialCommunicator | undefined;
  #sender: PortSender | undefined;
  #portWatch: PortWatch | undefined;
  /** Why no session with a device is possible. */
  readonly #incompatible = new Map<string, string>();
  /** How acknowledged delivery was before the ports were closed. */
  readonly #lastDelivery = new Map<string, AcknowledgedStats | undefined>();

  constructor({ ports, work, heard, report = reportTrouble, seeBytes }: LivePortsOptions) {
    this.#ports = ports;
    this.#work = work;
    this.#heard = heard;
    this.#report = report;
    this.#seeBytes = seeBytes;
    // Work on each of any number of ports listens to it. Without this, Node.js warns of a leak when there are more than ten.
    setMaxListeners(0, this.signal);
  }

  /** Aborted when the ports are to be closed. */
  get signal(): AbortSignal {
    return this.#closing.signal;
  }

  /** Packets that were received but not delivered, because the ports were closed. */
  get droppedPackets(): number {
    return this.#sum('packetsDropped');
  }

  /** Bytes that are no part of a packet or rejected frame. */
  get unframedTotals(): { skippedBytes: number; unfinishedBytes: number } {
    return { skippedBytes: this.#sum('skippedBytes'), unfinishedBytes: this.#sum('unfinishedBytes') };
  }

  async deliver(take: RecordConsumer, signal: AbortSignal, started: () => void): Promise<void> {
    signal.addEventListener('abort', () => this.#closing.abort(signal.reason));
    const communicator = await communicatorFor(this.#ports);
    this.#communicator = communicator;
    const sender = new PortSender(communicator, this.#ports, this.signal);
    this.#sender = sender;
    this.#portWatch = new PortWatch(communicator, this.signal);
    const stopSampling = this.onChunk(this.#unframed.take);
    const unheard = new Set(this.#ports.map(({ name }) => name));
    const idBytes = new Map(this.#ports.map(({ name, requestIdBytes }) => [name, requestIdBytes]));
    const hasIds = [...idBytes.values()].some((bytes) => bytes !== undefined);
    const heard = this.#heard;
    const handshakes = heard === undefined ? new HandshakeWatch(this.#ports) : undefined;
    const takeSeparated = (onWire: PacketRecord) => {
      const record = separateId(onWire, idBytes.get(onWire.name));
      sender.received(record);
      return take(record);
    };
    const takePayload = hasIds ? takeSeparated : take;
    communicator.setReceiveHandler((name, packet) => {
      // A device that has sent a packet needs no diagnosis.
      if (unheard.size > 0 && unheard.delete(name) && unheard.size === 0) {
        stopSampling();
      }
      handshakes?.take(name, packet);
      const record: PacketRecord = { timeUs: nowUs(), name, dir: 'rx', length: packet.length, bytes: packet };
      return heard === undefined ? takePayload(record) : heard.pass(record, takePayload);
    });
    communicator.on('rejectedFrame', ({ name, reason, wireBytes, head }) => {
      if (reason === 'malformed') {
        this.#unframed.takeMalformed(name, head);
      }
      void take({ timeUs: nowUs(), name, dir: 'rx', length: wireBytes, bytes: head, error: reason });
    });
    const lost = watchConnections(communicator, this.#ports, this.signal);
    watchSessions(communicator, this.#report, this.signal);
    communicator.on('sessionStarted', ({ name }) => this.#incompatible.delete(name));
    communicator.on('sessionFailed', ({ name, error }) => {
      if (error.code === 'PEER_INCOMPATIBLE') {
        this.#incompatible.set(name, (forUsers(error) as Error).message);
      }
    });
    let watch: TroubleWatch | undefined;
    try {
      signal.throwIfAborted();
      await initialize(communicator, this.#ports);
      signal.throwIfAborted();
      this.#reportMissing();
      watch = new TroubleWatch({ ports: this.#ports, live: this, seeBytes: this.#seeBytes });
      started();
      await Promise.race([this.#work(this), lost, once(signal, 'abort')]);
    } finally {
      watch?.close();
      for (const { name } of this.#ports) {
        this.#lastDelivery.set(name, communicator.stats(name).delivery);
      }
      this.#closing.abort();
      await communicator[Symbol.asyncDispose]();
      await heard?.end(takePayload);
    }
  }

  /** The counters of a connection. */
  stats(name: string): SerialStats {
    return this.#open.stats(name);
  }

  /** How acknowledged delivery goes on a connection that has it, if it was ever made. After the end, the session is the last one. */
  delivery(name: string): AcknowledgedStats | undefined {
    const stats = this.#communicator?.stats(name).delivery;
    const last = this.#lastDelivery.get(name);
    return stats && last ? { ...stats, ...sessionOf(last) } : stats;
  }

  /** Packets that were given up because the ports were closed: the device had not acknowledged them. */
  get abandonedPackets(): number {
    return this.#ports.reduce((sum, { name }) => {
      const last = this.#lastDelivery.get(name);
      return last === undefined ? sum : sum + this.delivery(name)!.packetsFailed - last.packetsFailed;
    }, 0);
  }

  /** Why no session with a device is possible, although it has answered the handshake. */
  incompatibility(name: string): string | undefined {
    return this.#incompatible.get(name);
  }

  /** Some bytes that are no packet, for a diagnosis. */
  unframed(name: string): Uint8Array {
    return this.#unframed.of(name);
  }

  /** Shows each chunk that a port reads, until the returned function is called. */
  onChunk(listener: ChunkListener): () => void {
    const communicator = this.#open;
    const onChunk = ({ name, bytes }: { name: string; bytes: Uint8Array }) => listener(name, bytes);
    communicator.on('chunk', onChunk);
    return () => communicator.off('chunk', onChunk);
  }

  /** Whether a connection has an open port. */
  state(name: string): ConnectionState {
    return this.#open.connectionState(name);
  }

  /** Why a connection has no open port. */
  connectionError(name: string): ConnectionError | undefined {
    return this.#open.connectionError(name);
  }

  /**
   * Resolves when a connection has an open port that has settled, and, with acknowledged delivery, a session. Rejects when
   * the ports are closed, or no session is possible.
   */
  async ready(name: string): Promise<void> {
    try {
      await this.#open.ready(name, { signal: this.signal });
    } catch (error) {
      throw forUsers(error);
    }
  }

  /** Closes the port of a connection until {@link reopen}. Resolves when it is closed. */
  release(name: string): Promise<void> {
    return this.#open.connection(name).release();
  }

  /**
   * Opens a released port again. Resolves when it is open; it is tried until then, unless reconnecting is off.
   *
   * @throws an error of the library if it cannot be opened, or was released again before
   */
  reopen(name: string): Promise<void> {
    return this.#open.connection(name).reopen({ signal: this.signal });
  }

  /**
   * Sends a packet. If packets have ids, it is neither request nor reply.
   *
   * @returns its record, once all of it has been handed to the operating system, or, with acknowledged delivery, the device
   *   has taken it
   * @throws CliError (usage error) if it is too long, (failure) if the port is released, (timeout, failure) if the device
   *   does not take it; an error of the library if it could not be sent
   */
  send(name: string, packet: Uint8Array, options?: SendingOptions): Promise<PacketRecord> {
    return this.#sender!.send(name, packet, options);
  }

  /** Like {@link send}, but with the id in front of the packet already. */
  sendOnWire(name: string, bytes: Uint8Array, options?: SendingOptions): Promise<PacketRecord> {
    return this.#sender!.sendOnWire(name, bytes, options);
  }

  /**
   * Sends a packet as a request. The connection must have ids.
   *
   * @returns the record of the reply
   * @throws CliError (usage error) if it is too long; an error of the library if it could not be sent or gets no reply
   */
  request(name: string, packet: Uint8Array, timeoutMs: number): Promise<PacketRecord> {
    return this.#sender!.request(name, packet, timeoutMs);
  }

  /**
   * Sends a packet as a request where the packets of all records have ids that are only shown: puts an id in front of it, and
   * waits for the reply, which is a record like any other.
   *
   * @returns the record of the reply or of the error reply
   * @throws CliError (usage error) if it is too long or there are no ids, (timeout) if there is no reply; like {@link send}
   *   if it could not be sent
   */
  requestOnWire(name: string, packet: Uint8Array, options: RequestOptions): Promise<PacketRecord> {
    return this.#sender!.requestOnWire(name, packet, options);
  }

  /** The bytes of a connection's packets that wait to be sent. */
  queuedBytes(name: string): number {
    return this.#sender!.queuedBytes(name);
  }

  /** Which ports are open, and when that changes. */
  get portWatch(): PortWatch {
    return this.#portWatch!;
  }

  /** Calls the listener for each reply that no request waits for: it is too late, or the second one. */
  onLateReply(listener: () => void): void {
    this.#open.on('lateReply', listener);
  }

  /**
   * Resets a board by turning DTR off and on again.
   *
   * @throws CliError (failure) if it is not connected; an error of the library if the port cannot do that
   */
  async reset(name: string): Promise<void> {
    try {
      await this.#open.setSignals(name, { dtr: false });
      await delay(RESET_MS, undefined, { signal: this.signal });
      await this.#open.setSignals(name, { dtr: true });
    } catch (error) {
      this.signal.throwIfAborted();
      if (codeOf(error) !== 'CONNECTION_LOST') {
        throw unlessReleased(`reset "${name}"`, error);
      }
      // The library's error would name its call.
      const message = `cannot reset "${name}": it is not connected; try again when it is`;
      throw new CliError(ExitCode.failure, message, { cause: error });
    }
  }

  get #open(): SerialCommunicator {
    return this.#communicator!;
  }

  #sum(counter: Exclude<keyof SerialStats, 'delivery'>): number {
    const communicator = this.#communicator;
    return communicator === undefined
      ? 0
      : this.#ports.reduce((sum, { name }) => sum + communicator.stats(name)[counter], 0);
  }

  #reportMissing(): void {
    for (const { name, path } of this.#ports.filter((port) => this.state(port.name) !== 'connected')) {
      printMessage(`waiting for ${name === path ? path : `"${name}" (${path})`}`);
    }
  }
}

function sessionOf({ session, roundTripMs, windowLimit }: AcknowledgedStats) {
  return { session, roundTripMs, windowLimit };
}
