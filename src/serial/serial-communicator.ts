import type { SendOptions } from '../call-arguments.js';
import { Communicator } from '../communicator.js';
import type { CommunicatorEvents } from '../communicator-events.js';
import { type ConnectionError, InitializeError } from '../errors.js';
import type { RejectedFrame } from '../framing/frame-decoder.js';
import { anObject, checkOptions, invalidOption, milliseconds, type OptionRules } from '../options.js';
import type { NamedConnection } from '../requests/named-connection.js';
import type { RequestSettings } from '../requests/request-settings.js';
import type { LineCounts, Transmission } from '../requests/transmission.js';
import type { Binding, PortInfo } from './binding.js';
import type { SignalSettings, Signals } from './control-lines.js';
import { defaultBinding } from './default-binding.js';
import type { SessionInfo } from './delivery/connection-delivery.js';
import { directBinding } from './direct/direct-binding.js';
import { unsupportedSetting } from './native-binding.js';
import { isNetworkPath } from './network/network-address.js';
import type { IgnoredSetting } from './port.js';
import {
  type CompleteSerialConnection,
  checkDefaults,
  checkSignals,
  completeConnection,
  type SerialConnection,
} from './serial-connection.js';
import type { SerialSettings } from './serial-settings.js';
import { lineCountsOf, newLinkStats, type SerialStats } from './serial-stats.js';
import type { ConnectionState } from './supervisor/connection-states.js';
import { LinkSupervisor } from './supervisor/link-supervisor.js';

/** Options of a {@link SerialCommunicator}. */
export interface SerialCommunicatorOptions {
  /**
   * Opens the ports. Default: `defaultBinding`.
   */
  binding?: Binding;
  /**
   * Settings for all connections. A connection's own settings take precedence. Those of the line do not apply to `tcp://` and
   * `tls://`.
   */
  defaults?: SerialSettings;
  /**
   * How long `shutdown` may take, and each `release`, in milliseconds. Default: 2,000. Three quarters of it are for writing
   * the accepted packets, the rest for closing the ports.
   */
  shutdownTimeoutMs?: number;
}

/** The events of a {@link SerialCommunicator}. Each has one object as its payload. */
export interface SerialEvents extends CommunicatorEvents {
  /**
   * Bytes were read on connection `name`: all bytes, as the port returned them, before they are decoded. `bytes` is valid
   * until the listener returns, and must not be changed. For diagnosis, for example of a device that sends no frames.
   */
  chunk: { name: string; bytes: Uint8Array };
  /** A frame was received on connection `name` that yields no packet. */
  rejectedFrame: { name: string } & RejectedFrame;
  /**
   * The port of connection `name` is open, at `path`. Emitted just before `initialize` resolves (later for a connection
   * with `required: false` that was missing), and after every reconnect. `baudRate` is the rate that the operating system
   * reports, which may differ from the requested one by up to 3 %. It is undefined if the connection has none.
   */
  connected: { name: string; path: string; info: PortInfo; baudRate: number | undefined };
  /**
   * The port of connection `name` was lost, for example because the device was unplugged, or it was released. Emitted once
   * per disconnect, after the pending sends have rejected. `willReconnect`: whether the port will be opened again. Of a
   * released port, `error` has the code `CONNECTION_RELEASED`.
   */
  disconnected: { name: string; error: ConnectionError; willReconnect: boolean };
  /**
   * The port of connection `name` is on another machine (`rfc2217://`), and its server has not made a setting what it was to
   * be, or has not answered (`actual` is undefined). Emitted after `connected`, after `setSignals`, and when the server reports
   * a change. Everything continues.
   */
  settingIgnored: { name: string } & IgnoredSetting;
  /** Acknowledged delivery: the handshake on connection `name` has succeeded. Packets are exchanged from now on. */
  sessionStarted: { name: string; session: SessionInfo };
  /**
   * Acknowledged delivery: the device on connection `name` restarted. Emitted after the packets that it had not acknowledged
   * have rejected with `PEER_RESET`. A new handshake follows.
   */
  peerReset: { name: string; error: ConnectionError };
  /**
   * Acknowledged delivery: a session on connection `name` ended with `ACK_TIMEOUT`, and a new handshake follows, or none can
   * begin (`PEER_INCOMPATIBLE`) until the device restarts or the port is opened again.
   */
  sessionFailed: { name: string; error: ConnectionError };
  /**
   * Acknowledged delivery: nothing has arrived from the device on connection `name` for `keepAliveMs`, although it was
   * polled; or, with `isSilent: false`, something has again.
   */
  peerSilent: { name: string; isSilent: boolean };
}

const OPTION_RULES: OptionRules<SerialCommunicatorOptions> = {
  binding: {
    expected: 'an object with list and open',
    accepts: (value) =>
      typeof (value as Binding | null)?.list === 'function' && typeof (value as Binding).open === 'function',
  },
  defaults: anObject,
  shutdownTimeoutMs: milliseconds,
};

