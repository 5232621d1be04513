import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { DeviceFraming, encodeForWire } from '../../src/testing/mock/device-framing.js';

/**
 * A device behind a TCP server of the test. Use {@link TcpDevice.listen} to make one. It uses npm `cobs` and
 * `DelimiterParser`, not this project's codec.
 */
export class TcpDevice {
  #server: Server;
  readonly #host: string;
  #isEchoing = true;
  #socket: Socket | undefined;
  #onConnection: ((socket: Socket) => void) | undefined;
  /** Number of connections accepted so far. */
  connections = 0;
  /** All bytes that were received. */
  received = Buffer.alloc(0);

  private constructor(host: string, server: Server) {
    this.#host = host;
    this.#server = server;
    server.on(server instanceof TlsServer ? 'secureConnection' : 'connection', (socket) => this.#accept(socket));
  }

  /**
   * @param host - where to listen, on a free port
   * @param server - which does not listen yet. Default: a TCP server
   */
  static async listen(host = '127.0.0.1', server: Server = createServer({ noDelay: true })): Promise<TcpDevice> {
    const device = new TcpDevice(host, server);
    server.listen(0, host);
    await once(server, 'listening');
    device.#port = (server.address() as AddressInfo).port;
    return device;
  }

  #port = 0;

  get port(): number {
    return this.#port;
  }

  /** The path that leads here. */
  get path(): `tcp://${string}` {
    return `tcp://${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.#port}`;
  }

  /** The latest connection. Waits for the first one. */
  async socket(): Promise<Socket> {
    return (
      this.#socket ??
      new Promise((resolve) => {
        this.#onConnection = resolve;
      })
    );
  }

  /** Sends bytes on the latest connection. */
  async send(bytes: Uint8Array): Promise<void> {
    (await this.socket()).write(bytes);
  }

  async sendPacket(packet: Uint8Array): Promise<void> {
    await this.send(encodeForWire(packet, 'none'));
  }

  /** Reads nothing more until {@link resume}. */
  async stall(): Promise<void> {
    this.#isEchoing = false;
    (await this.socket()).pause();
  }

  resume(): void {
    this.#isEchoing = true;
    this.#socket?.resume();
  }

  /** Closes the connection, with an RST if `abruptly`. */
  async hangUp(abruptly = false): Promise<void> {
    const socket = await this.socket();
    this.#socket = undefined;
    if (abruptly) {
      socket.resetAndDestroy();
    } else {
      socket.destroy();
    }
  }

  /** Stops listening, and closes the connection. */
  async unplug(): Promise<void> {
    this.#server.close();
    if (this.#socket !== undefined) {
      await this.hangUp();
    }
  }

  /** Listens again, on the same port. */
  async plug(): Promise<void> {
    if (!this.#server.listening) {
      this.#server.listen(this.#port, this.#host);
      await once(this.#server, 'listening');
    }
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    const server = this.#server;
    if (server.listening) {
      server.close();
      await once(server, 'close');
    }
  }

  #accept(socket: Socket): void {
    this.connections++;
    this.#socket = socket;
    const framing = new DeviceFraming(1_048_576, 'none');
    socket.on('error', () => {
      // The host has reset the connection.
    });
    socket.on('data', (chunk: Buffer) => {
      this.received = Buffer.concat([this.received.subarray(-1_000), chunk]);
      for (const result of this.#isEchoing ? framing.push(chunk) : []) {
        if (result instanceof Uint8Array) {
          socket.write(encodeForWire(result, 'none'));
        }
      }
    });
    socket.on('end', () => socket.destroy());
    if (!this.#isEchoing) {
      socket.pause();
    }
    this.#onConnection?.(socket);
    this.#onConnection = undefined;
  }
}
