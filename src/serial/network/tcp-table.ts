import { isIPv4, type Socket } from 'node:net';
import { endianness } from 'node:os';

/** A connection in `/proc/net/tcp` or `tcp6`. */
export interface TcpRow {
  /** Bytes written that the peer has not acknowledged. */
  readonly unacknowledged: number;
  /** How often in a row the kernel has asked the peer in vain: retransmissions, or probes. */
  readonly unanswered: number;
  /** Whether the peer has closed the connection. What it has sent before may still be unread. */
  readonly hasEnded: boolean;
}

/** The state of a connection that the peer has closed: `CLOSE_WAIT`. */
const ENDED = '08';

/** What the kernel waits for, in the column `tr`. If nothing of this, the peer need not answer. */
const RETRANSMISSION = 1;
const KEEP_ALIVE = 2;
const WINDOW_PROBE = 4;

/** State, queues, timer, retransmissions, user, unanswered probes. */
const ROW = /^ (\w\w) (\w+):\w+ (\w\w):\w+ (\w+) +\d+ +(\d+) /;

/** A connection as the tables write it: both addresses and ports. */
export function keyOf({ localAddress, localPort, remoteAddress, remotePort }: Socket): string {
  return `${endOf(localAddress, localPort)} ${endOf(remoteAddress, remotePort)}`;
}

/** Finds a connection in the text of a table. */
export function findRow(table: string, key: string): TcpRow | undefined {
  const start = table.indexOf(` ${key} `);
  const [, state, queued, timer, retransmissions, probes] =
    ROW.exec(table.slice(start + 1 + key.length, start + 200)) ?? [];
  if (start === -1 || queued === undefined) {
    return undefined;
  }
  const kind = Number(timer);
  const isProbing = kind === KEEP_ALIVE || kind === WINDOW_PROBE;
  return {
    hasEnded: state === ENDED,
    unacknowledged: Number.parseInt(queued, 16),
    unanswered: isProbing ? Number(probes) : kind === RETRANSMISSION ? Number.parseInt(retransmissions!, 16) : 0,
  };
}

function endOf(address = '', port = 0): string {
  const bytes = bytesOf(address);
  if (endianness() === 'LE') {
    // The kernel prints 32-bit words of its own byte order.
    bytes.swap32();
  }
  return `${bytes.toString('hex')}:${port.toString(16).padStart(4, '0')}`.toUpperCase();
}

function bytesOf(address: string): Buffer {
  if (isIPv4(address)) {
    return Buffer.from(address.split('.').map(Number));
  }
  const [, start = '', end = ''] = /^(.*?)(?:::(.*))?$/.exec(address.replace(/%.*/, ''))!;
  const [first, last] = [groupsOf(start), groupsOf(end)];
  return Buffer.concat([first, Buffer.alloc(Math.max(0, 16 - first.length - last.length)), last]);
}

/** The bytes of a part of an IPv6 address, which may end with an IPv4 address. */
function groupsOf(text: string): Buffer {
  const groups = text === '' ? [] : text.split(':');
  return Buffer.concat(
    groups.map((group) => (isIPv4(group) ? bytesOf(group) : Buffer.from(group.padStart(4, '0'), 'hex'))),
  );
}
