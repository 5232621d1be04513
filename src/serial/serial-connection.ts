import { InvalidArgumentError } from '../errors.js';
import type { ChecksumName } from '../framing/checksum.js';
import { checksums } from '../framing/checksum.js';
import { FrameEncoder } from '../framing/frame-encoder.js';

/** How to reach one device: a serial port, its line settings, and what is spoken on it. */
export interface SerialConnection extends SerialSettings {
  /** The port, for example `/dev/ttyACM0`, `/dev/serial/by-id/…`, `/dev/tty.usbmodem1101` or `COM3`. */
  path: string;
  /** Speed of the line, in bit/s. */
  baudRate: number;
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
   * How many bytes of frames may wait to be written, those being written included; beyond, `send` rejects with
   * `SEND_QUEUE_FULL`. Default 1,048,576. At least one largest frame.
   */
  sendQueueBytes?: number;
}

/** A connection with every setting filled in. */
export type CompleteSerialConnection = Required<SerialConnection>;

const DEFAULTS: Required<SerialSettings> = {
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
  sendQueueBytes: 1_048_576,
};

/** A rule says whether it takes a value, and, in words, what it takes. */
interface Rule {
  takes: string;
  accepts(value: unknown): boolean;
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
  sendQueueBytes: integer(1, Number.MAX_SAFE_INTEGER, 'bytes'),
};

const CONNECTION_RULES: Record<keyof SerialConnection, Rule> = {
  ...SETTING_RULES,
  path: {
    takes: 'a non-empty string without NUL',
    accepts: (value) => typeof value === 'string' && value !== '' && !value.includes('\0'),
  },
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
  for (const field of ['path', 'baudRate'] as const) {
    if (connection[field] === undefined) {
      throw invalid(`${where}: ${field} is missing; it takes ${CONNECTION_RULES[field].takes}`);
    }
  }
  const complete = { ...DEFAULTS, ...withoutUndefined(defaults), ...withoutUndefined(connection) };
  const largest = new FrameEncoder(complete.checksum).maxWireBytes(complete.maxPacketBytes);
  if (complete.sendQueueBytes < largest) {
    throw invalid(
      `${where}: sendQueueBytes is ${complete.sendQueueBytes}; it takes at least ${largest}, one largest frame ` +
        `(maxPacketBytes is ${complete.maxPacketBytes})`,
    );
  }
  return complete;
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