/** The share of `shutdownTimeoutMs` that is for writing the accepted packets. */
const DRAIN_SHARE = 0.75;

/**
 * A communicator over serial ports. Each connection is one port. Packets are framed with COBS, and a zero byte ends each
 * frame.
 *
 * In addition to the errors of {@link Communicator.send}, `send` rejects with
 * - InvalidArgumentError (`PACKET_TOO_LARGE`) if the packet is longer than `maxPacketBytes`; nothing is written
 * - ConnectionError (`SEND_QUEUE_FULL`) if `sendQueueBytes` would be exceeded; nothing of the packet is written
 * - ConnectionError (`CONNECTION_LOST`) if the port is not open, or lost before the packet was fully written
 * - ConnectionError (`CONNECTION_RELEASED`) if the port is released, or was before the packet was fully written
 * - ConnectionError (`SEND_TIMEOUT`) if the packet was not written within `sendTimeoutMs`
 * - ConnectionError (`SHUTDOWN_TIMEOUT`) if `shutdown` ended before the packet was fully written
 *
 * With acknowledged delivery, packets wait while the port is reopened, and these errors have `delivered`. `send` rejects with
 * - ConnectionError (`ACK_TIMEOUT`) if the device did not take the packet within `ackTimeoutMs`; the message has the likely cause
 * - ConnectionError (`PEER_RESET`) if the device restarted before it acknowledged the packet
 * - ConnectionError (`PEER_INCOMPATIBLE`) if the device speaks another version, or its sizes do not fit
 * - InvalidArgumentError (`PACKET_TOO_LARGE`) after the handshake, if the packet is longer than the device accepts
 *
 * In addition to the errors of {@link Communicator.ready}, `ready` rejects with
 * - ConnectionError (`PEER_INCOMPATIBLE`) with acknowledged delivery, as `send` does
 * - ConnectionError (`CONNECTION_LOST`) if the port is lost and `reconnect` is off
 * - ConnectionError (`SHUTDOWN_TIMEOUT`) if `shutdown` ended before the connection was ready
 *
 * @example
 * ```ts
 * const serial = new SerialCommunicator();
 * serial.addConnection('arm', { path: '/dev/ttyACM0', baudRate: 115_200 });
 * serial.setReceiveHandler((name, packet) => console.log(name, packet));
 * await serial.initialize();
 * await serial.send('arm', Uint8Array.of(1, 2, 3));
 * await serial.shutdown();
 * ```
 */
export class SerialCommunicator extends Communicator<SerialConnection, SerialEvents, CompleteSerialConnection> {
  readonly #binding: Binding;
  readonly #defaults: SerialSettings;
  readonly #shutdownTimeoutMs: number;
  readonly #supervisors = new Map<string, LinkSupervisor>();

  /** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
  constructor(options: SerialCommunicatorOptions = {}) {
    super();
    const {
      binding = defaultBinding,
      defaults = {},
      shutdownTimeoutMs = 2_000,
    } = checkOptions('SerialCommunicator', options, OPTION_RULES);
    this.#binding = binding;
    this.#defaults = checkDefaults('SerialCommunicator: defaults', defaults);
    this.#shutdownTimeoutMs = shutdownTimeoutMs;
  }

  /**
   * A copy of the counts of a connection. All are zero before `initialize`.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  override stats(name: string): SerialStats {
    const counts = super.stats(name);
    return { ...(this.#supervisors.get(name)?.stats ?? newLinkStats()), ...counts };
  }

  override connection(name: string): NamedConnection<SerialStats> {
    return super.connection(name) as NamedConnection<SerialStats>;
  }

  /**
   * Whether the port of a connection is open.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  connectionState(name: string): ConnectionState {
    this.requireConnection('connectionState', name);
    return this.#supervisors.get(name)?.connectionState ?? 'disconnected';
  }

  /**
   * Why the port of a connection is not open: the last disconnect, the last failed attempt to open it, or that it is
   * released (`CONNECTION_RELEASED`). Undefined while it is open, and until the first attempt, also of `reopen`, has failed.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  connectionError(name: string): ConnectionError | undefined {
    this.requireConnection('connectionError', name);
    return this.#supervisors.get(name)?.connectionError;
  }

  /**
   * Sets control lines, after those of earlier calls. DTR and RTS change together, in one call of the operating system;
   * on Windows RTS changes just before DTR. Break changes just before them. Lines that are left out do not change.
   * Resolves when all are set. Over `rfc2217://`, the server gets all of them in one write, and sets one after the other.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_OPTION`) if a field is not dtr, rts or brk, or its value is not a boolean
   * @throws ConnectionError (`CONNECTION_LOST` or `CONNECTION_RELEASED`) if the port is not open, (`SIGNALS_ERROR`) if the port cannot set them
   */
  async setSignals(name: string, signals: SignalSettings): Promise<void> {
    const { lines } = this.#started('setSignals', name);
    checkSignals(name, signals);
    await lines.set(signals);
  }

