import type { SendOptions } from '../../call-arguments.js';
import { Communicator } from '../../communicator.js';
import { InvalidArgumentError } from '../../errors.js';
import { aFunction, anInteger, checkOptions, milliseconds, type OptionRules } from '../../options.js';
import { checkPacketLimit, type RequestIdOptions } from '../../requests/request-ids.js';
import type { RequestSettings } from '../../requests/request-settings.js';
import type { Transmission } from '../../requests/transmission.js';
import { serialSettings } from '../../serial/serial-settings.js';
import { LoopbackDevice } from './loopback-device.js';
import { LoopbackLink } from './loopback-link.js';

/** Settings of one connection of a {@link LoopbackCommunicator}. */
export interface LoopbackConnection {
  /**
   * Plays the device: called with each sent packet that `onRequest` does not get, it returns the packets of the device: one
   * packet, several in order, or none. If it throws, the error becomes an uncaught one, so that the test fails. With
   * `requestIds`, all these packets have their ids. Default: without `onRequest`, sends the packet itself back, unless it
   * is the reply to a request of the device.
   */
  reply?: (packet: Uint8Array) => Uint8Array | readonly Uint8Array[] | undefined;
  /**
   * Plays the device: called with each request, it returns the reply or a promise of it; `undefined` sends none. With
   * `requestIds`, neither has its id, and an error becomes an error reply. Without, it is called with each sent packet, and
   * an error becomes an uncaught one.
   */
  onRequest?: (packet: Uint8Array) => Uint8Array | undefined | PromiseLike<Uint8Array | undefined>;
  /** Maximum size of a sent packet in bytes, without its id. Default: 65,536. */
  maxPacketBytes?: number;
  /** Puts an id before each packet, as in a serial connection. Default: no ids. */
  requestIds?: RequestIdOptions;
  /** Maximum number of bytes kept for a busy handler while a request waits, as in a serial connection. Default: 65,536. */
  requestBacklogBytes?: number;
}

/** Options of a {@link LoopbackCommunicator}. */
export interface LoopbackCommunicatorOptions {
  /** How long `shutdown` may take in milliseconds if a receive handler does not settle. Default: 2,000. */
  shutdownTimeoutMs?: number;
}

const DEFAULT_MAX_PACKET_BYTES = 65_536;

const CONNECTION_RULES: OptionRules<LoopbackConnection> = {
  reply: aFunction,
  onRequest: aFunction,
  maxPacketBytes: anInteger(0),
  requestIds: serialSettings.requestIds,
  requestBacklogBytes: serialSettings.requestBacklogBytes,
};

/**
 * A communicator without ports, for tests of an application's own logic. The functions `reply` and `onRequest` of a
 * connection play its device. They are never called within `send`.
 *
 * It follows the rules of a communicator over serial ports:
 *
 * - `send` resolves when a copy of the packet is in flight. Up to 65,536 bytes can be in flight and not yet handled.
 *   Further packets are queued, up to 1,048,576 bytes; beyond that, `send` rejects with `SEND_QUEUE_FULL`.
 * - `send` rejects packets longer than `maxPacketBytes` with `PACKET_TOO_LARGE`.
 * - `shutdown` waits until all queued packets are in flight; those still queued after `shutdownTimeoutMs` reject with
 *   `SHUTDOWN_TIMEOUT`. Packets not handled by then are dropped and counted in {@link stats}.
 *
 * @example
 * ```ts
 * const communicator = new LoopbackCommunicator();
 * communicator.addConnection('arm', { reply: (packet) => Uint8Array.of(0x06, packet[0]!) });
 * ```
 */
export class LoopbackCommunicator extends Communicator<LoopbackConnection> {
  readonly #shutdownTimeoutMs: number;
  readonly #links = new Map<string, LoopbackLink>();

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid */
  constructor(options: LoopbackCommunicatorOptions = {}) {
    super();
    const { shutdownTimeoutMs = 2_000 } = checkOptions('LoopbackCommunicator', options, {
      shutdownTimeoutMs: milliseconds,
    });
    this.#shutdownTimeoutMs = shutdownTimeoutMs;
  }

