import { closeSync, constants, openSync, readSync } from 'node:fs';
import type { SocketConstructorOpts, TcpSocketConnectOpts } from 'node:net';
import { ReadStream } from 'node:tty';

/** More than Linux gives of a tty at once, which is 4 KiB. */
const CHUNK_BYTES = 8_192;

/** What was read last, of whichever port: all of it is taken before anything else is read. */
const chunk = new Uint8Array(CHUNK_BYTES);

/**
 * Reads a terminal by the event loop itself: libuv keeps the descriptor in the kernel's set from one event to the next,
 * where the poller of `@serialport/bindings-cpp` takes it out and puts it back with three system calls for each.
 *
 * It has a descriptor of its own, which it alone closes, as libuv opens a terminal anew: on the port's own descriptor,
 * that would give up the port's lock.
 */
export class TtyReader {
  readonly #fd: number;
  readonly #stream: ReadStream;
  #isReading = false;

  /**
   * @param fd - an open terminal; stays the caller's
   * @param take - called with what was read, which is valid only during the call; gives whether to read on
   * @param ended - called at most once, when libuv can read no more
   */
  constructor(fd: number, take: (chunk: Uint8Array) => boolean, ended: () => void) {
    this.#fd = fd;
    const own = openSync(
      process.platform === 'linux' ? `/proc/self/fd/${fd}` : `/dev/fd/${fd}`,
      constants.O_RDONLY | constants.O_NOCTTY | constants.O_NONBLOCK,
    );
    const callback = (bytes: number) => {
      this.#isReading = take(chunk.subarray(0, bytes));
      return this.#isReading;
    };
    // The types leave out that every socket takes it, and so does a terminal.
    const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
      onread: { buffer: chunk, callback },
    };
    try {
      this.#stream = new ReadStream(own, options);
    } catch (error) {
      closeSync(own);
      throw error;
    }
    // A stream that uses it as it is closes it itself.
    if (descriptorOf(this.#stream) !== own) {
      closeSync(own);
    }
    const end = () => {
      this.close();
      ended();
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

  /** What the terminal has now, without waiting: as {@link readSync} gives and throws it. Valid until the next call. */
  readNow(): Uint8Array {
    return chunk.subarray(0, readSync(this.#fd, chunk, 0, chunk.length, null));
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
