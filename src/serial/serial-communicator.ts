import { SerialPort } from 'serialport';
import { Communicator, type CommunicatorEvents, type SendOptions } from '../communicator.js';
import { type ConnectionError, InitializeError } from '../errors.js';
import type { RejectReason } from '../framing/frame-decoder.js';
import { anObject, checkOptions, milliseconds, type OptionRules } from '../options.js';
import type { Binding, PortInfo } from './binding.js';
import type { SignalSettings, Signals } from './control-lines.js';
import { DeviceWatch } from './device-watch.js';
import { directBinding } from './direct-binding.js';
import { type ConnectionState, LinkSupervisor } from './link-supervisor.js';
import {
  type CompleteSerialConnection,
  checkDefaults,
  checkSignals,
  completeConnection,
  type SerialConnection,
} from './serial-connection.js';
import type { SerialSettings } from './serial-settings.js';
import { newSerialStats, type SerialStats } from './serial-stats.js';

/** Options of a {@link SerialCommunicator}. */
export interface SerialCommunicatorOptions {
  /**
   * What opens the ports. Default: `directBinding` on Linux, else `SerialPort.binding`, which is what `serialport` has
   * for this operating system.
   */
  binding?: Binding;
  /** Settings for every connection that does not say otherwise. */
  defaults?: SerialSettings;
  /**
   * How long `shutdown` may take, in milliseconds. Default 2,000. Three quarters of it are for the packets that are
   * still to be written, the rest for closing the ports.
   */
  shutdownTimeoutMs?: number;
}

/** The events of a {@link SerialCommunicator}, each with one object. */
export interface SerialEvents extends CommunicatorEvents {
  /** A frame arrived on connection `name` that holds no packet. */
  rejectedFrame: { name: string; reason: RejectReason; wireBytes: number; head: Uint8Array };
  /** The port of connection `name` is open, at `path`: the first time, told after `initialize`, or again. */
  connected: { name: string; path: string; info: PortInfo };
  /**
   * The port of connection `name` is gone: its device was unplugged, say. Told once for each time. Its sends have been
   * rejected. `willReconnect` tells whether it will be tried again.
   */
  disconnected: { name: string; error: ConnectionError; willReconnect: boolean };
}

const defaultBinding: Binding = process.platform === 'linux' ? directBinding : SerialPort.binding;

const OPTION_RULES: OptionRules<SerialCommunicatorOptions> = {
  binding: {
    expected: 'an object with list and open',
    accepts: (value) =>
      typeof (value as Binding | null)?.list === 'function' && typeof (value as Binding).open === 'function',
  },
  defaults: anObject,
  shutdownTimeoutMs: milliseconds,
};

/** How much of `shutdownTimeoutMs` is for the packets that are still to be written. */
const DRAIN_SHARE = 0.75;

/**
 * A communicator over serial ports. Each named connection is a port; packets are framed with COBS, each frame ends
 * with a zero byte.
 *
 * Besides what {@link Communicator.send} says, `send` rejects with
 * - InvalidArgumentError (`PACKET_TOO_LARGE`) if the packet is longer than `maxPacketBytes`; nothing is written
 * - ConnectionError (`SEND_QUEUE_FULL`) if `sendQueueBytes` would be exceeded; nothing of the packet is written
 * - ConnectionError (`CONNECTION_LOST`) if the port is not open, or gone before the packet was written whole
 * - ConnectionError (`SEND_TIMEOUT`) if the packet was not written within `sendTimeoutMs`
 * - ConnectionError (`SHUTDOWN_TIMEOUT`) if `shutdown` ended before the packet was written whole
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
export class SerialCommunicator extends Communicator<SerialConnection, SerialEvents> {
  readonly #binding: Binding | undefined;
  readonly #defaults: SerialSettings;
  readonly #shutdownTimeoutMs: number;
  readonly #supervisors = new Map<string, LinkSupervisor>();
  readonly #watch = new DeviceWatch();

  /** @throws InvalidArgumentError (`INVALID_OPTION`) that names the option and what it accepts */
  constructor(options: SerialCommunicatorOptions = {}) {
    super();
    const {
      binding,
      defaults = {},
      shutdownTimeoutMs = 2_000,
    } = checkOptions('SerialCommunicator', options, OPTION_RULES);
    this.#binding = binding;
    this.#defaults = checkDefaults('SerialCommunicator: defaults', defaults);
    this.#shutdownTimeoutMs = shutdownTimeoutMs;
  }

  /**
   * What has happened on a connection so far, as a copy: all zero before `initialize`.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  stats(name: string): SerialStats {
    this.connection(name);
    return this.#supervisors.get(name)?.stats ?? newSerialStats();
  }

  /**
   * Whether a connection has an open port now.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  connectionState(name: string): ConnectionState {
    this.connection(name);
    return this.#supervisors.get(name)?.connectionState ?? 'disconnected';
  }

  /**
   * Why a connection has no open port: how it was lost, or what the latest try to open it met. Undefined while it has
   * one, and before the first try.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  connectionError(name: string): ConnectionError | undefined {
    this.connection(name);
    return this.#supervisors.get(name)?.connectionError;
  }

  /**
   * Sets control lines: one after the other in the order of the fields, and after those of earlier calls, which is what
   * resetting an ESP32 needs. Lines that are left out stay as they are. Resolves when all are set.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_OPTION`) if a field is not dtr, rts or brk, or its value is not a boolean
   * @throws ConnectionError (`CONNECTION_LOST`) if the port is not open, (`SIGNALS_ERROR`) if it has no such lines
   */
  async setSignals(name: string, signals: SignalSettings): Promise<void> {
    const { lines } = this.#started('setSignals', name);
    checkSignals(name, signals);
    await lines.set(signals);
  }

  /**
   * Asks for the control lines that the device sets.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws ConnectionError (`CONNECTION_LOST`) if the port is not open, (`SIGNALS_ERROR`) if it has no such lines
   */
  async signals(name: string): Promise<Signals> {
    return this.#started('signals', name).lines.get();
  }

  protected override checkConnection(name: string, connection: SerialConnection): SerialConnection {
    return completeConnection(name, connection, this.#defaults);
  }

  protected override async openConnections(connections: ReadonlyMap<string, SerialConnection>): Promise<void> {
    const binding = this.#binding ?? defaultBinding;
    // What checkConnection has given to be kept.
    for (const [name, connection] of connections as ReadonlyMap<string, CompleteSerialConnection>) {
      this.#supervisors.set(name, this.#newSupervisor(name, connection, binding));
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

  protected override transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    return this.#supervisors.get(name)!.send(packet, options?.signal);
  }

  protected override async closeConnections(): Promise<void> {
    const drainMs = this.#shutdownTimeoutMs * DRAIN_SHARE;
    const closeMs = this.#shutdownTimeoutMs - drainMs;
    await Promise.all([...this.#supervisors.values()].map((supervisor) => supervisor.close(drainMs, closeMs)));
  }

  #started(call: string, name: string): LinkSupervisor {
    this.connection(name);
    this.requireStarted(call);
    return this.#supervisors.get(name)!;
  }

  #newSupervisor(name: string, connection: CompleteSerialConnection, binding: Binding): LinkSupervisor {
    return new LinkSupervisor(name, connection, binding, this.#watch, {
      takesPackets: () => this.hasReceiveHandler,
      packet: (packet) => this.deliver(name, packet),
      rejected: (frame) => this.emit('rejectedFrame', { name, ...frame }),
      connected: (path, info) => this.emit('connected', { name, path, info }),
      disconnected: (error, willReconnect) => this.emit('disconnected', { name, error, willReconnect }),
    });
  }
}
