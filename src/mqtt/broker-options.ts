import {
  anObject,
  describeValue,
  invalidOption,
  milliseconds,
  millisecondsFrom1,
  type OptionRule,
} from '../options.js';

/**
 * Options of MQTT.js (`IClientOptions`), which are passed to its `connect`. Those that are set by this library are refused:
 * version, clean session, will, properties, queues, stores and reconnecting.
 */
export interface MqttClientOptions {
  username?: string;
  password?: string | Buffer;
  /** Identifies the client to the broker: no two clients may have the same. Default: random. */
  clientId?: string;
  /** Certificates of the authorities to trust, in PEM, for `mqtts://` and `wss://`. */
  ca?: string | Buffer | string[] | Buffer[];
  /** Certificate of this client, in PEM. */
  cert?: string | Buffer;
  /** Private key of this client, in PEM. */
  key?: string | Buffer;
  /** Whether to refuse a broker whose certificate is not valid. Default: true. */
  rejectUnauthorized?: boolean;
  /** How long the connection may be idle, in seconds. A broker that vanished is noticed within 1.5 times that. Default: 15. */
  keepalive?: number;
  /** Any other option of MQTT.js. */
  [option: string]: unknown;
}

/** How to reach a broker. */
export interface BrokerOptions {
  /** Address of the broker: `mqtt://host`, `mqtts://host`, `ws://host` or `wss://host`, each with an optional port. */
  url: string;
  /** More options for MQTT.js, for example `username` and `password`, or `ca`, `cert` and `key`. */
  mqtt?: MqttClientOptions;
  /** How long one attempt to connect to the broker may take, in milliseconds. Default: 5,000. */
  connectTimeoutMs?: number;
  /**
   * Longest wait between two attempts to connect to the broker, in milliseconds. Waits double from 100 ms to this; each is a
   * random 50 to 100 % of it. Default: 5,000.
   */
  maxReconnectDelayMs?: number;
}

/** Options of a broker with the defaults filled in. */
export type CompleteBrokerOptions = Required<BrokerOptions>;

const URL_SCHEMES = ['mqtt:', 'mqtts:', 'ws:', 'wss:'];

/** What this library sets itself: otherwise MQTT.js would queue without limit, or send again what nobody waits for. */
const OWN_OPTIONS = new Set([
  'protocolVersion',
  'protocolId',
  'clean',
  'will',
  'properties',
  'reconnectPeriod',
  'reconnectOnConnackError',
  'connectTimeout',
  'resubscribe',
  'queueQoSZero',
  'incomingStore',
  'outgoingStore',
  'messageIdProvider',
  'manualConnect',
  'customHandleAcks',
]);

export const BROKER_RULES: { readonly [Name in keyof Required<BrokerOptions>]: OptionRule } = {
  url: { expected: 'mqtt://HOST[:PORT], mqtts://…, ws://… or wss://…', accepts: isBrokerUrl, isRequired: true },
  mqtt: anObject,
  connectTimeoutMs: millisecondsFrom1,
  maxReconnectDelayMs: milliseconds,
};

/** @throws InvalidArgumentError (`INVALID_OPTION`) if an option of MQTT.js is one that this library sets */
export function completeBrokerOptions(where: string, options: BrokerOptions): CompleteBrokerOptions {
  const { url, mqtt = {}, connectTimeoutMs = 5_000, maxReconnectDelayMs = 5_000 } = options;
  const own = Object.keys(mqtt).find((name) => OWN_OPTIONS.has(name));
  if (own !== undefined) {
    throw invalidOption(`${where}: mqtt has ${describeValue(own)}, which this library sets itself; leave it out`);
  }
  return { url, mqtt, connectTimeoutMs, maxReconnectDelayMs };
}

/** The address of a broker for messages: without user and password. */
export function describeBroker(url: string): string {
  const { protocol, host } = new URL(url);
  return `${protocol}//${host}`;
}

function isBrokerUrl(value: unknown): boolean {
  try {
    const { protocol, hostname } = new URL(value as string);
    return typeof value === 'string' && URL_SCHEMES.includes(protocol) && hostname !== '';
  } catch {
    return false;
  }
}
