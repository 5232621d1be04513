import { CommunicatorError, ConnectionError, IllegalStateAction, ReplyError } from '../../errors.js';
import { MAX_TIMER_MS } from '../../options.js';
import type { NamedConnection } from '../../requests/named-connection.js';
import type { Received } from '../broker-connection.js';
import { type CommandId, type CommandResult, commandIdOf, numberProperty, OK, userProperty } from '../messages.js';
import type { BridgeStats, CommandRefusal } from './bridge-stats.js';
import { SenderWindows } from './sender-window.js';

/** Results other than `ok` that are kept of one connection, in bytes, to answer duplicates. */
const MAX_KEPT_RESULT_BYTES = 16_384;

const NOT_STARTED = 'its communicator is not initialized yet, or was shut down';

/** What a result needs besides its reply. */
const RESULT_BYTES = 256;

/** What the commands of a connection need of the bridge. */
export interface CommandsOwner {
  /** Whether the communicator is initialized, so that it can send. */
  isStarted(): boolean;
  /** The clock of the bridge, in milliseconds. */
  clockMs(): number;
  /** Publishes a result. Returns false if it is dropped: the broker is offline, or too many results wait for it. */
  publishResult(correlationData: Buffer, result: CommandResult): boolean;
  refused(reason: CommandRefusal): void;
}

/** The packets to one device: each is sent once, and its sender learns what became of it. */
export class Commands {
  readonly #connection: NamedConnection;
  readonly #resultTopic: string;
  readonly #stats: BridgeStats;
  readonly #owner: CommandsOwner;
  /** Made by the first command: there can be hundreds of connections. */
  #windows: SenderWindows | undefined;
  /** Results other than `ok`, by their correlation data; the oldest is the first. */
  readonly #kept = new Map<string, CommandResult>();
  #keptBytes = 0;
  /** By correlation data, if they have any. */
  readonly #running = new Map<string | AbortController, AbortController>();

  constructor(connection: NamedConnection, resultTopic: string, stats: BridgeStats, owner: CommandsOwner) {
    this.#connection = connection;
    this.#resultTopic = resultTopic;
    this.#stats = stats;
    this.#owner = owner;
  }

