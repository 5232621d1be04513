import type { Properties, Received } from './broker-connection.js';

/*
 * What the messages hold besides their payload: docs/mqtt.md describes it. A message of a foreign client can hold anything,
 * so every reader checks what it reads.
 */

/** Identifies one life of a bridge or of a communicator: 16 hex digits. */
export type Instance = string;

const SENDER = /^([\w-]{1,64}):(\d{1,15})$/;

const INSTANCE = /^[0-9a-f]{16}$/;

const NUMBER = /^\d{1,15}(\.\d{1,6})?$/;

/** Length of the correlation data of a packet from a device: the first half of the instance, and a counter. */
export const PACKET_NUMBER_BYTES = 8;

const NO_USER_PROPERTIES: NonNullable<Properties['userProperties']> = {};

/** A user property that the message has exactly once. */
export function userProperty({ properties }: Received, name: string): string | undefined {
  const value = (properties?.userProperties ?? NO_USER_PROPERTIES)[name];
  return typeof value === 'string' ? value : undefined;
}

export function instanceOf(message: Received): Instance | undefined {
  const instance = userProperty(message, 'instance');
  return instance !== undefined && INSTANCE.test(instance) ? instance : undefined;
}

/** A user property that is a number, in milliseconds. */
export function numberProperty(message: Received, name: string): number | undefined {
  const value = userProperty(message, name);
  return value !== undefined && NUMBER.test(value) ? Number(value) : undefined;
}

/** The number of a packet from a device, if it has one. */
export function packetNumberOf({ properties }: Received): { instance: number; counter: number } | undefined {
  const data = properties?.correlationData;
  return data?.length === PACKET_NUMBER_BYTES
    ? { instance: data.readUInt32BE(0), counter: data.readUInt32BE(4) }
    : undefined;
}

/** Who has sent a packet to a device, and its number among those of this sender. */
export interface CommandId {
  readonly sender: string;
  /** 0 asks for the clock of the bridge; nothing is sent to the device. */
  readonly number: number;
}

export function commandIdOf({ properties }: Received): CommandId | undefined {
  const match = SENDER.exec(properties?.correlationData?.toString('latin1') ?? '');
  return match === null ? undefined : { sender: match[1]!, number: Number(match[2]) };
}

export function correlationOf({ sender, number }: CommandId): Buffer {
  return Buffer.from(`${sender}:${number}`, 'latin1');
}

/** What became of a packet to a device. */
export interface CommandResult {
  /** `ok`, or the code of an error. */
  readonly status: string;
  readonly message?: string | undefined;
  readonly delivered?: string | undefined;
  readonly replyCode?: number | undefined;
  /** Of a request that succeeded. */
  readonly reply?: Uint8Array | undefined;
}

export const OK: CommandResult = { status: 'ok' };

/** A longer message of an error is cut: the broker limits the size of a packet. */
const MAX_MESSAGE_LENGTH = 2_000;

export function resultPayload({ reply, status }: CommandResult): Uint8Array | string {
  return reply ?? status;
}

/** @param clockMs - the clock of the bridge */
export function resultProperties(
  correlationData: Buffer,
  instance: Instance,
  clockMs: number,
  { status, message, delivered, replyCode }: CommandResult,
): Properties {
  return {
    correlationData,
    userProperties: {
      status,
      instance,
      clock: String(clockMs),
      ...(message !== undefined && { message: message.slice(0, MAX_MESSAGE_LENGTH) }),
      ...(delivered !== undefined && { delivered }),
      ...(replyCode !== undefined && { replyCode: String(replyCode) }),
    },
  };
}

export function readResult(message: Received): CommandResult {
  return {
    status: userProperty(message, 'status') ?? 'ok',
    message: userProperty(message, 'message'),
    delivered: userProperty(message, 'delivered'),
    replyCode: numberProperty(message, 'replyCode'),
    reply: message.payload as Buffer,
  };
}
