import { InvalidArgumentError } from '../errors.js';
import type { ChecksumName } from '../framing/checksum.js';
import { checksums } from '../framing/checksum.js';
import { FrameEncoder } from '../framing/frame-encoder.js';
import { type DeviceSelector, describeSelector, SELECTOR_FIELDS } from './device-selector.js';

/** How to reach one device: a serial port, its line settings, and what is spoken on it. */
export interface SerialConnection extends SerialSettings {
  /** The port, for example `/dev/ttyACM0`, `/dev/serial/by-id/…` or `COM3`. Required, unless `device` is given. */
  path?: string;
  /** In place of `path`: the device, wherever it is plugged in. It is looked up anew at each opening. */
  device?: DeviceSelector;
  /** Speed of the line, in bit/s. */
  baudRate: number;
}

/** How to try to open a port again. */
export interface ReconnectOptions {
  /** Up to this long before the first try, in milliseconds. Default 100. */
  minDelayMs?: number;
  /** The time doubles with each try, up to this, in milliseconds. Default 5,000. */
  maxDelayMs?: number;
}

/** What a connection may set besides path and baud rate, and what `defaults` may set for every connection. */
export interface SerialSettings {
  /** Data bits of a character. Default 8. */
  dataBits?: 5 | 6 | 7 | 8;
  /** Stop bits of a character. Default 1. */
  stopBits?: 1 | 1.5 | 2;
  /** Parity of a character. Default `'none'`. Linux and macOS have `'none'`, `'even'` and `'odd'`. */
  parity?: 'none' | 'even' | 'odd' | 'mark' | 'space';
  /** Flow control by the RTS and CTS lines. Default false. */
  rtscts?: boolean;
  /** Obey XON and XOFF from the device. Default false; those two byte values cannot be sent by the device then. */
  xon?: boolean;
  /** Send XON and XOFF to the device. Default false; those two byte values cannot be received by the device then. */
  xoff?: boolean;
  /** Drop DTR when the port is closed. Default true. */
  hupcl?: boolean;
  /** Keep other processes from opening the port. Default true. */
  lock?: boolean;
  /** Longest packet, in bytes, each way. Default 65,536. */
  maxPacketBytes?: number;
  /** What stands behind each packet. Default `'none'`. Both ends must agree. */
  checksum?: ChecksumName;
  /** How long opening may take, in milliseconds. Default 5,000. A port that opens later is closed again. */
  openTimeoutMs?: number;
  /**
   * How long to wait after opening before the first write, in milliseconds, for boards that reset when their port is
   * opened (an Uno takes about 2,000). Default 0. Receiving starts at once, and `send` may be called: what it takes
   * waits in the send queue.
   */
  settleMs?: number;
  /** Write one delimiter after opening, so that a half frame in the device cannot swallow the first packet. Default true. */
  syncOnOpen?: boolean;
  /** Count the bytes before the first delimiter instead of decoding them: they may be the tail of a frame. Default false. */
  skipFirst?: boolean;
  /**
   * Whether `initialize` fails without the device. Default true. With false, a port that cannot be opened is tried again
   * as after a loss.
   */
  required?: boolean;
  /**
   * Whether, and how, to open the port again when it was lost. Each wait is between half and all of a time that grows
   * from `minDelayMs` to `maxDelayMs`; on Linux a new device node ends it. Default: on.
   */
  reconnect?: ReconnectOptions | false;
  /**
   * What becomes of packets that are sent while the port is not open, but is being tried for: `'reject'` with
   * `CONNECTION_LOST`, or `'wait'` in the send queue until it is. Default `'reject'`.
   */
  whenDisconnected?: 'reject' | 'wait';
  /**
   * How long a packet may take to be written, in milliseconds, the time that it waits included; then `send` rejects
   * with `SEND_TIMEOUT`. Default 0: no limit.
   */
  sendTimeoutMs?: number;
  /** Set DTR to this right after opening. Default: left as opening makes it, on. Linux raises it for a moment anyway. */
  dtr?: boolean;
  /** Set RTS to this right after opening. Default: left as opening makes it, on. Linux raises it for a moment anyway. */
  rts?: boolean;
  /**
   * How many bytes of frames may wait to be written, those being written included; beyond, `send` rejects with
   * `SEND_QUEUE_FULL`. Default 1,048,576. At least one largest frame.
   */
  sendQueueBytes?: number;
}

/** What has no default: it is left as it is. */
type Optional = Pick<SerialSettings, 'dtr' | 'rts'>;

/** A connection with every setting filled in. */
export type CompleteSerialConnection = SerialConnection &
  Required<Omit<SerialSettings, keyof Optional>> & { reconnect: Required<ReconnectOptions> | false };

