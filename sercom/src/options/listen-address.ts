import { InvalidArgumentError } from 'commander';

/** Where to listen for TCP connections. */
export interface TcpAddress {
  host: string;
  port: number;
}

/** Parses `[HOST:]PORT`. Without a host, it is this machine only. The message about another text has the example. */
export function tcpAddress(example: TcpAddress): (text: string) => TcpAddress {
  return (text) => {
    const [, bracketed, plain, digits] = /^(?:(?:\[([^\]]+)\]|([^:[\]]+)):)?(\d{1,5})$/.exec(text) ?? [];
    const port = Number(digits);
    if (digits === undefined || port > 65_535) {
      const examples = `${example.port}, ${writtenAddress(example.host, example.port)} or [::1]:${example.port}`;
      throw new InvalidArgumentError(`Expected [HOST:]PORT, for example ${examples}.`);
    }
    return { host: bracketed ?? plain ?? '127.0.0.1', port };
  };
}

/** An address as users write it. */
export function writtenAddress(host: string, port: number): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Whether only this machine can reach an address. */
export function isLoopback(address: string): boolean {
  return address === '::1' || /^(?:::ffff:)?127\./.test(address);
}
