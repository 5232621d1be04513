import { writeSync } from 'node:fs';
import { setImmediate } from 'node:timers';
import { type DirectIo, hangUp, isTryAgain, reasonOf } from './direct-io.js';
import type { PollMask } from './poll-mask.js';

/** A write that the kernel did not accept whole at once. */
interface PendingWrite {
  readonly bytes: Uint8Array;
  endsAt: number;
}

/** Writes to a port with calls that never wait, and continues when the poller reports room. */
export class DirectWriter {
  readonly #io: DirectIo;
  readonly #mask: PollMask;
  #pending: PendingWrite | undefined;
  #writtenBytes = 0;
  #hasWritten = false;

  constructor(io: DirectIo, mask: PollMask) {
    this.#io = io;
    this.#mask = mask;
    mask.onWritable = () => this.#continue();
  }

  /** Bytes of the latest write that the kernel has accepted. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Whether anything was written since the port was opened. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /** As {@link Port.write}. */
  write(bytes: Uint8Array): Promise<void> | undefined {
    const { state } = this.#io;
    if (!state.isWriting) {
      // Also if the write is refused.
      this.#writtenBytes = 0;
    }
    state.assertCanWrite(bytes);
    const failure = this.#writeNow(bytes, bytes.length);
    if (failure === undefined && this.#writtenBytes === bytes.length && this.#io.writeTurn.spend(bytes.length)) {
      return undefined;
    }
    const written = state.beginWrite();
    this.#pending = { bytes, endsAt: bytes.length };
    if (failure === undefined) {
      this.#wait(this.#pending);
    } else {
      this.#io.fail(failure);
    }
    return written;
  }

  /** As {@link Port.shortenWrite}. */
  shorten(bytes: number): void {
    if (this.#pending !== undefined) {
      this.#pending.endsAt = bytes;
      if (this.#writtenBytes >= bytes) {
        this.#end();
      }
    }
  }

  #continue(): void {
    const pending = this.#pending;
    if (pending === undefined) {
      return;
    }
    this.#io.writeTurn.begin();
    const before = this.#writtenBytes;
    const failure = this.#writeNow(pending.bytes, pending.endsAt);
    if (failure !== undefined) {
      this.#io.fail(failure);
    } else if (this.#writtenBytes >= pending.endsAt && this.#io.writeTurn.spend(this.#writtenBytes - before)) {
      this.#end();
    } else {
      this.#wait(pending);
    }
  }

  /** Makes one system call. Returns an error if the port hung up. */
  #writeNow(bytes: Uint8Array, endsAt: number): Error | undefined {
    if (this.#writtenBytes >= endsAt) {
      return undefined;
    }
    try {
      this.#writtenBytes += writeSync(this.#io.fd, bytes, this.#writtenBytes, endsAt - this.#writtenBytes, null);
      this.#hasWritten = true;
    } catch (error) {
      if (!isTryAgain(error)) {
        return hangUp(`write failed: ${reasonOf(error)}`, error);
      }
    }
    return undefined;
  }

  /** Waits until the kernel has room, or, if it has accepted all bytes, until the event loop has run. */
  #wait(pending: PendingWrite): void {
    if (this.#writtenBytes < pending.endsAt) {
      this.#mask.wantWritable();
      this.#io.state.progressWrite();
      return;
    }
    setImmediate(() => {
      if (this.#pending === pending) {
        this.#end();
      }
    });
  }

  #end(): void {
    this.#pending = undefined;
    this.#io.state.endWrite();
  }
}
