import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { within } from '../../timing/patient-timer.js';
import type { NetworkOpenOptions, Port } from '../port.js';
import { type HostAddress, type NetworkAddress, parseNetworkPath } from './network-address.js';
import { openRfc2217 } from './rfc2217/open-rfc2217.js';
import { TcpPort } from './tcp-port.js';

const OPEN_TIMEOUT_MS = 5_000;

/**
 * A server that accepts no second client often accepts the connection all the same, and closes it at once. So opening
 * waits for that, longer if the server is far away.
 */
const MIN_REFUSAL_MS = 20;
const MAX_REFUSAL_MS = 300;

/**
 * Opens a network path. It needs no native code, so it also works in worker threads, Bun, Deno and bundles. Rejects with errors
 * of `node:net`, and with one whose `code` is `OPEN_TIMEOUT`, or `CLOSED_AT_ONCE` if the server closes the connection.
 */
export async function openNetworkPath(options: NetworkOpenOptions): Promise<Port> {
  const address = parseNetworkPath(options.path);
  if (typeof address !== 'object') {
    throw new TypeError(`path is ${JSON.stringify(options.path)}: ${address ?? 'this is no network path'}`);
  }
  const { signal } = options;
  // The signal ends the opening only. It may abort later.
  const abandoning = new AbortController();
  const abandon = () => abandoning.abort();
  signal?.addEventListener('abort', abandon);
  try {
    return await openAddress(address, { ...options, signal: abandoning.signal });
  } finally {
    signal?.removeEventListener('abort', abandon);
  }
}

async function openAddress(address: NetworkAddress, options: NetworkOpenOptions): Promise<Port> {
  switch (address.scheme) {
    case 'tcp':
      return openTcp(address, options);
    case 'rfc2217':
      return openRfc2217(await openTcp(address, options, false), options.openTimeoutMs ?? OPEN_TIMEOUT_MS);
    case 'unix':
      return openSocket(options, 'connect', (onread) => connect({ path: address.file, onread }));
    case 'tls':
      return openTls(address, options);
  }
}

/**
 * Opens a port over a plain TCP connection.
 *
 * @param awaitsRefusal - whether to wait for a server that closes the connection at once
 */
async function openTcp(
  { host, port }: HostAddress,
  options: NetworkOpenOptions,
  awaitsRefusal = true,
): Promise<TcpPort> {
  const opened = await openSocket(options, 'connect', (onread) => connect({ host, port, onread }), awaitsRefusal);
  opened.watchPeer();
  return opened;
}

/** Opens a port over TLS. A program that does not use it does not load it. */
async function openTls({ host, port }: HostAddress, options: NetworkOpenOptions): Promise<TcpPort> {
  const { connect } = await import('node:tls');
  // An address must not be sent as the name of the server.
  const name = isIP(host) === 0 ? { servername: host } : {};
  const opened = await openSocket(options, 'secureConnect', (onread) => {
    // A TLS socket accepts `onread` as every socket does, but its types do not say so.
    const connection: ConnectionOptions & { onread: OnReadOpts } = { ...name, ...options.tls, host, port, onread };
    return connect(connection);
  });
  opened.watchPeer();
  return opened;
}

/** @param event - with which the socket reports that it can be used */
async function openSocket(
  options: NetworkOpenOptions,
  event: 'connect' | 'secureConnect',
  newSocket: (onread: OnReadOpts) => Socket,
  awaitsRefusal = true,
): Promise<TcpPort> {
  const { openTimeoutMs = OPEN_TIMEOUT_MS, signal } = options;
  const startedAt = performance.now();
  let socket!: Socket;
  const port = new TcpPort(options, (onread) => {
    socket = newSocket(onread);
    return socket;
  });
  signal?.addEventListener('abort', () => socket.destroy());
  const connected = new Promise<void>((resolve) => socket.once(event, resolve));
  if (!(await within(openTimeoutMs, Promise.race([connected, port.closed])))) {
    socket.destroy();
    await port.closed;
    throw Object.assign(new Error(`no connection within ${openTimeoutMs} ms`), { code: 'OPEN_TIMEOUT' });
  }
  if (port.failure !== undefined) {
    throw port.failure.cause ?? port.failure;
  }
  const tookMs = performance.now() - startedAt;
  const waitMs = Math.min(Math.max(MIN_REFUSAL_MS, 2 * tookMs), MAX_REFUSAL_MS, openTimeoutMs - tookMs);
  if (awaitsRefusal && (await within(waitMs, port.closed))) {
    throw closedAtOnce(port);
  }
  return port;
}

function closedAtOnce({ failure, unread }: TcpPort): Error {
  const text = Buffer.from(unread ?? [])
    .toString('latin1')
    .trim();
  const said = /^[\x20-\x7e]{1,80}$/.test(text) ? ` after ${JSON.stringify(text)}` : '';
  return Object.assign(new Error(`the server closed the connection at once${said}`, { cause: failure }), {
    code: 'CLOSED_AT_ONCE',
  });
}
