import { aChecksum, CHECKSUM_NAMES, type Checksum, type ChecksumName } from '../framing/checksum.js';
import { aBoolean, anInteger, anObject, type IntegerRule, milliseconds, millisecondsFrom1, oneOf } from '../options.js';
import { aRequestIdOptions, type RequestIdOptions } from '../requests/request-ids.js';
import { DEFAULT_BACKLOG_BYTES } from '../requests/request-settings.js';

/** The settings of a connection that have defaults. `defaults` of a communicator can set them for every connection. */
export interface SerialSettings {
  /** Data bits per character. Default: 8. */
  dataBits?: 5 | 6 | 7 | 8;
  /** Stop bits per character. Default: 1. 1.5 works on Windows and over `rfc2217://` only. */
  stopBits?: 1 | 1.5 | 2;
  /** Parity bit of each character. Default: `'none'`. `'mark'` and `'space'` work on Windows and over `rfc2217://` only. */
  parity?: 'none' | 'even' | 'odd' | 'mark' | 'space';
  /** Use hardware flow control (RTS/CTS). Default: false. */
  rtscts?: boolean;
  /** Honor XON/XOFF received from the device. Default: false. The device cannot send these two byte values as data. */
  xon?: boolean;
  /** Send XON/XOFF to throttle the device. Default: false. The host cannot send these two byte values as data. */
  xoff?: boolean;
  /** State of DTR right after opening. Default: on. Linux raises it briefly in any case. */
  dtr?: boolean;
  /** State of RTS right after opening. Default: on; on Windows off. Linux raises it briefly in any case. */
  rts?: boolean;
  /** Drop DTR when the port closes. Default: true. Has no effect on Windows, where the driver drops it. */
  hupcl?: boolean;
  /**
   * Keep other processes from opening the port. Default: true. If two have it open, each received byte goes to only one of
   * them, so both lose packets.
   */
  lock?: boolean;
  /** Checksum appended to each packet: a name, or an object that computes it. Default: `'none'`. Both ends must agree. */
  checksum?: ChecksumName | Checksum;
  /** Maximum packet size in bytes, in either direction. Default: 65,536. */
  maxPacketBytes?: number;
  /** How long opening the port may take, in milliseconds. Default: 5,000. A port that opens later is closed again. */
  openTimeoutMs?: number;
  /**
   * Delay before the first write, in milliseconds, for boards that reset when the port opens (an Uno needs about 2,000).
   * Default: 0. Receiving starts at once. `send` may be called during the delay: packets wait in the send queue.
   */
  settleMs?: number;
  /**
   * Write a delimiter after opening, so that a partial frame in the device's buffer cannot corrupt the first packet.
   * Default: true.
   */
  syncOnOpen?: boolean;
  /**
   * Skip and count the bytes before the first delimiter instead of decoding them: they may be the tail of a frame. If a
   * packet is sent before the first byte arrives, nothing is skipped: the device was silent, so its reply is a whole
   * frame. If the device also sends unasked, let `settleMs` be longer than its pauses. Default: false.
   */
  skipFirst?: boolean;
  /**
   * Whether `initialize` fails if the port cannot be opened. Default: true. If false, opening is retried as after a
   * disconnect.
   */
  required?: boolean;
  /** Whether and how to reopen the port after a disconnect; `false` turns it off. Default: `{}`. */
  reconnect?: ReconnectOptions | false;
  /**
   * `'plain'` writes each packet once. With `'acknowledged'`, each packet arrives exactly once and in order, or its `send`
   * rejects; the device must do its part (`link.h`). Default: `'plain'`.
   */
  delivery?: 'plain' | 'acknowledged';
  /**
   * With acknowledged delivery: within which time the device must take a packet, in milliseconds, counted from `send`, time
   * away included. After that, `send` rejects with `ACK_TIMEOUT`, and the session ends. Default: 5,000. Must exceed `settleMs`.
   */
  ackTimeoutMs?: number;
  /**
   * With acknowledged delivery: how long nothing may arrive from the device before it is reported as silent, in
   * milliseconds. An idle device is polled three times as often. Default: 3,000. On the network also: within which time to
   * notice that the other end has vanished, and to disconnect. Default: 15,000; less than 4,000 counts as 4,000.
   */
  keepAliveMs?: number;
  /**
   * What `send` does while the port is disconnected and being reopened: `'reject'` with `CONNECTION_LOST`, or `'wait'`
   * in the send queue until the port is open. Default: `'reject'`. With acknowledged delivery, packets wait unless this is
   * set.
   */
  whenDisconnected?: 'reject' | 'wait';
  /**
   * How long a packet may take to be written, in milliseconds, time in the send queue included. After that, `send`
   * rejects with `SEND_TIMEOUT`. Default: 0, no limit. Any other value must exceed `settleMs`.
   */
  sendTimeoutMs?: number;
  /**
   * Maximum number of frame bytes that are queued or being written. Beyond it, `send` rejects with `SEND_QUEUE_FULL`.
   * Default: 1,048,576. Must have room for one largest frame.
   */
  sendQueueBytes?: number;
  /**
   * Put an id of 1 or 2 bytes before each packet, so that replies find their requests. The device must do the same. The id
   * does not count for `maxPacketBytes`. Default: no ids.
   */
  requestIds?: RequestIdOptions;
  /**
   * Maximum number of bytes of other packets that are kept for a busy handler while a request waits for its reply. Beyond
   * it, the request rejects with `REQUEST_BLOCKED`. Default: 65,536.
   */
  requestBacklogBytes?: number;
}

