import type { SendOptions } from '../../call-arguments.js';
import { ConnectionError, type ConnectionErrorCode, type Delivered, InvalidArgumentError } from '../../errors.js';
import { MAX_TIMER_MS } from '../../options.js';
import { Fifo } from '../../requests/fifo.js';
import { watchAbort } from '../../timing/abort-watch.js';
import { WaitingCalls } from '../../timing/waiting-calls.js';
import type { BrokerConnection, Properties } from '../broker-connection.js';
import { type BrokerFailure, failureError } from '../broker-failure.js';
import { type CommandResult, correlationOf, OK } from '../messages.js';
import type { ConnectionTopics } from '../topics.js';
import type { BridgeClock } from './bridge-clock.js';
import type { Command, CommandSender } from './command.js';
import type { CompleteMqttConnection } from './mqtt-connection.js';
import type { MqttCounts } from './mqtt-stats.js';
import { resultError } from './result-errors.js';

/** Most packets of a connection that are published and have no result. A broker keeps only so many for a slow client. */
const MAX_PUBLISHED = 64;

/** What a short packet costs at least. */
const PACKET_BYTES = 128;

/** Properties and topics of a message are not longer than this. */
const HEADER_BYTES = 2_048;

const CANCEL_EXPIRY_S = 60;

/** The bridge gives up earlier than the sender by this share of the time limit, and at most by that many milliseconds. */
const EARLIER_SHARE = 0.1;
const MAX_EARLIER_MS = 500;

/** What an outbox needs of its connection. */
export interface OutboxOwner {
  /** Identifies this life of the communicator. */
  readonly sender: string;
  readonly topics: ConnectionTopics;
  readonly clock: BridgeClock;
  /** The connection to the broker while the bridge is online and its clock is known. */
  readonly online: BrokerConnection | undefined;
  /** Why broker or bridge cannot be reached. Undefined if they can. */
  offlineError(what: string, delivered: Delivered | undefined): ConnectionError | undefined;
}

type Outcome = 'packetsSent' | 'packetsAborted' | 'packetsTimedOut' | 'packetsFailed' | 'packetsShutDown';

/** The packets to one device: queued, or published and without a result. */
export class Outbox {
  readonly #name: string;
  readonly #settings: CompleteMqttConnection;
  readonly #counts: MqttCounts;
  readonly #owner: OutboxOwner;
  readonly #all = new Set<Command>();
  /** Not published yet. */
  readonly #waiting = new Fifo<Command>();
  /** Published, and without a result, in the order of their numbers. */
  readonly #numbered = new Map<number, Command>();
  #queuedBytes = 0;
  #nextNumber = 1;
  #isFlushPlanned = false;
  #isClosed = false;
  readonly #untilEmpty = new WaitingCalls();

  constructor(name: string, settings: CompleteMqttConnection, counts: MqttCounts, owner: OutboxOwner) {
    this.#name = name;
    this.#settings = settings;
    this.#counts = counts;
    this.#owner = owner;
  }

  /** Sends a packet. Resolves when the bridge has sent it. */
  send(packet: Uint8Array, { signal, acknowledged }: SendOptions): Promise<void> {
    return new Promise((resolve, reject) => {
      const sender = { succeeded: () => resolve(), failed: reject };
      const command = this.#accept('send', packet, undefined, sender, acknowledged === false);
      if (signal !== undefined && command !== undefined) {
        command.unwatch = watchAbort(signal, () => {
          this.#abort(command);
          reject(signal.reason);
        });
      }
    });
  }

  /**
   * Sends a request. Returns a function that takes it back.
   *
   * @param replyTimeoutMs - if the request travels as one: how long the bridge waits for the reply
   */
  request(packet: Uint8Array, replyTimeoutMs: number | undefined, sender: CommandSender): () => void {
    const command = this.#accept('request', packet, replyTimeoutMs, sender);
    return () => {
      if (command !== undefined && this.#all.has(command)) {
        this.#abort(command);
      }
    };
  }

  /** Keeps room for a packet that is sent later, until the returned function is called. Throws if there is none. */
  hold(packetBytes: number): () => void {
    const error = this.#refusal('request', packetBytes);
    if (error !== undefined) {
      throw error;
    }
    const costBytes = PACKET_BYTES + packetBytes;
    this.#queuedBytes += costBytes;
    return () => {
      this.#queuedBytes -= costBytes;
    };
  }

