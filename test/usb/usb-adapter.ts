import { connect, type Socket } from 'node:net';

/** What the far end of the adapter sends in a flood: whole frames. */
const FLOOD = Buffer.concat(Array<Buffer>(64).fill(Buffer.from(`\x40${'F'.repeat(63)}\0`)));

/** A request of a guest script. */
export interface AdapterCommand {
  /** Plug the adapter in, or unplug it. */
  adapter?: 'attach' | 'detach';
  /** Whether its far end sends continuously. It always echoes what it receives. */
  flood?: boolean;
}

/**
 * The device at the far end of the machine's FTDI adapter. QEMU plugs the adapter in when a program connects to its
 * socket, and unplugs it when the connection ends.
 */
export class UsbAdapter {
  readonly #socketPath: string;
  #socket: Socket | undefined;
  #isFlooding = false;

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  obey({ adapter, flood }: AdapterCommand): void {
    if (flood !== undefined) {
      this.#isFlooding = flood;
    }
    if (adapter !== undefined) {
      this.#socket?.destroy();
    }
    if (adapter === 'attach') {
      const socket = connect(this.#socketPath);
      socket.on('data', (bytes) => socket.write(bytes));
      socket.on('drain', () => this.#flood());
      // QEMU exited, which Machine reports.
      socket.on('error', () => socket.destroy());
      this.#socket = socket;
    }
    this.#flood();
  }

  end(): void {
    this.#socket?.destroy();
  }

  #flood(): void {
    while (this.#isFlooding && this.#socket?.writable && this.#socket.write(FLOOD)) {
      // Write until the socket's buffer is full.
    }
  }
}
