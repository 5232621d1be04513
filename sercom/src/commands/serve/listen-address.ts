import { InvalidArgumentError } from 'commander';

/** Where to listen for TCP connections. */
export interface TcpAddress {
  host: string;
  port: number;
}

const GRAMMAR = '[HOST:]PORT, for example 4000, 0.0.0.0:4000 or [::1]:4000';

/** Parses `[HOST:]PORT`. Without a host, it is this machine only. */
export function tcpAddress(text: string): TcpAddress {
  const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > 65_535) {
    throw new InvalidArgumentError(`Expected ${GRAMMAR}.`);
  }
  return { host: bracketed ?? plain ?? '127.0.0.1', port };
}

/** An address as users write it. */
export function writtenAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