  /** The bridge can be reached: publishes again what has no result, and then what waits. */
  resume(): void {
    for (const command of this.#numbered.values()) {
      if (!command.isPublished) {
        this.#counts.packetsRepublished++;
        command.isRepublished = true;
        this.#publish(command);
      }
    }
    this.#flush();
  }

  /** The bridge cannot be reached: what has no result is published again when it can. */
  suspend(): void {
    for (const command of this.#numbered.values()) {
      command.isPublished = false;
    }
  }

  /** A result arrived. */
  settle(number: number, result: CommandResult): void {
    const command = this.#numbered.get(number);
    if (command === undefined) {
      return;
    }
    if (result.status === OK.status) {
      this.#end(command, 'packetsSent');
      command.sender.succeeded(new Uint8Array(result.reply!));
    } else {
      this.#end(command, 'packetsFailed');
      // A bridge that was restarted does not know what became of the packet before.
      const delivered = command.isRepublished && result.delivered === 'no' ? 'unknown' : result.delivered;
      command.sender.failed(resultError(this.#name, command.call, { ...result, delivered }));
    }
  }

  /** Resolves when nothing waits for a result. */
  untilEmpty(): Promise<void> {
    return this.#all.size === 0 ? Promise.resolve() : this.#untilEmpty.wait(undefined);
  }

  /** Rejects what has no result: the communicator is shut down. */
  close(): void {
    this.#isClosed = true;
    for (const command of this.#all) {
      const what = `${command.call} to "${this.#name}": shutdown ended before the bridge reported its result`;
      this.#fail(command, 'packetsShutDown', 'SHUTDOWN_TIMEOUT', what);
    }
  }

  /** Returns undefined, and reports why, if the packet is refused. */
  #accept(
    call: Command['call'],
    packet: Uint8Array,
    replyTimeoutMs: number | undefined,
    sender: CommandSender,
    isDatagram = false,
  ): Command | undefined {
    const error = this.#refusal(call, packet.length);
    if (error !== undefined) {
      this.#counts.packetsRefused++;
      queueMicrotask(() => sender.failed(error));
      return undefined;
    }
    const limitMs = Math.min(this.#settings.sendTimeoutMs + (replyTimeoutMs ?? 0), MAX_TIMER_MS);
    const giveUpAtMs = performance.now() + limitMs;
    const command: Command = {
      call,
      packet,
      replyTimeoutMs,
      isDatagram,
      sender,
      costBytes: PACKET_BYTES + packet.length,
      giveUpAtMs,
      deadlineMs: giveUpAtMs - Math.min(limitMs * EARLIER_SHARE, MAX_EARLIER_MS),
      timer: setTimeout(() => this.#timeUp(command, limitMs), limitMs),
      number: undefined,
      publication: undefined,
      isPublished: false,
      isRepublished: false,
      unwatch: undefined,
    };
    this.#all.add(command);
    this.#waiting.add(command);
    this.#queuedBytes += command.costBytes;
    this.#counts.packetsAccepted++;
    this.#counts.packetsWaiting++;
    this.#planFlush();
    return command;
  }

  /** Why a packet is not accepted. */
  #refusal(call: Command['call'], packetBytes: number): Error | undefined {
    const what = `${call} to "${this.#name}"`;
    const { maxPacketBytes, sendQueueBytes, whenDisconnected } = this.#settings;
    if (packetBytes > maxPacketBytes) {
      return tooLarge(`${what}: the packet has ${packetBytes} bytes, maxPacketBytes is ${maxPacketBytes}`);
    }
    const brokerBytes = this.#owner.online?.maxPacketBytes;
    if (brokerBytes !== undefined && packetBytes + HEADER_BYTES > brokerBytes) {
      return tooLarge(
        `${what}: the packet has ${packetBytes} bytes, the broker accepts ${brokerBytes} with all properties`,
      );
    }
    if (this.#queuedBytes > 0 && this.#queuedBytes + PACKET_BYTES + packetBytes > sendQueueBytes) {
      const full = `${this.#queuedBytes} of ${sendQueueBytes} bytes are queued; await earlier sends, or raise sendQueueBytes`;
      return new ConnectionError('SEND_QUEUE_FULL', this.#name, `${what}: ${full}`, { delivered: 'no' });
    }
    return whenDisconnected === 'reject' ? this.#owner.offlineError(what, 'no') : undefined;
  }

  /** At the end of this turn, like a write to a port. Until then a send can be aborted. */
  #planFlush(): void {
    if (!this.#isFlushPlanned) {
      this.#isFlushPlanned = true;
      queueMicrotask(() =>
        process.nextTick(() => {
          this.#isFlushPlanned = false;
          this.#flush();
        }),
      );
    }
  }

  #flush(): void {
    while (this.#owner.online !== undefined && this.#numbered.size < MAX_PUBLISHED && !this.#isClosed) {
      const command = this.#waiting.shift();
      if (command === undefined) {
        return;
      }
      command.number = this.#nextNumber++;
      this.#numbered.set(command.number, command);
      command.sender.begun?.();
      this.#publish(command);
    }
  }

  #publish(command: Command): void {
    const { packet, replyTimeoutMs, isDatagram, giveUpAtMs, deadlineMs } = command;
    const { sender, topics, clock, online } = this.#owner;
    const leftMs = Math.max(1, giveUpAtMs - performance.now());
    const properties: Properties = {
      responseTopic: topics.result,
      correlationData: correlationOf({ sender, number: command.number! }),
      messageExpiryInterval: Math.ceil(leftMs / 1_000),
      userProperties: {
        deadline: String(clock.atBridge(deadlineMs)),
        ...(replyTimeoutMs !== undefined && { request: String(replyTimeoutMs) }),
        ...(isDatagram && { acknowledged: 'no' }),
      },
    };
    command.isPublished = true;
    command.publication = online!.publishAcknowledged(topics.tx, packet, properties, (failure) =>
      this.#acknowledged(command, failure),
    );
  }

