import type { ConnectionOptions } from 'node:tls';
import { FRAME_OVERHEAD_BYTES } from '../delivery/wire-format.js';
import { FrameEncoder, maxWireBytes } from '../framing/frame-encoder.js';
import {
  aBoolean,
  aName,
  anInteger,
  anObject,
  checkOptions,
  invalidOption,
  millisecondsFrom1,
  type OptionRules,
  required,
} from '../options.js';
import { checkPacketLimit } from '../requests/request-ids.js';
import { type DeviceSelector, describeSelector, SELECTOR_FIELDS, SELECTOR_RULES } from './device-selector.js';
import type { NetworkPath } from './network/network-address.js';
import { checkNetworkConnection, isRawPath } from './network/network-connection.js';
import { type ReconnectOptions, type SerialSettings, serialSettings } from './serial-settings.js';

/** A port, how to open it, and how packets are framed on it. */
export type SerialConnection = LineConnection | NetworkConnection;

/** A port with line settings: a serial port of this machine, or one on the network whose server speaks RFC 2217. */
export interface LineConnection extends SerialSettings {
  /**
   * The port, for example `/dev/ttyACM0`, `/dev/serial/by-id/…`, `COM3` or `rfc2217://host:port`. Required unless `device`
   * is given.
   */
  path?: string;
  /** Selects a device by its USB properties instead of by `path`. It is looked up each time the port is opened. */
  device?: DeviceSelector;
  /** Line speed in bit/s. */
  baudRate: number;
}

/** A raw connection over TCP. It has no line settings and no control lines: these are up to the server. */
export interface NetworkConnection extends SerialSettings {
  /**
   * `tcp://host:port`, or `tls://host:port` for TLS, or `unix:///path` for a socket of this machine. An IPv6 address is in
   * brackets.
   */
  path: NetworkPath;
  device?: never;
  /**
   * Speed of the line behind the server in bit/s, if there is one. Acknowledged delivery then begins with time-outs that fit
   * it. Default: unknown.
   */
  baudRate?: number;
  /** Options for `tls.connect` of `node:tls`, for example `ca`, `cert` and `key`. Only for `tls://`. */
  tls?: ConnectionOptions;
}

/** The settings without a default: if omitted, the port is left as opening sets it. */
type Optional = Pick<SerialSettings, 'dtr' | 'rts' | 'keepAliveMs' | 'requestIds'>;

/** A connection with every setting filled in. */
export type CompleteSerialConnection = Required<Omit<SerialSettings, keyof Optional>> &
  Optional &
  Omit<LineConnection, keyof SerialSettings | 'baudRate'> &
  Pick<NetworkConnection, 'baudRate' | 'tls'> & { reconnect: Required<ReconnectOptions> | false };

const aBaudRate = anInteger(1, 4_294_967_295);

const CONNECTION_RULES: OptionRules<LineConnection> = {
  path: aName,
  device: { ...anObject, expected: `an object with one or more of ${SELECTOR_FIELDS.join(', ')}` },
  baudRate: required(aBaudRate),
  ...serialSettings,
};

const NETWORK_RULES: OptionRules<NetworkConnection> = {
  ...CONNECTION_RULES,
  baudRate: aBaudRate,
  tls: anObject,
};

const RECONNECT_RULES: OptionRules<ReconnectOptions> = { minDelayMs: millisecondsFrom1, maxDelayMs: millisecondsFrom1 };

/**
 * Checks a connection and fills in the settings that it omits.
 *
 * @param defaults - already checked
 * @throws InvalidArgumentError (`INVALID_CONNECTION`) that names the setting and what it accepts
 * @internal
 */
export function completeConnection(
  name: string,
  connection: SerialConnection,
  defaults: SerialSettings,
): CompleteSerialConnection {
  const where = `connection "${name}"`;
  const rules = isRawPath(connection?.path) ? NETWORK_RULES : CONNECTION_RULES;
  const own = check(where, connection, rules as OptionRules<SerialConnection>);
  const given: SerialConnection = { ...defaults, ...own };
  checkNetworkConnection(where, own, given);
  if ((given.path === undefined) === (given.device === undefined)) {
    const what = given.path === undefined ? 'neither path nor device is set' : 'both path and device are set';
    throw invalid(`${where}: ${what}; set exactly one of them`);
  }
  if (given.device !== undefined) {
    checkSelector(`${where}: device`, given.device);
  }
  const complete = withDefaults(given);
  if (complete.delivery === 'acknowledged') {
    checkAcknowledged(where, complete);
    complete.whenDisconnected = given.whenDisconnected ?? 'wait';
  }
  complete.reconnect = completeReconnect(where, complete.reconnect);
  if (!complete.required && complete.reconnect === false) {
    throw invalid(
      `${where}: reconnect cannot be false when required is false: a port that fails to open would never be retried`,
    );
  }
  if (complete.sendTimeoutMs > 0 && complete.sendTimeoutMs <= complete.settleMs) {
    throw invalid(
      `${where}: sendTimeoutMs is ${complete.sendTimeoutMs}; expected 0, or more than settleMs (${complete.settleMs}), ` +
        'which the first packets wait for',
    );
  }
  checkPacketLimit(where, complete.maxPacketBytes, complete.requestIds);
  const payloadBytes = complete.maxPacketBytes + idBytesOf(complete);
  const largest =
    complete.delivery === 'acknowledged'
      ? maxWireBytes(payloadBytes + FRAME_OVERHEAD_BYTES)
      : new FrameEncoder({ checksum: complete.checksum }).maxWireBytes(payloadBytes);
  if (complete.sendQueueBytes < largest) {
    throw invalid(
      `${where}: sendQueueBytes is ${complete.sendQueueBytes}; expected at least ${largest}, the size of a largest ` +
        `frame (maxPacketBytes is ${complete.maxPacketBytes})`,
    );
  }
  return complete;
}

