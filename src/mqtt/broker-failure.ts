import { ConnectionError, type ConnectionErrorCode, type Delivered } from '../errors.js';
import { tlsReason } from '../tls-reason.js';

/** Why there is no connection to the broker, or why it refused something. The same for all connections of a client. */
export interface BrokerFailure {
  readonly code: Extract<ConnectionErrorCode, 'BROKER_OFFLINE' | 'PERMISSION_DENIED'>;
  readonly message: string;
  readonly cause?: unknown;
}

/** Reason codes of MQTT: bad user name or password, not authorized, banned, bad authentication method. */
const DENIED = new Set<unknown>([4, 5, 134, 135, 138, 140]);

const NO_MQTT_5 = new Set<unknown>([1, 132]);

const SESSION_TAKEN_OVER = 142;

/** What went wrong, by the code of the error. Of others, the message of the error says it. */
const REASONS: readonly (readonly [code: RegExp, reason: string])[] = [
  [/^ECONNREFUSED$/, 'it refused the connection'],
  [/^E(NOTFOUND|AI_\w+)$/, 'its host name cannot be resolved'],
  [/^E(HOST|NET)(UNREACH|DOWN)$|^EADDRNOTAVAIL$/, 'there is no route to its host'],
  [/^E(ACCES|PERM)$/, 'a firewall of this machine forbids the connection'],
  [/^ETIMEDOUT$/, 'it did not answer in time'],
  [/^E(CONNRESET|PIPE)$/, 'it closed the connection'],
  [/^ERR_SSL_WRONG_VERSION_NUMBER$/, 'it does not speak TLS on this port'],
];

/** What MQTT.js says when the broker does not answer. */
const NO_ANSWER = /^connack timeout$/;

/**
 * @param broker - its address, as messages show it
 * @param error - the last error of the attempt or the connection, if there was one
 * @param wasConnected - whether there was a connection
 */
export function brokerFailure(broker: string, error: Error | undefined, wasConnected: boolean): BrokerFailure {
  const code = (error as { code?: unknown } | undefined)?.code;
  const where = `broker ${broker}: ${reasonOf(error, code)}`;
  if (DENIED.has(code)) {
    return {
      code: 'PERMISSION_DENIED',
      message: `${where}; check user, password and certificate, and the access rules of the broker`,
      cause: error,
    };
  }
  const advice = NO_MQTT_5.has(code)
    ? 'use a broker that speaks MQTT 5'
    : wasConnected
      ? 'reconnecting'
      : adviceFor(code);
  return { code: 'BROKER_OFFLINE', message: `${where}; ${advice}`, cause: error };
}

/** A failure as the error of a connection, or of a bridge. */
export function failureError(
  name: string,
  what: string,
  { code, message, cause }: BrokerFailure,
  delivered?: Delivered,
): ConnectionError {
  return new ConnectionError(code, name, `${what}: ${message}`, { cause, delivered });
}

function reasonOf(error: Error | undefined, code: unknown): string {
  if (error === undefined) {
    return 'it closed the connection';
  }
  if (NO_ANSWER.test(error.message)) {
    return 'it did not answer in time';
  }
  if (code === SESSION_TAKEN_OVER) {
    return 'another client with the same clientId has connected';
  }
  const known = typeof code === 'string' ? REASONS.find(([pattern]) => pattern.test(code))?.[1] : undefined;
  return known ?? (tlsReason(error) || String(code));
}

function adviceFor(code: unknown): string {
  if (code === 'ERR_SSL_WRONG_VERSION_NUMBER') {
    return 'use mqtt://, or the port for TLS';
  }
  if (typeof code === 'string' && /CERT|SSL|TLS|SIGNATURE|ISSUER/.test(code)) {
    return 'check the certificates: "ca", and "cert" with "key" if the broker asks for them';
  }
  if (code === undefined || code === 'ECONNRESET' || code === 'EPIPE') {
    return 'check its port, and whether it expects TLS there';
  }
  return 'check that the broker runs, its host and its port';
}
