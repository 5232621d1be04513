import { isIPv6 } from 'node:net';

/**
 * A path that leads to a port on the network, or, with `unix:///path`, to a socket of this machine. `socket://` is another
 * name for `tcp://`.
 */
export type NetworkPath = `${'tcp' | 'socket' | 'tls' | 'unix'}://${string}`;

/** Where a network path leads. */
export type NetworkAddress = HostAddress | SocketFile;

/** A port of a host. */
export interface HostAddress {
  /** What is spoken there. */
  readonly scheme: 'tcp' | 'tls' | 'rfc2217';
  /** A name or an address, without brackets. */
  readonly host: string;
  readonly port: number;
}

/** A socket in the file system. */
export interface SocketFile {
  readonly scheme: 'unix';
  readonly file: string;
}

/** What each scheme means. */
const SCHEMES: Readonly<Record<string, NetworkAddress['scheme']>> = {
  tcp: 'tcp',
  socket: 'tcp',
  tls: 'tls',
  rfc2217: 'rfc2217',
  unix: 'unix',
};

const NETWORK_PATH = new RegExp(`^(${Object.keys(SCHEMES).join('|')})://(.*)$`, 'is');

/** A host, which is a name, an IPv4 address or an IPv6 address in brackets, and a port. */
const HOST_AND_PORT = /^(?:\[([^\]]*)\]|([^\s:/?#@[\]\\]+)):(\d{1,5})$/;

/** Whether a path leads to the network: where, {@link parseNetworkPath} says. */
export function isNetworkPath(path: string | undefined): boolean {
  return path !== undefined && NETWORK_PATH.test(path);
}

/**
 * Parses a network path.
 *
 * @returns the address, or what is wrong and expected, in words that follow the path. Undefined if it is no network path
 */
export function parseNetworkPath(path: string): NetworkAddress | string | undefined {
  const [, name, rest = ''] = NETWORK_PATH.exec(path) ?? [];
  if (name === undefined) {
    return undefined;
  }
  const scheme = SCHEMES[name.toLowerCase()]!;
  if (scheme === 'unix') {
    return rest.startsWith('/')
      ? { scheme, file: rest }
      : 'the path is not absolute; expected unix:///PATH, for example unix:///run/arm.sock';
  }
  const [, literal, hostName, digits] = HOST_AND_PORT.exec(rest) ?? [];
  const host = literal ?? hostName;
  const port = Number(digits);
  if (host === undefined || (literal !== undefined && !isIPv6(literal)) || port < 1 || port > 65_535) {
    const prefix = `${name.toLowerCase()}://`;
    return `${problemOf(rest)}; expected ${prefix}HOST:PORT, for example ${prefix}192.168.1.20:4000 or ${prefix}[fe80::1]:4000`;
  }
  return { scheme, host, port };
}

function problemOf(rest: string): string {
  if (isIPv6(rest.replace(/:\d+$/, '')) || isIPv6(rest)) {
    return 'an IPv6 address needs brackets';
  }
  if (/^(\[[^\]]*\]|[^:/?#]+)[/?#]/.test(rest) || /^(\[[^\]]*\]|[^:]+)$/.test(rest)) {
    return 'the port is missing';
  }
  return /:\d+[/?#]/.test(rest) ? 'nothing may follow the port' : 'this is not a host and a port';
}
