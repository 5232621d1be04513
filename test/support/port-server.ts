import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { Binding } from '../../src/index.js';
import { asPort } from '../../src/serial/read-port-adapter.js';

/** A TCP server that passes the bytes of a port to its client, and back. It opens the port for each client anew. */
export class PortServer {
  readonly #server: Server;
  readonly #binding: Binding;
  readonly #portPath: string;
  readonly #sockets = new Set<Socket>();

  private constructor(binding: Binding, portPath: string, server: Server) {
    this.#binding = binding;
    this.#portPath = portPath;
    this.#server = server;
    server.on('connection', (socket) => void this.#serve(socket).catch(() => socket.destroy()));
  }

  /** Listens on a free port. */
  static async listen(binding: Binding, portPath: string): Promise<PortServer> {
    const server = createServer({ noDelay: true, pauseOnConnect: true });
    const served = new PortServer(binding, portPath, server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return served;
  }

  /** The path that leads here. */
  get path(): `tcp://${string}` {
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) {
      socket.destroy();
    }
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => {
      // The client has reset the connection.
    });
    const closed = once(socket, 'close');
    const port = asPort(await this.#binding.open({ path: this.#portPath, baudRate: 115_200 }));
    port.start({
      received: (chunk) => socket.write(Buffer.from(chunk)),
      writeProgressed: () => {},
      hungUp: () => socket.destroy(),
    });
    socket.on('drain', () => port.resume());
    socket.on('end', () => socket.destroy());
    socket.on('data', (chunk: Buffer) => {
      socket.pause();
      void (async () => port.write(chunk))().then(
        () => socket.resume(),
        () => socket.destroy(),
      );
    });
    port.resume();
    socket.resume();
    await closed;
    this.#sockets.delete(socket);
    await port.close().catch(() => {});
  }
}
