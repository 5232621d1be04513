/** How paths of ports on the network begin, for completion. `socket://` is another name for `tcp://`. */
export const NETWORK_PREFIXES = ['tcp://', 'tls://', 'rfc2217://', 'unix://'] as const;

/** For messages and help. */
export const NETWORK_GRAMMAR = 'tcp://HOST:PORT, tls://HOST:PORT, rfc2217://HOST:PORT or unix:///PATH';

const NETWORK = /^(tcp|socket|tls|unix|rfc2217):\/\//i;

/** Whether a path leads to the network, as the library decides it, or to a socket of this machine. */
export function isNetworkPort(path: string): boolean {
  return NETWORK.test(path);
}

/** Whether it leads to raw bytes: the server sets the line, if there is one. */
export function isRawPort(path: string): boolean {
  return isNetworkPort(path) && !/^rfc2217:/i.test(path);
}