const RECONNECT_DEFAULTS: Required<ReconnectOptions> = { minDelayMs: 100, maxDelayMs: 5_000 };

/** Made anew each time: objects that spreads make have a hidden class each, which takes more memory than their values. */
function newDefaults(): Required<Omit<SerialSettings, keyof Optional | 'reconnect'>> {
  return {
    dataBits: 8,
    stopBits: 1,
    parity: 'none',
    rtscts: false,
    xon: false,
    xoff: false,
    hupcl: true,
    lock: true,
    maxPacketBytes: 65_536,
    checksum: 'none',
    openTimeoutMs: 5_000,
    settleMs: 0,
    syncOnOpen: true,
    skipFirst: false,
    required: true,
    whenDisconnected: 'reject',
    sendTimeoutMs: 0,
    sendQueueBytes: 1_048_576,
  };
}

/** A rule says whether it takes a value, and, in words, what it takes. */
interface Rule {
  takes: string;
  accepts(value: unknown): boolean;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isFalseOrObject(value: unknown): boolean {
  return value === false || isObject(value);
}

const boolean: Rule = { takes: 'true or false', accepts: (value) => typeof value === 'boolean' };

function oneOf(...values: readonly unknown[]): Rule {
  return { takes: values.map((value) => JSON.stringify(value)).join(', '), accepts: (value) => values.includes(value) };
}

function integer(min: number, max: number, unit: string): Rule {
  return {
    takes: `a whole number of ${unit} from ${min} to ${max}`,
    accepts: (value) => Number.isInteger(value) && (value as number) >= min && (value as number) <= max,
  };
}

/** A time that a timer of Node takes. */
function milliseconds(min: number): Rule {
  return integer(min, 2_147_483_647, 'milliseconds');
}

const SETTING_RULES: Record<keyof SerialSettings, Rule> = {
  dataBits: oneOf(5, 6, 7, 8),
  stopBits: oneOf(1, 1.5, 2),
  parity: oneOf('none', 'even', 'odd', 'mark', 'space'),
  rtscts: boolean,
  xon: boolean,
  xoff: boolean,
  hupcl: boolean,
  lock: boolean,
  // Room for the codes of a frame: its length must still fit an array.
  maxPacketBytes: integer(0, 1_073_741_824, 'bytes'),
  checksum: oneOf(...Object.keys(checksums)),
  openTimeoutMs: milliseconds(1),
  settleMs: milliseconds(0),
  syncOnOpen: boolean,
  skipFirst: boolean,
  required: boolean,
  reconnect: { takes: 'false, or an object with minDelayMs and maxDelayMs', accepts: isFalseOrObject },
  whenDisconnected: oneOf('reject', 'wait'),
  sendTimeoutMs: milliseconds(0),
  dtr: boolean,
  rts: boolean,
  sendQueueBytes: integer(1, Number.MAX_SAFE_INTEGER, 'bytes'),
};

const text: Rule = {
  takes: 'a non-empty string without NUL',
  accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
};

const CONNECTION_RULES: Record<keyof SerialConnection, Rule> = {
  ...SETTING_RULES,
  path: text,
  device: { takes: `an object with one or more of ${SELECTOR_FIELDS.join(', ')}`, accepts: isObject },
  baudRate: integer(1, 4_294_967_295, 'bit/s'),
};

/**
 * Checks a connection and fills in the settings that it leaves out.
 *
 * @throws InvalidArgumentError (`INVALID_CONNECTION`) that names the field, what it got and what it takes
 * @internal
 */
export function completeConnection(
  name: string,
  connection: SerialConnection,
  defaults: SerialSettings,
): CompleteSerialConnection {
  const where = `connection "${name}"`;
  checkFields(where, connection, CONNECTION_RULES);
  const { path, device, baudRate } = connection;
  if ((path === undefined) === (device === undefined)) {
    const what = path === undefined ? 'path or device is missing' : 'path and device are both there';
    throw invalid(`${where}: ${what}; it takes one of the two`);
  }
  if (baudRate === undefined) {
    throw invalid(`${where}: baudRate is missing; it takes ${CONNECTION_RULES.baudRate.takes}`);
  }
  if (device !== undefined) {
    checkSelector(`${where}: device`, device);
  }
  const given = { ...withoutUndefined(defaults), ...withoutUndefined(connection) };
  const reconnect = completeReconnect(where, given.reconnect ?? {});
  const complete: CompleteSerialConnection = Object.assign(newDefaults(), given, { reconnect });
  if (!complete.required && reconnect === false) {
    throw invalid(`${where}: required is false, so reconnect cannot be: the device would never be looked for again`);
  }
  if (complete.sendTimeoutMs > 0 && complete.sendTimeoutMs <= complete.settleMs) {
    throw invalid(
      `${where}: sendTimeoutMs is ${complete.sendTimeoutMs}; it takes 0, or more than settleMs ` +
        `(${complete.settleMs}), which the first packets have to wait`,
    );
  }
  const largest = new FrameEncoder(complete.checksum).maxWireBytes(complete.maxPacketBytes);
  if (complete.sendQueueBytes < largest) {
    throw invalid(
      `${where}: sendQueueBytes is ${complete.sendQueueBytes}; it takes at least ${largest}, one largest frame ` +
        `(maxPacketBytes is ${complete.maxPacketBytes})`,
    );
  }
  return complete;
}

/** A connection in words, for messages: its name, and which port it means, unless that is its name. */
export function describeConnection(name: string, { path, device }: { path?: string; device?: DeviceSelector }): string {
  const target = path ?? describeSelector(device ?? {});
  return target === name ? `"${name}"` : `"${name}" (${target})`;
}

/**
 * Checks what control lines are to be set.
 *
 * @throws InvalidArgumentError (`INVALID_CONNECTION`) that names the line, what it got and what it takes
 * @internal
 */
export function checkSignals(name: string, signals: object): void {
  checkFields(`setSignals of "${name}"`, signals, { dtr: boolean, rts: boolean, brk: boolean });
}

/**
 * Checks settings that are to hold for every connection.
 *
 * @throws InvalidArgumentError (`INVALID_CONNECTION`) that names the field, what it got and what it takes
 * @internal
 */
export function checkDefaults(defaults: SerialSettings): void {
  checkFields('defaults', defaults, SETTING_RULES);
}

/**
 * Checks a time that is an option of the communicator.
 *
 * @throws InvalidArgumentError (`INVALID_CONNECTION`) that names the option, what it got and what it takes
 * @internal
 */
export function checkTimeMs(option: string, value: unknown): void {
  checkFields('options', { [option]: value }, { [option]: milliseconds(0) });
}

function checkSelector(where: string, device: DeviceSelector): void {
  checkFields(where, device, Object.fromEntries(SELECTOR_FIELDS.map((field) => [field, text])));
  if (Object.values(device).every((value) => value === undefined)) {
    throw invalid(`${where} is empty; it takes ${CONNECTION_RULES.device.takes}`);
  }
}

function completeReconnect(where: string, reconnect: ReconnectOptions | false): Required<ReconnectOptions> | false {
  if (reconnect === false) {
    return false;
  }
  checkFields(`${where}: reconnect`, reconnect, { minDelayMs: milliseconds(1), maxDelayMs: milliseconds(1) });
  const complete = { ...RECONNECT_DEFAULTS, ...withoutUndefined(reconnect) };
  // Who sets just one of the two need not know the other.
  if (reconnect.maxDelayMs === undefined) {
    complete.maxDelayMs = Math.max(complete.minDelayMs, complete.maxDelayMs);
  } else if (reconnect.minDelayMs === undefined) {
    complete.minDelayMs = Math.min(complete.minDelayMs, complete.maxDelayMs);
  }
  if (complete.minDelayMs > complete.maxDelayMs) {
    throw invalid(
      `${where}: reconnect.minDelayMs is ${complete.minDelayMs}; it takes at most maxDelayMs, ${complete.maxDelayMs}`,
    );
  }
  return complete;
}

function checkFields(where: string, fields: object, rules: Record<string, Rule>): void {
  if (typeof fields !== 'object' || fields === null || Array.isArray(fields)) {
    throw invalid(`${where}: got ${show(fields)}; it takes an object with ${Object.keys(rules).join(', ')}`);
  }
  for (const [field, value] of Object.entries(fields)) {
    const rule = Object.hasOwn(rules, field) ? rules[field] : undefined;
    if (rule === undefined) {
      throw invalid(`${where}: ${show(field)} is no setting; there are ${Object.keys(rules).join(', ')}`);
    }
    if (value !== undefined && !rule.accepts(value)) {
      throw invalid(`${where}: ${field} is ${show(value)}; it takes ${rule.takes}`);
    }
  }
}

function withoutUndefined<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'number':
    case 'boolean':
    case 'undefined':
      return String(value);
    default:
      return value === null
        ? 'null'
        : Array.isArray(value)
          ? 'an array'
          : typeof value === 'object'
            ? 'an object'
            : `a ${typeof value}`;
  }
}

function invalid(message: string): InvalidArgumentError {
  return new InvalidArgumentError('INVALID_CONNECTION', message);
}
