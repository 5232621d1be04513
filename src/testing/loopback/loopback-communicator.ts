import { Communicator, CommunicatorState, type SendOptions } from '../../communicator.js';
import { IllegalStateAction, InvalidArgumentError } from '../../errors.js';
import { aFunction, anInteger, checkOptions, milliseconds, type OptionRules } from '../../options.js';
import { LoopbackLink } from './loopback-link.js';

/** Settings of one connection of a {@link LoopbackCommunicator}. */
export interface LoopbackConnection {
  /**
   * Plays the device: called with each sent packet, it returns the replies: one packet, several in order, or none. If it
   * throws, the error becomes an uncaught one, so that the test fails. Default: replies with the packet itself.
   */
  reply?: (packet: Uint8Array) => Uint8Array | readonly Uint8Array[] | undefined;
  /** Maximum size of a sent packet in bytes. Default: 65,536. */
  maxPacketBytes?: number;
}

/** Options of a {@link LoopbackCommunicator}. */
export interface LoopbackCommunicatorOptions {
  /** How long `shutdown` may take in milliseconds if a receive handler does not settle. Default: 2,000. */
  shutdownTimeoutMs?: number;
}

const DEFAULT_MAX_PACKET_BYTES = 65_536;

const CONNECTION_RULES: OptionRules<LoopbackConnection> = { reply: aFunction, maxPacketBytes: anInteger(0) };

/**
 * A communicator without ports, for tests of an application's own logic. The function `reply` of a connection plays its
 * device. It is never called within `send`.
 *
 * It follows the rules of a communicator over serial ports:
 *
 * - `send` resolves when a copy of the packet is in flight. Up to 65,536 bytes can be in flight and not yet handled.
 *   Further packets are queued, up to 1,048,576 bytes; beyond that, `send` rejects with `SEND_QUEUE_FULL`.
 * - `send` rejects packets longer than `maxPacketBytes` with `PACKET_TOO_LARGE`.
 * - `shutdown` waits until all queued packets are in flight; those still queued after `shutdownTimeoutMs` reject with
 *   `SHUTDOWN_TIMEOUT`. Packets not handled by then are dropped and counted in {@link droppedPackets}, like bytes that
 *   were never read from a port.
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
  readonly #unhandled = new Map<string, number>();

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid */
  constructor(options: LoopbackCommunicatorOptions = {}) {
    super();
    const { shutdownTimeoutMs = 2_000 } = checkOptions('LoopbackCommunicator', options, {
      shutdownTimeoutMs: milliseconds,
    });
    this.#shutdownTimeoutMs = shutdownTimeoutMs;
  }

  /**
   * Makes a packet arrive from the device. The packet is copied. Resolves when the receive handler has settled.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED, or if `shutdown` comes before the packet is handled
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws ConnectionError (`SEND_QUEUE_FULL`) if 1,048,576 bytes are in flight
   */
  async inject(name: string, packet: Uint8Array): Promise<void> {
    if (this.state !== CommunicatorState.STARTED) {
      throw new IllegalStateAction(`inject: the state is ${CommunicatorState[this.state]}; call it while STARTED`);
    }
    this.requireConnection('inject', name);
    await this.#links.get(name)!.inject(packet);
  }

  /**
   * Number of packets that were in flight and reached no receive handler: none was set, or `shutdown` came first.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  droppedPackets(name: string): number {
    this.requireConnection('droppedPackets', name);
    return (this.#unhandled.get(name) ?? 0) + (this.#links.get(name)?.droppedPackets ?? 0);
  }

  protected override checkConnection(name: string, connection: LoopbackConnection): LoopbackConnection {
    return checkOptions(`connection "${name}"`, connection, CONNECTION_RULES, 'INVALID_CONNECTION');
  }

  protected override async openConnections(connections: ReadonlyMap<string, LoopbackConnection>): Promise<void> {
    for (const [name, connection] of connections) {
      this.#links.set(name, this.#newLink(name, connection));
    }
  }

  protected override startReceiving(): void {
    // Nothing arrives before a packet is sent or injected.
  }

  protected override transmit(name: string, packet: Uint8Array, options: SendOptions | undefined): Promise<void> {
    const { maxPacketBytes = DEFAULT_MAX_PACKET_BYTES } = this.requireConnection('send', name);
    if (packet.length > maxPacketBytes) {
      return Promise.reject(
        new InvalidArgumentError(
          'PACKET_TOO_LARGE',
          `send to "${name}": the packet has ${packet.length} bytes, maxPacketBytes is ${maxPacketBytes}`,
        ),
      );
    }
    return this.#links.get(name)!.send(packet, options?.signal);
  }

  protected override async closeConnections(): Promise<void> {
    await Promise.all([...this.#links.values()].map((link) => link.close(this.#shutdownTimeoutMs)));
  }

  #newLink(name: string, { reply }: LoopbackConnection): LoopbackLink {
    return new LoopbackLink({
      name,
      reply: (packet) => (reply === undefined ? [packet] : repliesOf(reply, packet)),
      deliver: (packet) => {
        if (this.hasReceiveHandler) {
          return this.deliver(name, packet);
        }
        this.#unhandled.set(name, (this.#unhandled.get(name) ?? 0) + 1);
        return undefined;
      },
    });
  }
}

/** Returns copies of the replies, since `reply` may reuse its memory. */
function repliesOf(reply: NonNullable<LoopbackConnection['reply']>, packet: Uint8Array): Uint8Array[] {
  try {
    const replies = reply(packet) ?? [];
    return (replies instanceof Uint8Array ? [replies] : replies).map((bytes) => new Uint8Array(bytes));
  } catch (error) {
    // Not caught: it is the test that fails, not the communicator.
    process.nextTick(() => {
      throw error;
    });
    return [];
  }
}
