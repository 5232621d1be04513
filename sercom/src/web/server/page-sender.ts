import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import type { Encoding } from '../../input/encoders.js';
import { type PacketReader, packetReader } from '../../input/packet-input.js';
import { errorReplyText } from '../../records/request-ids.js';
import type { RecordConsumer } from '../../records/source.js';
import type { LivePorts } from '../../session/live-ports.js';
import { escapeText, quotePacket } from '../../text/escape.js';
import { toHex } from '../../text/hex.js';
import type { SendAnswer, SendRequest } from '../protocol.js';

/** The formats in which the page sends packets. */
export const SEND_FORMATS = ['hex', 'text', 'json'] as const satisfies readonly SendRequest['format'][];

/** A packet to send, checked except for its content. */
export interface PacketToSend {
  /** The name of the connection. */
  readonly name: string;
  readonly format: SendRequest['format'];
  readonly text: string;
  readonly replyTimeoutMs: number | undefined;
}

export interface PageSenderOptions {
  /** What JSON becomes. */
  readonly encoding: Encoding | undefined;
  readonly maxPacketBytes: number;
  /** Gets the record of each packet. */
  readonly take: RecordConsumer;
  /** Keeps a marker here and in the files. */
  readonly remark: (text: string) => void;
}

/** How many characters JSON may need for a byte of a packet, given as text: `\u0000`. */
const CHARACTERS_PER_BYTE = 6;

/** Room for the other fields of a request. */
const OTHER_BYTES = 8_192;

/** Sends packets for the page, to ports that are attached later. */
export class PageSender {
  readonly #options: PageSenderOptions;
  readonly #readers = new Map<SendRequest['format'], Promise<PacketReader>>();
  #live: LivePorts | undefined;

  constructor(options: PageSenderOptions) {
    this.#options = options;
  }

  /** How long a request with the largest packet is. */
  get maxRequestBytes(): number {
    return CHARACTERS_PER_BYTE * this.#options.maxPacketBytes + OTHER_BYTES;
  }

  attach(live: LivePorts): void {
    this.#live = live;
  }

  mark(text: string): void {
    this.#options.remark(text);
  }

  /** Sends a packet. Never rejects. */
  async send(packet: PacketToSend): Promise<SendAnswer> {
    try {
      return await this.#send(packet);
    } catch (error) {
      return { isSent: false, problem: escapeText(error instanceof Error ? error.message : String(error)) };
    }
  }

  async #send({ name, format, text, replyTimeoutMs }: PacketToSend): Promise<SendAnswer> {
    const live = this.#live;
    if (live === undefined) {
      throw new CliError(ExitCode.failure, 'the ports are not open yet; try again');
    }
    const read = await this.#reader(format);
    const bytes = read(text);
    const { take } = this.#options;
    if (replyTimeoutMs === undefined) {
      await live.send(name, bytes, { take });
      return { isSent: true };
    }
    const startedMs = performance.now();
    const reply = await live.requestOnWire(name, bytes, { timeoutMs: replyTimeoutMs, take });
    const tookMs = performance.now() - startedMs;
    const problem = errorReplyText(reply);
    return problem === undefined
      ? { isSent: true, reply: { hex: toHex(reply.bytes), text: quotePacket(reply.bytes), tookMs } }
      : { isSent: true, problem: `"${escapeText(name)}" answered with ${problem}` };
  }

  #reader(format: SendRequest['format']): Promise<PacketReader> {
    let reader = this.#readers.get(format);
    if (reader === undefined) {
      reader = packetReader(format, this.#options.encoding);
      this.#readers.set(format, reader);
    }
    return reader;
  }
}
