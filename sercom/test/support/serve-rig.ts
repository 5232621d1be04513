import { once } from 'node:events';
import { type ConnectOpts, connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { type RunningProcess, start } from './sercom-process.js';

/** A running `sercom serve`. */
export interface Served {
  readonly process: RunningProcess;
  /** Its TCP port, if it has one. */
  readonly tcpPort: number;
  /** Connects a client, and waits until the server knows it. */
  client(target?: { path: string }): Promise<RawClient>;
}

/** Starts `sercom serve`, and waits until it listens. Without `--unix`, it listens on a free TCP port. */
export async function serve(port: string, ...options: string[]): Promise<Served> {
  const address = options.includes('--unix') || options.includes('--tcp') ? [] : ['--tcp', '0'];
  const process = start('serve', port, ...address, ...options);
  await process.complained(/^sercom: serving .*; press Ctrl-C to stop$/m);
  const tcpPort = Number(/^sercom: serving .* on \S*:(\d+)[,;]/m.exec(process.stderr)?.[1]);
  let clients = 0;
  return {
    process,
    tcpPort,
    async client(target) {
      const client = new RawClient(target ?? { host: '127.0.0.1', port: tcpPort });
      clients++;
      await process.complained(/^sercom: client \d+\b.* connected/m, clients);
      return client;
    },
  };
}

/** A client that sends and receives bytes. */
export class RawClient {
  readonly socket: Socket;
  readonly #chunks: Buffer[] = [];
  /** Resolves when the connection is closed. */
  readonly closed: Promise<unknown>;

  constructor(target: ConnectOpts & ({ path: string } | { port: number; host: string })) {
    this.socket = connect(target);
    this.closed = new Promise((resolve) => this.socket.once('close', resolve));
    this.socket.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
    this.socket.on('error', () => {
      // A reset: the client was cut off.
    });
    onTestFinished(() => void this.socket.destroy());
  }

  /** What it has received. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** What it has received, in hex. */
  get hex(): string {
    return this.bytes.toString('hex');
  }

  /** Sends bytes given in hex. */
  send(hex: string): void {
    this.socket.write(Buffer.from(hex.replaceAll(' ', ''), 'hex'));
  }

  /** Resolves, with everything received in hex, once that matches. */
  async received(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.hex)) {
      await Promise.race([once(this.socket, 'data'), this.closed]);
      if (this.socket.destroyed && !pattern.test(this.hex)) {
        throw new Error(`closed without ${pattern}: ${this.hex}`);
      }
    }
    return this.hex;
  }
}