  /** Also at the bridge, which may not have begun to send it. */
  #abort(command: Command): void {
    const { sender, topics, online } = this.#owner;
    const isSent = command.isPublished && command.publication?.isWaiting === false;
    this.#end(command, 'packetsAborted');
    if (isSent && online !== undefined) {
      const correlationData = correlationOf({ sender, number: command.number! });
      const properties = { correlationData, messageExpiryInterval: CANCEL_EXPIRY_S, userProperties: { cancel: 'yes' } };
      online.publishAcknowledged(topics.tx, '', properties, () => undefined);
    }
  }

  #acknowledged(command: Command, failure: BrokerFailure | undefined): void {
    // What is lost with the connection to the broker is published again.
    if (failure !== undefined && failure.code !== 'BROKER_OFFLINE' && this.#all.has(command)) {
      this.#end(command, 'packetsFailed');
      const delivered = command.isRepublished ? 'unknown' : 'no';
      command.sender.failed(failureError(this.#name, `${command.call} to "${this.#name}"`, failure, delivered));
    }
  }

  #timeUp(command: Command, limitMs: number): void {
    const delivered = command.number === undefined ? 'no' : 'unknown';
    const what = `${command.call} to "${this.#name}"`;
    const offline = this.#owner.offlineError(what, delivered);
    const why =
      offline === undefined
        ? 'the bridge has reported no result; the device may be stalled, or the bridge or the broker overloaded'
        : offline.message.slice(what.length + 2);
    this.#fail(command, 'packetsTimedOut', 'SEND_TIMEOUT', `${what}: not sent within ${limitMs} ms: ${why}`);
  }

  #fail(command: Command, outcome: Outcome, code: ConnectionErrorCode, message: string): void {
    const delivered = command.number === undefined ? 'no' : 'unknown';
    this.#end(command, outcome);
    command.sender.failed(new ConnectionError(code, this.#name, message, { delivered }));
  }

  /** Takes a packet, which is about to settle, out of everything it is in. */
  #end(command: Command, outcome: Outcome): void {
    clearTimeout(command.timer);
    command.unwatch?.();
    this.#all.delete(command);
    this.#queuedBytes -= command.costBytes;
    if (command.publication !== undefined) {
      this.#owner.online?.withdraw(command.publication);
    }
    this.#counts.packetsWaiting--;
    this.#counts[outcome]++;
    if (command.number === undefined) {
      this.#waiting.delete(command);
    } else {
      this.#numbered.delete(command.number);
      this.#flush();
    }
    if (this.#all.size === 0) {
      this.#untilEmpty.resolveAll();
    }
  }
}

function tooLarge(message: string): InvalidArgumentError {
  return new InvalidArgumentError('PACKET_TOO_LARGE', message);
}
