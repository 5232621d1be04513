import { readSync } from 'node:fs';
import { type DirectIo, hangUp, isTryAgain, reasonOf } from './direct-io.js';
import { Turn } from './turn.js';

/** More than Linux returns from a tty at once, which is 4 KiB. */
const CHUNK_BYTES = 8_192;

/** What Linux returns from a tty whose buffer is full. */
const FULL_TTY_BYTES = 4_095;

/** Maximum bytes to read before the event loop runs. */
const MAX_TURN_BYTES = 16_384;

/** Holds the latest chunk of any direct port: each chunk is used up before the next is read. */
export const chunkBuffer = new Uint8Array(CHUNK_BYTES);

/** The turn of whichever port is being read: they are read one after the other. */
const readTurn = new Turn(MAX_TURN_BYTES, Number.POSITIVE_INFINITY);

/** Reads a port with calls that never wait, and passes the chunks on. When to read is up to the subclass. */
export abstract class DirectReader {
  protected readonly io: DirectIo;

  constructor(io: DirectIo) {
    this.io = io;
  }

  /** The listener wants a chunk. */
  abstract resume(): void;

  /** Passes on what was read while the listener was not ready. */
  abstract passOnRest(): void;

  /** Ends reading, after {@link passOnRest}. May be called again. */
  abstract close(): void;

  /** After a hang-up: passes on everything that was received before it, whether or not the listener is ready. */
  readRest(): void {
    const { state } = this.io;
    this.passOnRest();
    while (state.isUsable && state.wasResumed) {
      const chunk = this.readNow();
      if (chunk === undefined) {
        return;
      }
      state.receive(chunk);
    }
  }

  /**
   * Passes on a chunk for which the event loop has just woken this reader, and those that follow at once. A read that
   * emptied a full tty buffer has made room, and usually the next bytes are there already. Asking for them now saves a
   * turn of the event loop.
   */
  protected passOn(chunk: Uint8Array): void {
    const { state, writeTurn } = this.io;
    writeTurn.begin();
    readTurn.begin();
    let { length } = chunk;
    let isReady = state.receive(chunk);
    while (isReady && length >= FULL_TTY_BYTES && readTurn.spend(length)) {
      const next = this.readNow();
      if (next === undefined) {
        return;
      }
      length = next.length;
      isReady = state.receive(next);
    }
  }

  /** Returns what the port has received, if anything. The memory is valid until the next read of any port. */
  protected readNow(): Uint8Array | undefined {
    try {
      const bytes = readSync(this.io.fd, chunkBuffer, 0, CHUNK_BYTES, null);
      if (bytes > 0) {
        return chunkBuffer.subarray(0, bytes);
      }
      this.io.fail(hangUp('the port hung up: read returned no bytes'));
    } catch (error) {
      if (!isTryAgain(error)) {
        this.io.fail(hangUp(`read failed: ${reasonOf(error)}`, error));
      }
    }
    return undefined;
  }
}
