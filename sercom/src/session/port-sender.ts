import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SerialCommunicator } from 'serial-communicator';
import { CliError, codeOf } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { checked } from '../input/max-packet.js';
import { ACKNOWLEDGED } from '../options/delivery-options.js';
import type { SessionPort } from '../ports/open-ports.js';
import { nowUs } from '../records/clock.js';
import type { PacketRecord } from '../records/record.js';
import { separateId, withId } from '../records/request-ids.js';
import type { RecordConsumer } from '../records/source.js';
import { count } from '../text/count.js';
import { MAX_TIMER_MS, within } from '../within.js';
import { forUsers } from './delivery-error.js';
import { WireRequests } from './wire-requests.js';

/** How to send a packet. */
export interface SendingOptions {
  /** With acknowledged delivery: at most once, without acknowledgement. Default: false. */
  isDatagram?: boolean;
  /** Gets the record: when the packet has been sent, or, with acknowledged delivery, accepted. Default: nothing does. */
  take?: RecordConsumer;
}

/** How to send a request whose id the command puts in front of it. */
export interface RequestOptions extends Pick<SendingOptions, 'take'> {
  timeoutMs: number;
}

/** Sends packets to the ports of a command. */
export class PortSender {
  readonly #communicator: SerialCommunicator;
  readonly #ports: readonly SessionPort[];
  readonly #signal: AbortSignal;
  readonly #requests = new WireRequests();
  readonly #queuedBytes = new Map<string, number>();

  /** @param signal - aborted when the ports are to be closed */
  constructor(communicator: SerialCommunicator, ports: readonly SessionPort[], signal: AbortSignal) {
    this.#communicator = communicator;
    this.#ports = ports;
    this.#signal = signal;
  }

  /** Sees what is received, with separate ids, so that replies reach the requests that wait for them. */
  readonly received = (record: PacketRecord): void => this.#requests.received(record);

  /** The bytes of a connection's packets that wait to be sent or, with acknowledged delivery, to be acknowledged. */
  queuedBytes(name: string): number {
    return this.#queuedBytes.get(name) ?? 0;
  }

  /** See `LivePorts.send`. */
  send(name: string, packet: Uint8Array, options?: SendingOptions): Promise<PacketRecord> {
    const { requestIdBytes } = this.#port(name);
    return this.sendOnWire(name, requestIdBytes === undefined ? packet : withId(packet, requestIdBytes, 0), options);
  }

  /** See `LivePorts.sendOnWire`. */
  async sendOnWire(
    name: string,
    bytes: Uint8Array,
    { isDatagram = false, take }: SendingOptions = {},
  ): Promise<PacketRecord> {
    const { connection, requestIdBytes } = this.#port(name);
    // The library's error would name its setting rather than the option.
    checked(bytes.subarray(requestIdBytes ?? 0), connection.maxPacketBytes - (requestIdBytes ?? 0));
    const recordNow = () =>
      separateId({ timeUs: nowUs(), name, dir: 'tx', length: bytes.length, bytes }, requestIdBytes);
    const isAcknowledged = connection.delivery === ACKNOWLEDGED && !isDatagram;
    this.#queuedBytes.set(name, this.queuedBytes(name) + bytes.length);
    try {
      const sending = this.#communicator.send(name, bytes, {
        signal: this.#signal,
        ...(isDatagram && { acknowledged: false }),
      });
      if (isAcknowledged && take !== undefined) {
        // A reply may come before the acknowledgement, but not before the packet is written, which is later.
        const record = recordNow();
        await Promise.race([sending, nextTurn()]);
        await take(record);
      }
      await sending;
    } catch (error) {
      throw forUsers(unlessReleased(`send to "${name}"`, error));
    } finally {
      this.#queuedBytes.set(name, this.queuedBytes(name) - bytes.length);
    }
    const record = recordNow();
    if (!isAcknowledged) {
      await take?.(record);
    }
    return record;
  }

  /** See `LivePorts.request`. */
  async request(name: string, packet: Uint8Array, timeoutMs: number): Promise<PacketRecord> {
    checked(packet, this.#port(name).connection.maxPacketBytes);
    const options = { timeoutMs: Math.min(Math.ceil(timeoutMs), MAX_TIMER_MS), signal: this.#signal };
    const bytes = await this.#communicator.request(name, packet, options).catch((error) => {
      throw forUsers(error);
    });
    return { timeUs: nowUs(), name, dir: 'rx', length: bytes.length, bytes };
  }

  /** See `LivePorts.requestOnWire`. */
  async requestOnWire(name: string, packet: Uint8Array, { timeoutMs, take }: RequestOptions): Promise<PacketRecord> {
    const { requestIdBytes } = this.#port(name);
    if (requestIdBytes === undefined) {
      throw new CliError(ExitCode.usage, `packets of "${name}" have no ids; start the command with --request-ids`);
    }
    const pending = this.#requests.begin(name, requestIdBytes);
    try {
      await this.sendOnWire(name, withId(packet, requestIdBytes, pending.id), take === undefined ? {} : { take });
      if (!(await within(timeoutMs, pending.reply, this.#signal))) {
        const message = `no reply from "${name}" within ${count(timeoutMs / 1_000, 'second')}; check the packet, or wait longer`;
        throw new CliError(ExitCode.timeout, message);
      }
      return await pending.reply;
    } finally {
      pending.end();
    }
  }

  #port(name: string): SessionPort {
    return this.#ports.find((port) => port.name === name)!;
  }
}

/** The error, or, if the port is released, one without the calls of the library. */
export function unlessReleased(what: string, error: unknown): unknown {
  return codeOf(error) === 'CONNECTION_RELEASED'
    ? new CliError(ExitCode.failure, `cannot ${what}: the port is released; press o to reopen it`, { cause: error })
    : error;
}
