import { type ChildProcess, spawn } from 'node:child_process';
import { constants, openSync, writeSync } from 'node:fs';
import { Writable } from 'node:stream';

/** How long a terminal may take nothing until it counts as stalled. */
const STALL_MS = 200;

/** The first wait for a terminal that is full; each further one is twice as long, up to the longest. */
const FIRST_WAIT_MS = 1;
const LONGEST_WAIT_MS = 16;

/** How much is given to a helper process at a time. */
const PIECE_BYTES = 4_096;

type Done = (error: Error | null | undefined, writtenBytes: number) => void;

/** Writes some of the bytes, and calls back once it has. */
type WriteSome = (bytes: Uint8Array, done: Done) => void;

const open = new Set<TerminalStream>();
let discards = false;

/** From now on, what a stalled terminal has not taken is discarded, so that the process can end. */
export function discardWhenStalled(): void {
  discards = true;
  for (const stream of open) {
    if (stream.isStalled) {
      stream.destroy();
    }
  }
}

/** The event of a terminal that takes nothing any more. */
export const STALLED = 'stalled';

/**
 * Writes to a terminal without ever blocking the event loop. The streams of Node.js wait in `write` while a terminal takes
 * nothing, for example after Ctrl-S. A terminal that was closed counts as a pipe without a reader.
 */
export class TerminalStream extends Writable {
  readonly #writeSome: WriteSome;
  readonly #helper: ChildProcess | undefined;
  #stall: NodeJS.Timeout | undefined;
  #isStalled = false;

  /** @param path - of the terminal. If it cannot be opened, a helper process writes to the descriptor. */
  constructor(fd: 1 | 2, path = `/proc/self/fd/${fd}`) {
    super();
    open.add(this);
    const own = openAnew(path);
    if (own === undefined) {
      const helper = startHelper(fd).once('error', (error) => this.destroy(error));
      this.#helper = helper;
      this.#writeSome = (bytes, done) => writePiece(helper.stdin!, bytes, done);
    } else {
      this.#writeSome = (bytes, done) => this.#writeWhenReady(own, bytes, done, FIRST_WAIT_MS);
    }
  }

  /** Whether the terminal takes nothing. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  override _write(bytes: Uint8Array, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    let isWritten = false;
    this.#writeSome(bytes, (error, writtenBytes) => {
      isWritten = true;
      clearTimeout(this.#stall);
      this.#isStalled = false;
      if (error || writtenBytes === bytes.length) {
        callback(error);
      } else {
        this._write(bytes.subarray(writtenBytes), encoding, callback);
      }
    });
    if (!isWritten && !this.#isStalled) {
      this.#stall = setTimeout(() => {
        this.#isStalled = true;
        this.emit(STALLED);
        if (discards) {
          this.destroy();
        }
      }, STALL_MS);
    }
  }

  override _final(callback: () => void): void {
    if (this.#helper === undefined) {
      callback();
    } else {
      this.#helper.once('close', callback);
      this.#helper.stdin!.end();
    }
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#stall);
    open.delete(this);
    // While the terminal takes nothing, the helper cannot end.
    this.#helper?.kill('SIGKILL');
    callback(error);
  }

  #writeWhenReady(fd: number, bytes: Uint8Array, done: Done, waitMs: number): void {
    let writtenBytes: number;
    try {
      writtenBytes = writeSync(fd, bytes);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EAGAIN') {
        setTimeout(() => {
          if (!this.destroyed) {
            this.#writeWhenReady(fd, bytes, done, Math.min(2 * waitMs, LONGEST_WAIT_MS));
          }
        }, waitMs);
      } else {
        done(code === 'EIO' ? Object.assign(error as Error, { code: 'EPIPE' }) : (error as Error), 0);
      }
      return;
    }
    done(undefined, writtenBytes);
  }
}

/** Opens a terminal again, so that the descriptor that we share with the shell stays as it is. */
function openAnew(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  } catch {
    // Another system, or a terminal that belongs to another user.
    return undefined;
  }
}

/** Starts a process that waits for the terminal in our place. In a session of its own, Ctrl-C does not reach it. */
function startHelper(fd: 1 | 2): ChildProcess {
  const helper = spawn('cat', { stdio: ['pipe', fd, 'ignore'], detached: true });
  helper.unref();
  return helper;
}

function writePiece(stdin: Writable, bytes: Uint8Array, done: Done): void {
  const piece = bytes.subarray(0, PIECE_BYTES);
  stdin.write(piece, (error) => done(error, piece.length));
}