/**
 * Checks settings for all connections.
 *
 * @returns a copy without the settings that are `undefined`
 * @throws InvalidArgumentError (`INVALID_OPTION`) that names the setting and what it accepts
 * @internal
 */
export function checkDefaults(where: string, defaults: SerialSettings): SerialSettings {
  return checkOptions(where, defaults, serialSettings);
}

/**
 * Checks which control lines to set.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) that names the control line and what it accepts
 * @internal
 */
export function checkSignals(name: string, signals: object): void {
  checkOptions(`setSignals of "${name}"`, signals, { dtr: aBoolean, rts: aBoolean, brk: aBoolean });
}

/** Length of the id before each packet. */
export function idBytesOf({ requestIds }: Pick<CompleteSerialConnection, 'requestIds'>): number {
  return requestIds?.bytes ?? 0;
}

/** A connection in an error message: its name, and its port if that is not the name. */
export function describeConnection(name: string, { path, device }: { path?: string; device?: DeviceSelector }): string {
  const target = path ?? describeSelector(device ?? {});
  return target === name ? `"${name}"` : `"${name}" (${target})`;
}

function checkAcknowledged(where: string, connection: CompleteSerialConnection): void {
  const { checksum, sendTimeoutMs, ackTimeoutMs, settleMs, xon, xoff } = connection;
  if (xon || xoff) {
    throw invalid(
      `${where}: ${xon ? 'xon' : 'xoff'} is set, which removes bytes that frames of acknowledged delivery contain; use rtscts, ` +
        'or none: the window holds the device back',
    );
  }
  if (checksum !== 'none') {
    throw invalid(
      `${where}: checksum is set, but acknowledged delivery has one of its own (CRC-32); leave checksum out`,
    );
  }
  if (sendTimeoutMs > 0) {
    throw invalid(`${where}: sendTimeoutMs is ${sendTimeoutMs}; with acknowledged delivery, set ackTimeoutMs instead`);
  }
  if (ackTimeoutMs <= settleMs) {
    throw invalid(
      `${where}: ackTimeoutMs is ${ackTimeoutMs}; expected more than settleMs (${settleMs}), which the first packets wait for`,
    );
  }
}

function checkSelector(where: string, device: DeviceSelector): void {
  if (Object.keys(check(where, device, SELECTOR_RULES)).length === 0) {
    throw invalid(`${where} is empty; expected ${CONNECTION_RULES.device.expected}`);
  }
}

/**
 * Every field of a connection. An object made from text gets one compact layout for all its fields; one that is filled
 * field by field, or by a spread, takes six times the memory.
 */
const EMPTY_CONNECTION = JSON.stringify(Object.fromEntries(Object.keys(NETWORK_RULES).map((name) => [name, null])));

function withDefaults(given: SerialConnection): CompleteSerialConnection {
  const complete: Record<string, unknown> = JSON.parse(EMPTY_CONNECTION);
  for (const name of Object.keys(complete)) {
    complete[name] = given[name as keyof SerialConnection] ?? serialSettings[name as keyof SerialSettings]?.default;
  }
  return complete as unknown as CompleteSerialConnection;
}

function completeReconnect(where: string, reconnect: ReconnectOptions | false): Required<ReconnectOptions> | false {
  if (reconnect === false) {
    return false;
  }
  const { minDelayMs, maxDelayMs } = check(`${where}: reconnect`, reconnect, RECONNECT_RULES);
  const defaults = serialSettings.reconnect.default as Required<ReconnectOptions>;
  // If only one limit is given, adjust the default of the other to match.
  const complete = {
    minDelayMs: minDelayMs ?? Math.min(defaults.minDelayMs, maxDelayMs ?? defaults.minDelayMs),
    maxDelayMs: maxDelayMs ?? Math.max(defaults.maxDelayMs, minDelayMs ?? defaults.maxDelayMs),
  };
  if (complete.minDelayMs > complete.maxDelayMs) {
    throw invalid(
      `${where}: reconnect.minDelayMs is ${complete.minDelayMs}; expected at most maxDelayMs, ${complete.maxDelayMs}`,
    );
  }
  return complete;
}

function check<Options extends object>(where: string, options: Options, rules: OptionRules<Options>): Options {
  return checkOptions(where, options, rules, 'INVALID_CONNECTION');
}

function invalid(message: string): Error {
  return invalidOption(message, 'INVALID_CONNECTION');
}