  /**
   * Makes a packet arrive from the device, with its id if the connection has `requestIds`. The packet is copied. Resolves
   * when a request has taken it, its handlers have settled, or it is kept for them since a request waits.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED, or if `shutdown` comes before the packet is handled
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws InvalidArgumentError (`INVALID_PACKET`) if the packet is too short for an id
   * @throws ConnectionError (`SEND_QUEUE_FULL`) if 1,048,576 bytes are in flight
   */
  async inject(name: string, packet: Uint8Array): Promise<void> {
    this.requireStarted('inject');
    const idBytes = idBytesOf(this.requireConnection('inject', name));
    if (packet.length < idBytes) {
      throw new InvalidArgumentError(
        'INVALID_PACKET',
        `inject into "${name}": the packet has ${packet.length} bytes; expected at least an id (requestIds), ${idBytes}`,
      );
    }
    await this.#links.get(name)!.inject(packet);
  }

  protected override checkConnection(name: string, connection: LoopbackConnection): LoopbackConnection {
    const where = `connection "${name}"`;
    const checked = checkOptions(where, connection, CONNECTION_RULES, 'INVALID_CONNECTION');
    checkPacketLimit(where, checked.maxPacketBytes ?? DEFAULT_MAX_PACKET_BYTES, checked.requestIds);
    return checked;
  }

  protected override async openConnections(connections: ReadonlyMap<string, LoopbackConnection>): Promise<void> {
    for (const [name, connection] of connections) {
      this.#links.set(name, this.#newLink(name, connection));
    }
  }

  protected override startReceiving(): void {
    // Nothing arrives before a packet is sent or injected.
  }

  protected override requestSettings(connection: LoopbackConnection): RequestSettings {
    return connection;
  }

  protected override transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    const error = this.#tooLarge(name, packet.length);
    return error === undefined ? this.#links.get(name)!.send(packet, options?.signal) : Promise.reject(error);
  }

  protected override transmitRequest(name: string, packet: Uint8Array, transmission: Transmission): void {
    const error = this.#tooLarge(name, packet.length);
    if (error === undefined) {
      this.#links.get(name)!.sendRequest(packet, transmission);
    } else {
      queueMicrotask(() => transmission.failed(error));
    }
  }

  protected override hold(name: string, packetBytes: number): () => void {
    const error = this.#tooLarge(name, packetBytes);
    if (error !== undefined) {
      throw error;
    }
    return this.#links.get(name)!.hold(packetBytes);
  }

  protected override async closeConnections(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close(this.#shutdownTimeoutMs)));
  }

  #tooLarge(name: string, packetBytes: number): InvalidArgumentError | undefined {
    const connection = this.requireConnection('send', name);
    const { maxPacketBytes = DEFAULT_MAX_PACKET_BYTES } = connection;
    const payloadBytes = packetBytes - idBytesOf(connection);
    return payloadBytes <= maxPacketBytes
      ? undefined
      : new InvalidArgumentError(
          'PACKET_TOO_LARGE',
          `send to "${name}": the packet has ${payloadBytes} bytes, maxPacketBytes is ${maxPacketBytes}`,
        );
  }

  #newLink(name: string, connection: LoopbackConnection): LoopbackLink {
    const inlet = this.inlet(name);
    const device = new LoopbackDevice(connection, (packet) => {
      // After shutdown, nothing arrives any more.
      link.inject(packet).catch(() => inlet.dropped());
    });
    const link = new LoopbackLink({
      name,
      reply: (packet) => device.replies(packet),
      deliver: (packet) => inlet.receive(packet),
      dropped: () => inlet.dropped(),
    });
    return link;
  }
}

function idBytesOf({ requestIds }: LoopbackConnection): number {
  return requestIds?.bytes ?? 0;
}