  /** Handles a message on `tx`. */
  take(message: Received): void {
    const stats = this.#stats;
    const { responseTopic, correlationData } = message.properties ?? {};
    const id = commandIdOf(message);
    if (id?.number === 0 && !message.retain && responseTopic === this.#resultTopic) {
      // Asks only for the clock, which is in every result. It asks again if there is no answer, and sends nothing until then.
      if (this.#owner.isStarted()) {
        this.#publishResult(correlationData!, OK);
      }
      return;
    }
    if (id !== undefined && !message.retain && userProperty(message, 'cancel') === 'yes') {
      this.#cancel(id);
      return;
    }
    stats.commandsReceived++;
    if (message.retain) {
      stats.commandsRetained++;
      this.#owner.refused('retained');
    } else if (isMalformed(responseTopic, this.#resultTopic, correlationData, id)) {
      stats.commandsMalformed++;
      this.#owner.refused('malformed');
      if (responseTopic === this.#resultTopic && correlationData !== undefined) {
        const text = 'correlation data is not SENDER:NUMBER, or NUMBER is 0; see docs/mqtt.md';
        this.#publishResult(correlationData, { status: 'INVALID_OPTION', message: text, delivered: 'no' });
      }
    } else {
      this.#run(message, id, responseTopic === undefined ? undefined : correlationData);
    }
  }

  /** Ends what is in progress: the bridge stops. */
  stop(): void {
    for (const controller of this.#running.values()) {
      controller.abort(this.#timeUp('the bridge was stopped'));
    }
  }

  /** Its sender does not want a command any more. If it arrives only now, it counts as a duplicate. */
  #cancel(id: CommandId): void {
    this.#isNew(id);
    this.#running.get(keyOf(id))?.abort(this.#timeUp('its sender has canceled it'));
  }

  #run(message: Received, id: CommandId | undefined, correlationData: Buffer | undefined): void {
    const stats = this.#stats;
    if (id !== undefined && !this.#isNew(id)) {
      stats.commandsDuplicate++;
      this.#owner.refused('duplicate');
      this.#repeatResult(id, correlationData);
      return;
    }
    const leftMs = this.#leftMs(message);
    if (leftMs <= 0) {
      stats.commandsExpired++;
      this.#owner.refused('expired');
      this.#ended(id, correlationData, {
        status: 'SEND_TIMEOUT',
        message: 'it arrived at the bridge after the time-out of its sender',
        delivered: 'no',
      });
      return;
    }
    stats.commandsWaiting++;
    const controller = new AbortController();
    const key = id === undefined ? controller : keyOf(id);
    this.#running.set(key, controller);
    const timer =
      leftMs <= MAX_TIMER_MS
        ? setTimeout(() => controller.abort(this.#timeUp('the time-out of its sender is over')), leftMs)
        : undefined;
    const settled = (result: CommandResult) => {
      clearTimeout(timer);
      this.#running.delete(key);
      stats.commandsWaiting--;
      stats[result.status === OK.status ? 'commandsSucceeded' : 'commandsFailed']++;
      this.#ended(id, correlationData, result);
    };
    this.#carryOut(message, controller.signal).then(
      (reply) => settled(reply === undefined ? OK : { ...OK, reply }),
      (error: unknown) => settled(resultOf(error)),
    );
  }

  #carryOut(message: Received, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const packet = message.payload as Buffer;
    const timeoutMs = numberProperty(message, 'request');
    if (timeoutMs !== undefined) {
      return this.#connection.request(packet, { signal, timeoutMs });
    }
    const isDatagram = userProperty(message, 'acknowledged') === 'no';
    return this.#connection
      .send(packet, isDatagram ? { signal, acknowledged: false } : { signal })
      .then(() => undefined);
  }

  /** How long the sender still waits. */
  #leftMs(message: Received): number {
    const expiryMs = (message.properties?.messageExpiryInterval ?? Number.POSITIVE_INFINITY) * 1_000;
    const deadlineMs = numberProperty(message, 'deadline') ?? Number.POSITIVE_INFINITY;
    return Math.min(expiryMs, deadlineMs - this.#owner.clockMs());
  }

  #isNew({ sender, number }: CommandId): boolean {
    this.#windows ??= new SenderWindows();
    return this.#windows.of(sender).take(number);
  }

  #ended(id: CommandId | undefined, correlationData: Buffer | undefined, result: CommandResult): void {
    if (id !== undefined) {
      if (result === OK) {
        this.#windows!.of(id.sender).succeed(id.number);
      } else {
        this.#keep(keyOf(id), result);
      }
    }
    if (correlationData !== undefined) {
      this.#publishResult(correlationData, result);
    }
  }

  #publishResult(correlationData: Buffer, result: CommandResult): void {
    if (!this.#owner.publishResult(correlationData, result)) {
      this.#stats.resultsNotPublished++;
    }
  }

  #repeatResult(id: CommandId, correlationData: Buffer | undefined): void {
    const result = this.#windows!.of(id.sender).hasSucceeded(id.number) ? OK : this.#kept.get(keyOf(id));
    if (result !== undefined && correlationData !== undefined) {
      this.#publishResult(correlationData, result);
    }
  }

  #keep(key: string, result: CommandResult): void {
    this.#kept.set(key, result);
    this.#keptBytes += bytesOf(result);
    for (const [oldest, old] of this.#kept) {
      if (this.#keptBytes <= MAX_KEPT_RESULT_BYTES || oldest === key) {
        break;
      }
      this.#kept.delete(oldest);
      this.#keptBytes -= bytesOf(old);
    }
  }

  #timeUp(why: string): ConnectionError {
    const { name } = this.#connection;
    return new ConnectionError('SEND_TIMEOUT', name, `send to "${name}": ${why}`, { delivered: 'unknown' });
  }
}

function isMalformed(
  responseTopic: string | undefined,
  resultTopic: string,
  correlationData: Buffer | undefined,
  id: CommandId | undefined,
): boolean {
  // Without response topic: fire and forget, with or without protection against duplicates.
  return responseTopic === undefined
    ? correlationData !== undefined && (id === undefined || id.number === 0)
    : responseTopic !== resultTopic || id === undefined || id.number === 0;
}

function keyOf({ sender, number }: CommandId): string {
  return `${sender}:${number}`;
}

function bytesOf({ message, reply }: CommandResult): number {
  return RESULT_BYTES + (message?.length ?? 0) + (reply?.length ?? 0);
}

function detailsOf(error: CommunicatorError): Pick<CommandResult, 'delivered' | 'replyCode'> {
  if (error instanceof ReplyError) {
    return { replyCode: error.replyCode };
  }
  // A wrong call, for example before the communicator is initialized, sends nothing.
  return { delivered: error instanceof ConnectionError ? error.delivered : 'no' };
}

function resultOf(error: unknown): CommandResult {
  const { message } = error as Error;
  if (!(error instanceof CommunicatorError)) {
    // A caller's mistake in the program of the bridge, for example a binding that throws something else.
    return { status: 'CONNECTION_LOST', message, delivered: 'unknown' };
  }
  return {
    status: error.code,
    message: error instanceof IllegalStateAction ? NOT_STARTED : message,
    ...detailsOf(error),
  };
}
