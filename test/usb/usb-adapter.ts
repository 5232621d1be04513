import { connect, type Socket } from 'node:net';

/** What the far end of the adapter sends by itself: whole frames. */
const FLOOD = Buffer.concat(Array<Buffer>(64).fill(Buffer.from(`\x40${'F'.repeat(63)}\0`)));

/** What a guest script asks for. */
export interface AdapterCommand {
  /** Plugs the adapter in, or unplugs it. */
  adapter?: 'attach' | 'detach';
  /** Whether its far end sends without end. It always sends back what it gets. */
  flood?: boolean;
}

/**
 * What is joined to the far end of the machine's FTDI adapter. QEMU plugs the adapter in when somebody connects to its
 * socket, and unplugs it when that ends.
 */
export class UsbAdapter {
  readonly #socketPath: string;
  #socket: Socket | undefined;
  #floods = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  obey({ adapter, flood }: AdapterCommand): void {
    if (flood !== undefined) {
      this.#floods = flood;
    }
    if (adapter !== undefined) {
      this.#socket?.destroy();
    }
    if (adapter === 'attach') {
      const socket = connect(this.#socketPath);
      socket.on('data', (bytes) => socket.write(bytes));
      socket.on('drain', () => this.#flood());
      // QEMU has ended, which its exit tells.
      socket.on('error', () => socket.destroy());
      this.#socket = socket;
    }
    this.#flood();
  }

  end(): void {
    this.#socket?.destroy();
  }

  #flood(): void {
    while (this.#floods && this.#socket?.writable && this.#socket.write(FLOOD)) {
      // Until the socket is full.
    }
  }
}
