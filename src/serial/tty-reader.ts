import { closeSync, constants, open, readSync } from 'node:fs';
import type { SocketConstructorOpts, TcpSocketConnectOpts } from 'node:net';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';

/** More than Linux gives of a tty at once, which is 4 KiB. */
const CHUNK_BYTES = 8_192;

/** How long an opening may take, for the next to be made on the event loop's thread: it then takes no longer. */
const QUICK_OPEN_MS = 250;

/** What was read last, of whichever port: all of it is taken before anything else is read. */
const chunk = new Uint8Array(CHUNK_BYTES);

/** What a terminal has now, without waiting: as `readSync` gives and throws it. Valid until something else is read. */
export function readNow(fd: number): Uint8Array {
  return chunk.subarray(0, readSync(fd, chunk, 0, chunk.length, null));
}

/**
 * Opens an open terminal once more, for a {@link TtyReader}.
 *
 * @param openedInMs - how long the first opening took
 * @returns the descriptor; nothing where that is not possible, or a device answers so slowly that to open it on the
 *   event loop's thread, as libuv does, would hold everything up
 */
export async function openAgain(fd: number, openedInMs: number): Promise<number | undefined> {
  if (openedInMs > QUICK_OPEN_MS) {
    return undefined;
  }
  const startedAt = performance.now();
  try {
    const again = await promisify(open)(
      process.platform === 'linux' ? `/proc/self/fd/${fd}` : `/dev/fd/${fd}`,
      constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK,
    );
    if (performance.now() - startedAt <= QUICK_OPEN_MS) {
      return again;
    }
    closeSync(again);
  } catch {
    // Without /proc, say, or without a descriptor to spare.
  }
  return undefined;
}

/**
 * Reads a terminal by the event loop itself: libuv keeps the descriptor in the kernel's set from one event to the next,
 * where the poller of `@serialport/bindings-cpp` takes it out and puts it back with three system calls for each.
 *
 * It has a descriptor of its own, since libuv opens a terminal anew, in place of the one that it is given: that of the
 * port would lose its lock.
 */
export class TtyReader {
  readonly #stream: ReadStream;
  #isReading = false;

  /**
   * @param fd - what {@link openAgain} has given; this object's own from now on
   * @param take - called with what was read, which is valid only during the call; gives whether to read on
   * @param ended - called at most once, when libuv can read no more
   */
  constructor(fd: number, take: (chunk: Uint8Array) => boolean, ended: (error?: Error) => void) {
    const callback = (bytes: number) => {
      this.#isReading = take(chunk.subarray(0, bytes));
      return this.#isReading;
    };
    // The types leave out that every socket takes it, and so does a terminal.
    const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
      onread: { buffer: chunk, callback },
    };
    try {
      this.#stream = new ReadStream(fd, options);
    } catch (error) {
      closeSync(fd);
      throw error;
    }
    // A stream that uses it as it is closes it itself.
    if (descriptorOf(this.#stream) !== fd) {
      closeSync(fd);
    }
    const end = (error?: Error) => {
      this.close();
      ended(error);
    };
    this.#stream.once('error', end).once('end', end);
  }

  /** Reads until `take` wants no more. */
  start(): void {
    if (!this.#isReading) {
      this.#isReading = true;
      this.#stream.resume();
    }
  }

  /** Reads no more, and closes its descriptor before it returns. */
  close(): void {
    this.#stream.removeAllListeners().on('error', () => undefined);
    this.#stream.destroy();
  }
}

function descriptorOf(stream: ReadStream): number | undefined {
  return (stream as unknown as { _handle?: { fd?: number } })._handle?.fd;
}