  /**
   * Reads the control lines that the device sets.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws ConnectionError (`CONNECTION_LOST` or `CONNECTION_RELEASED`) if the port is not open, (`SIGNALS_ERROR`) if the port cannot read them
   */
  async signals(name: string): Promise<Signals> {
    return this.#started('signals', name).lines.get();
  }

  protected override checkConnection(name: string, connection: SerialConnection): CompleteSerialConnection {
    const complete = completeConnection(name, connection, this.#defaults);
    // Another binding may open ports of another machine, or simulated ones.
    const isNative = this.#binding === defaultBinding || this.#binding === directBinding;
    const unsupported = isNative && !isNetworkPath(complete.path) ? unsupportedSetting(complete) : undefined;
    if (unsupported !== undefined) {
      throw invalidOption(`connection "${name}": ${unsupported}`, 'INVALID_CONNECTION');
    }
    return complete;
  }

  protected override async openConnections(connections: ReadonlyMap<string, CompleteSerialConnection>): Promise<void> {
    for (const [name, connection] of connections) {
      this.#supervisors.set(name, this.#newSupervisor(name, connection));
    }
    const results = await Promise.allSettled([...this.#supervisors.values()].map((supervisor) => supervisor.open()));
    const errors = results.filter((result) => result.status === 'rejected').map((result) => result.reason);
    if (errors.length > 0) {
      await this.closeConnections();
      this.#supervisors.clear();
      throw new InitializeError(errors);
    }
  }

  protected override startReceiving(): void {
    for (const supervisor of this.#supervisors.values()) {
      supervisor.start();
    }
  }

  protected override requestSettings(connection: CompleteSerialConnection): RequestSettings {
    return connection;
  }

  protected override transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    return this.#supervisors.get(name)!.outbox.send(packet, options);
  }

  protected override transmitRequest(name: string, packet: Uint8Array, transmission: Transmission): void {
    this.#supervisors.get(name)!.outbox.sendRequest(packet, transmission);
  }

  protected override hold(name: string, packetBytes: number): () => void {
    return this.#supervisors.get(name)!.outbox.hold(packetBytes);
  }

  protected override lineCounts(name: string): LineCounts {
    return lineCountsOf(this.#supervisors.get(name)!.stats);
  }

  protected override async closeConnections(): Promise<void> {
    const { drainMs, closeMs } = this.#endLimits;
    await Promise.all([...this.#supervisors.values()].map((supervisor) => supervisor.close(drainMs, closeMs)));
  }

  protected override waitUntilReady(name: string, signal: AbortSignal | undefined): Promise<void> {
    return this.#supervisors.get(name)!.ready(signal);
  }

  protected override releaseConnection(name: string): Promise<void> {
    const { drainMs, closeMs } = this.#endLimits;
    return this.#supervisors.get(name)!.release(drainMs, closeMs);
  }

  protected override reopenConnection(name: string, signal: AbortSignal | undefined): Promise<void> {
    return this.#supervisors.get(name)!.reopen(signal);
  }

  /** How long writing the accepted packets may take, and closing a port after that. */
  get #endLimits(): { drainMs: number; closeMs: number } {
    const drainMs = this.#shutdownTimeoutMs * DRAIN_SHARE;
    return { drainMs, closeMs: this.#shutdownTimeoutMs - drainMs };
  }

  #started(call: string, name: string): LinkSupervisor {
    this.requireConnection(call, name);
    this.requireStarted(call);
    return this.#supervisors.get(name)!;
  }

  #newSupervisor(name: string, connection: CompleteSerialConnection): LinkSupervisor {
    const inlet = this.inlet(name);
    return new LinkSupervisor(name, connection, this.#binding, {
      packet: (packet, isOld) => inlet.receive(packet, isOld),
      dropped: () => inlet.dropped(),
      chunk: (bytes) => {
        if (this.isHeard('chunk')) {
          this.emit('chunk', { name, bytes });
        }
      },
      rejected: (frame) => this.emit('rejectedFrame', { name, ...frame }),
      connected: ({ path, info, baudRate }) => this.emit('connected', { name, path, info, baudRate }),
      disconnected: (error, willReconnect) => {
        if (connection.delivery === 'plain' || !willReconnect) {
          inlet.lost(error);
        }
        this.emit('disconnected', { name, error, willReconnect });
      },
      settingIgnored: (ignored) => this.emit('settingIgnored', { name, ...ignored }),
      sessionStarted: (session) => this.emit('sessionStarted', { name, session }),
      sessionEnded: (error) => {
        inlet.lost(error);
        this.emit(error.code === 'PEER_RESET' ? 'peerReset' : 'sessionFailed', { name, error });
      },
      incompatible: (error) => this.emit('sessionFailed', { name, error }),
      silent: (isSilent) => this.emit('peerSilent', { name, isSilent }),
    });
  }
}
