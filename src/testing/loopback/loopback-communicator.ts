import { Communicator, CommunicatorState, type SendOptions } from '../../communicator.js';
import { IllegalStateAction, InvalidArgumentError } from '../../errors.js';
import { aFunction, anInteger, checkOptions, milliseconds, type OptionRules } from '../../options.js';
import { LoopbackLine } from './loopback-line.js';

/** What is at the other end of a connection of a {@link LoopbackCommunicator}. */
export interface LoopbackConnection {
  /**
   * Plays the device: it is called with each packet that is sent, and what it returns comes back: one packet, several
   * in their order, or none. What it throws becomes an uncaught error, so that the test fails. Default: the packet
   * itself comes back.
   */
  answer?: (packet: Uint8Array) => Uint8Array | readonly Uint8Array[] | undefined;
  /** Longest packet that can be sent, in bytes. Default 65,536. */
  maxPacketBytes?: number;
}

/** Options of a {@link LoopbackCommunicator}. */
export interface LoopbackCommunicatorOptions {
  /** How long `shutdown` may take, in milliseconds, when a receive handler does not settle. Default 2,000. */
  shutdownTimeoutMs?: number;
}

const DEFAULT_MAX_PACKET_BYTES = 65_536;

const CONNECTION_RULES: OptionRules<LoopbackConnection> = { answer: aFunction, maxPacketBytes: anInteger(0) };

/**
 * A communicator without ports, for tests of an application's own logic. What is sent to a connection is answered by
 * its `answer`, by default with the same packet, and never within the call of `send`.
 *
 * It keeps the rules that a communicator over serial ports keeps. `send` resolves when a copy of the packet is on its
 * way; 65,536 bytes can be on their way and not yet handled, then sends wait, up to 1,048,576 bytes, then they reject
 * with `SEND_QUEUE_FULL`. Packets longer than `maxPacketBytes` reject with `PACKET_TOO_LARGE`. `shutdown` waits until
 * every packet that was sent is on its way; what has not been handled by then is dropped, as answers are that a port
 * would not have read, and counted in {@link droppedPackets}. Sends that still wait after `shutdownTimeoutMs` reject
 * with `SHUTDOWN_TIMEOUT`.
 *
 * @example
 * ```ts
 * const communicator = new LoopbackCommunicator();
 * communicator.addConnection('arm', { answer: (packet) => Uint8Array.of(0x06, packet[0]!) });
 * ```
 */
export class LoopbackCommunicator extends Communicator<LoopbackConnection> {
  readonly #shutdownTimeoutMs: number;
  readonly #lines = new Map<string, LoopbackLine>();
  readonly #unhandled = new Map<string, number>();

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if an option cannot be used */
  constructor(options: LoopbackCommunicatorOptions = {}) {
    super();
    const { shutdownTimeoutMs = 2_000 } = checkOptions('LoopbackCommunicator', options, {
      shutdownTimeoutMs: milliseconds,
    });
    this.#shutdownTimeoutMs = shutdownTimeoutMs;
  }

  /**
   * Lets a packet arrive that nobody asked for, as a copy. Resolves when the receive handler has settled.
   *
   * @throws IllegalStateAction (`ILLEGAL_STATE`) unless STARTED, or if `shutdown` comes before it was handled
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   * @throws ConnectionError (`SEND_QUEUE_FULL`) if 1,048,576 bytes have not been handled yet
   */
  async inject(name: string, packet: Uint8Array): Promise<void> {
    if (this.state !== CommunicatorState.STARTED) {
      throw new IllegalStateAction(`inject: the state is ${CommunicatorState[this.state]}; call it while STARTED`);
    }
    this.requireConnection('inject', name);
    await this.#lines.get(name)!.inject(packet);
  }

  /**
   * How many packets reached no receive handler although they were on their way: none was set, or `shutdown` came first.
   *
   * @throws KeyError (`KEY_ERROR`) if no connection has that name
   */
  droppedPackets(name: string): number {
    this.requireConnection('droppedPackets', name);
    return (this.#unhandled.get(name) ?? 0) + (this.#lines.get(name)?.droppedPackets ?? 0);
  }

  protected override checkConnection(name: string, connection: LoopbackConnection): LoopbackConnection {
    return checkOptions(`connection "${name}"`, connection, CONNECTION_RULES, 'INVALID_CONNECTION');
  }

  protected override async openConnections(connections: ReadonlyMap<string, LoopbackConnection>): Promise<void> {
    for (const [name, connection] of connections) {
      this.#lines.set(name, this.#newLine(name, connection));
    }
  }

  protected override startReceiving(): void {
    // Nothing comes before something is sent or injected.
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
    return this.#lines.get(name)!.send(packet, options?.signal);
  }

  protected override async closeConnections(): Promise<void> {
    await Promise.all([...this.#lines.values()].map((line) => line.close(this.#shutdownTimeoutMs)));
  }

  #newLine(name: string, { answer }: LoopbackConnection): LoopbackLine {
    return new LoopbackLine({
      name,
      answer: (packet) => (answer === undefined ? [packet] : answersOf(answer, packet)),
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

/** The answers as copies, since `answer` may use its memory again. */
function answersOf(answer: NonNullable<LoopbackConnection['answer']>, packet: Uint8Array): Uint8Array[] {
  try {
    const answers = answer(packet) ?? [];
    return (answers instanceof Uint8Array ? [answers] : answers).map((bytes) => new Uint8Array(bytes));
  } catch (error) {
    // Of its own, not the communicator's: the test is at fault.
    process.nextTick(() => {
      throw error;
    });
    return [];
  }
}