/**
 * Delays between attempts to reopen a port. The delay doubles with each attempt, from `minDelayMs` to `maxDelayMs`; each
 * wait is a random 50 to 100 % of it. On Linux the wait ends when the device's node appears.
 */
export interface ReconnectOptions {
  /** Longest wait before the first attempt, in milliseconds. Default: 100. */
  minDelayMs?: number;
  /** Longest wait before any attempt, in milliseconds. Default: 5,000. */
  maxDelayMs?: number;
}

/** Describes one setting: a row of {@link serialSettings}. */
export type SerialSetting<Value = unknown> = {
  /** The value if the setting is omitted. Without one, the port is left as opening sets it. */
  readonly default: Value | undefined;
  /** The accepted values, in words. */
  readonly expected: string;
  /** Whether a value is accepted. */
  accepts(value: unknown): boolean;
  /** What the setting is or does, in a phrase. */
  readonly text: string;
} & (
  | { readonly type: 'boolean' | 'object' }
  | { readonly type: 'choice'; readonly choices: readonly (string | number)[] }
  | { readonly type: 'integer'; readonly min: number; readonly max: number }
);

/**
 * Every field of {@link SerialSettings} with its default, what it accepts and what it does. Programs can build options,
 * forms and documentation from it.
 */
export const serialSettings: {
  readonly [Name in keyof Required<SerialSettings>]: SerialSetting<SerialSettings[Name]>;
} = {
  dataBits: choice([5, 6, 7, 8], 8, 'data bits per character'),
  stopBits: choice([1, 1.5, 2], 1, 'stop bits per character; 1.5 works on Windows only'),
  parity: choice(
    ['none', 'even', 'odd', 'mark', 'space'],
    'none',
    'parity bit of each character; mark and space work on Windows only',
  ),
  rtscts: flag(false, 'use hardware flow control (RTS/CTS)'),
  xon: flag(false, 'honor XON/XOFF received from the device'),
  xoff: flag(false, 'send XON/XOFF to throttle the device'),
  dtr: flag(undefined, 'state of DTR right after opening'),
  rts: flag(undefined, 'state of RTS right after opening'),
  hupcl: flag(true, 'drop DTR when the port closes; no effect on Windows'),
  lock: flag(true, 'lock the port against other programs; without a lock, they take packets from each other'),
  checksum: {
    ...choice(CHECKSUM_NAMES, 'none', 'checksum appended to each packet; both ends must agree'),
    ...aChecksum,
  },
  // A longest frame must still fit into an array.
  maxPacketBytes: integer(anInteger(0, 1_073_741_824), 65_536, 'maximum packet size in either direction'),
  openTimeoutMs: integer(millisecondsFrom1, 5_000, 'give up if the port takes longer than this to open'),
  settleMs: integer(milliseconds, 0, 'delay before the first write, for boards that reset when the port opens'),
  syncOnOpen: flag(true, 'write a delimiter after opening'),
  skipFirst: flag(false, 'skip and count bytes before the first delimiter (possibly the tail of a frame)'),
  required: flag(true, 'fail `initialize` if the port cannot be opened'),
  reconnect: {
    type: 'object',
    expected: 'false, or an object with minDelayMs and maxDelayMs',
    accepts: (value) => value === false || anObject.accepts(value),
    default: { minDelayMs: 100, maxDelayMs: 5_000 },
    text: 'reopen the port after a disconnect, with these delays between attempts',
  },
  delivery: choice(
    ['plain', 'acknowledged'],
    'plain',
    'write each packet once, or deliver each exactly once and in order; both ends must agree',
  ),
  ackTimeoutMs: integer(
    millisecondsFrom1,
    5_000,
    'with acknowledged delivery, reject packets that the device does not take within this time',
  ),
  keepAliveMs: {
    ...anInteger(3, 2_147_483_647),
    type: 'integer',
    default: undefined,
    text:
      'with acknowledged delivery, report a device that sends nothing for this long (default: 3000); on the network, ' +
      'disconnect when the other end has vanished for this long (default: 15000)',
  },
  whenDisconnected: choice(
    ['reject', 'wait'],
    'reject',
    'what `send` does while the port is being reopened; with acknowledged delivery, it waits unless this is set',
  ),
  sendTimeoutMs: integer(milliseconds, 0, 'reject packets that are not written within this time; 0: no limit'),
  sendQueueBytes: integer(anInteger(1), 1_048_576, 'maximum number of frame bytes queued or being written'),
  requestIds: {
    ...aRequestIdOptions,
    type: 'object',
    default: undefined,
    text: 'put an id before each packet, so that replies find their requests',
  },
  requestBacklogBytes: integer(
    anInteger(0),
    DEFAULT_BACKLOG_BYTES,
    'maximum number of bytes kept for a busy handler while a request waits for its reply',
  ),
};

function flag(defaultValue: boolean | undefined, text: string): SerialSetting<boolean> {
  return { ...aBoolean, type: 'boolean', default: defaultValue, text };
}

function choice<const Value extends string | number>(
  choices: readonly Value[],
  defaultValue: NoInfer<Value>,
  text: string,
): SerialSetting<Value> {
  return { ...oneOf(...choices), type: 'choice', choices, default: defaultValue, text };
}

function integer(rule: IntegerRule, defaultValue: number, text: string): SerialSetting<number> {
  return { ...rule, type: 'integer', default: defaultValue, text };
}
