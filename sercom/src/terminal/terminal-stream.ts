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

/** How long a helper process may take to finish what it was given. Whether it is stalled cannot be seen. */
const HELPER_LIMIT_MS = 2_000;

type Done = (error: Error | null | undefined, writtenBytes: number) => void;

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
  readonly #fd: 1 | 2;
  /** Undefined if a helper process writes. */
  readonly #own: number | undefined;
  /** Started by a write. */
  #helper: ChildProcess | undefined;
  #helperEnds: Promise<void> | undefined;
  #stall: NodeJS.Timeout | undefined;
  #isStalled = false;

  /** @param path - of the terminal. If it cannot be opened, a helper process writes to the descriptor. */
  constructor(fd: 1 | 2, path = `/proc/self/fd/${fd}`) {
    super();
    open.add(this);
    this.#fd = fd;
    this.#own = openAnew(path);
  }

  /**
   * Calls back once no helper process holds the terminal, because until then changing its mode would block. Usually, that
   * is at once.
   */
  static afterHelpers(callback: () => void): void {
    const helped = [...open].filter((stream) => stream.#helper !== undefined);
    if (helped.length === 0) {
      callback();
    } else {
      void Promise.all(helped.map((stream) => stream.#endHelper(HELPER_LIMIT_MS))).then(callback);
    }
  }

  /** Whether the terminal takes nothing. */
  get isStalled(): boolean {
    return this.#isStalled;
  }

  override _write(bytes: Uint8Array, encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    if (this.#helperEnds !== undefined) {
      void this.#helperEnds.then(() => this._write(bytes, encoding, callback));
      return;
    }
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
    void this.#endHelper(discards ? HELPER_LIMIT_MS : undefined).then(callback);
  }

  override _destroy(error: Error | null, callback: (error: Error | null) => void): void {
    clearTimeout(this.#stall);
    open.delete(this);
    // While the terminal takes nothing, the helper cannot end.
    this.#helper?.kill('SIGKILL');
    callback(error);
  }

  /** Writes some of the bytes, and calls back once it has. */
  #writeSome(bytes: Uint8Array, done: Done): void {
    if (this.#own !== undefined) {
      this.#writeWhenReady(this.#own, bytes, done, FIRST_WAIT_MS);
      return;
    }
    this.#helper ??= startHelper(this.#fd).once('error', (error) => this.destroy(error));
    const piece = bytes.subarray(0, PIECE_BYTES);
    this.#helper.stdin!.write(piece, (error) => done(error, piece.length));
  }

  /** Lets the helper process finish. What it has not written within the limit is discarded. */
  #endHelper(limitMs: number | undefined): Promise<void> {
    const helper = this.#helper;
    if (helper === undefined) {
      return Promise.resolve();
    }
    this.#helperEnds ??= new Promise((resolve) => {
      const timer = limitMs === undefined ? undefined : setTimeout(() => this.destroy(), limitMs);
      helper.ref();
      helper.once('close', () => {
        clearTimeout(timer);
        this.#helper = undefined;
        this.#helperEnds = undefined;
        resolve();
      });
      helper.stdin!.end();
    });
    return this.#helperEnds;
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
  // Writes get the error as well.
  helper.stdin!.on('error', () => {});
  return helper;
}
