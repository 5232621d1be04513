import { closeSync, constants, open } from 'node:fs';
import type { SocketConstructorOpts, TcpSocketConnectOpts } from 'node:net';
import { ReadStream } from 'node:tty';
import { promisify } from 'node:util';
import { type DirectIo, hangUp, reasonOf } from './direct-io.js';
import { chunkBuffer, DirectReader } from './direct-reader.js';

/** Maximum time of an opening after which the next one, which blocks the event loop, is expected to be short too. */
const QUICK_OPEN_MS = 250;

/**
 * Opens an open terminal a second time, for a {@link TtyReader}.
 *
 * @param openedInMs - how long the first opening took
 * @returns the descriptor. Undefined if that is impossible, or if the device opens so slowly that opening it on the
 *   thread of the event loop, as libuv does, would block everything
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
    // For example, /proc is not mounted or the process is out of file descriptors.
  }
  return undefined;
}

/**
 * Lets libuv read the port. libuv keeps the descriptor in the kernel's set from one event to the next, where the poller
 * of `@serialport/bindings-cpp` removes it and adds it again, with three system calls for each event.
 *
 * It has a descriptor of its own: libuv opens a terminal again in place of the descriptor it is given, and the port's
 * own would lose its lock by that.
 */
export class TtyReader extends DirectReader {
  readonly #stream: ReadStream;
  /** The chunk that arrived while the listener was not ready. While there is one, nothing more is read. */
  #rest: Uint8Array | undefined;

  /** @param readingFd - what {@link openAgain} returned. From now on, only this object uses it */
  constructor(io: DirectIo, readingFd: number) {
    super(io);
    // A terminal accepts `onread` as every socket does, but its types do not say so.
    const options: SocketConstructorOpts & Pick<TcpSocketConnectOpts, 'onread'> = {
      onread: { buffer: chunkBuffer, callback: (bytes) => this.#read(bytes) },
    };
    try {
      this.#stream = new ReadStream(readingFd, options);
    } catch (error) {
      closeSync(readingFd);
      throw error;
    }
    // If the stream uses the descriptor itself instead of a new one, the stream closes it.
    if (descriptorOf(this.#stream) !== readingFd) {
      closeSync(readingFd);
    }
    const end = (error?: Error) => {
      this.close();
      this.readRest();
      this.io.fail(
        hangUp(`the port hung up: ${error === undefined ? 'read returned no bytes' : reasonOf(error)}`, error),
      );
    };
    this.#stream.once('error', end).once('end', end);
  }

  resume(): void {
    this.passOnRest();
    if (this.io.state.isReady) {
      this.#stream.resume();
    }
  }

  passOnRest(): void {
    const rest = this.#rest;
    if (rest !== undefined) {
      this.#rest = undefined;
      this.io.state.receive(rest);
    }
  }

  /** Closes its descriptor before it returns. */
  close(): void {
    this.#stream.removeAllListeners().on('error', () => undefined);
    this.#stream.destroy();
    this.passOnRest();
  }

  /** Returns whether to read on. */
  #read(bytes: number): boolean {
    const chunk = chunkBuffer.subarray(0, bytes);
    if (!this.io.state.isReady) {
      this.#rest = chunk.slice();
      return false;
    }
    this.passOn(chunk);
    // Even if the listener is not ready: usually it is again before the next bytes arrive. If not, they are kept.
    return true;
  }
}

function descriptorOf(stream: ReadStream): number | undefined {
  return (stream as unknown as { _handle?: { fd?: number } })._handle?.fd;
}
