import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import type { Encoding } from '../../input/encoders.js';
import { checked } from '../../input/max-packet.js';
import { type InputKind, type PacketReader, packetReader } from '../../input/packet-input.js';
import { stdinLines } from '../../input/stdin.js';
import { ACKNOWLEDGED, LISTEN } from '../../options/delivery-options.js';
import type { LivePorts } from '../../session/live-ports.js';
import type { RecordFlow } from '../../sinks/flow.js';
import { printMessage } from '../../terminal/message.js';
import { similar } from '../../text/suggest.js';
import type { MonitorOptions } from './command.js';

/** With acknowledged delivery, this many packets may wait for their acknowledgement: twice the largest window. */
const MAX_UNACKNOWLEDGED = 64;

/** Sends packets while monitoring: lines of stdin, or lines that the user types. */
export class PacketSender {
  readonly #names: readonly string[];
  readonly #recipient: string | undefined;
  readonly #kind: InputKind;
  readonly #encoding: Encoding | undefined;
  readonly #readPacket: PacketReader;
  readonly #maxPacketBytes: number;
  readonly #isListening: boolean;
  /** How many lines may be sent before the first of them has been. */
  readonly #maxSending: number;

  private constructor(
    names: readonly string[],
    recipient: string | undefined,
    readPacket: PacketReader,
    { input = 'text', encode, maxPacketBytes, delivery }: MonitorOptions,
  ) {
    this.#names = names;
    this.#recipient = recipient;
    this.#kind = input;
    this.#encoding = encode;
    this.#readPacket = readPacket;
    this.#maxPacketBytes = maxPacketBytes;
    this.#isListening = delivery === LISTEN;
    this.#maxSending = delivery === ACKNOWLEDGED ? MAX_UNACKNOWLEDGED : 1;
  }

  /**
   * @param names - the names of all connections
   * @throws CliError (usage error) if the options do not fit the connections
   */
  static async create(names: readonly string[], options: MonitorOptions): Promise<PacketSender> {
    const recipient = recipientOf(names, options);
    const readPacket = await packetReader(options.input ?? 'text', options.encode);
    return new PacketSender(names, recipient, readPacket, options);
  }

  /** Sends each line of stdin, and reports those that cannot be sent. Never resolves, since monitoring continues. */
  async sendInput(live: LivePorts, flow: RecordFlow): Promise<never> {
    const sending = new Set<Promise<void>>();
    for await (const line of stdinLines(live.signal)) {
      const sent: Promise<void> = this.sendLine(line, live, flow)
        .catch((error: Error) => {
          if (!live.signal.aborted) {
            printMessage(error.message);
          }
        })
        .then(() => void sending.delete(sent));
      sending.add(sent);
      if (sending.size >= this.#maxSending) {
        await Promise.race(sending);
      }
      live.signal.throwIfAborted();
    }
    return new Promise(() => {});
  }

  /**
   * Sends the packet that a line describes.
   *
   * @param kind - the format of the line. Default: that of `--input`
   * @throws CliError (usage error) if the line is invalid or has no recipient; an error of the library if sending failed
   */
  async sendLine(line: string | Uint8Array, live: LivePorts, flow: RecordFlow, kind = this.#kind): Promise<void> {
    if (this.#isListening) {
      throw new CliError(ExitCode.usage, 'nothing is sent with --delivery listen; start the monitor without it');
    }
    if (this.#recipient === undefined) {
      const names = this.#names.join(', ');
      throw new CliError(ExitCode.usage, `several connections are open; choose one with --to NAME: ${names}`);
    }
    const readPacket = kind === this.#kind ? this.#readPacket : await packetReader(kind, this.#encoding);
    const packet = checked(readPacket(line), this.#maxPacketBytes);
    await live.send(this.#recipient, packet, { take: flow.take });
  }
}

/** The connection to send to; `undefined` if there are several and none was chosen, which matters only when sending. */
function recipientOf(names: readonly string[], { to, input }: MonitorOptions): string | undefined {
  if (to !== undefined && !names.includes(to)) {
    const meant = similar(to, names);
    const help = meant === undefined ? `available: ${names.join(', ')}` : `Did you mean ${meant}?`;
    throw new CliError(ExitCode.usage, `--to: unknown connection "${to}"; ${help}`);
  }
  if (to === undefined && names.length > 1 && input !== undefined) {
    const all = names.join(', ');
    throw new CliError(ExitCode.usage, `--input requires --to NAME when several ports are open: ${all}`);
  }
  return to ?? (names.length === 1 ? names[0] : undefined);
}
