import type { Socket } from 'node:net';
import { GrowingBuffer } from './growing-buffer.js';

const DELIMITER = Buffer.of(0);

/** What is sent to one client. What it does not read in time waits, up to a limit. */
export class Outlet {
  readonly #socket: Socket;
  readonly #maxBytes: number;
  readonly #encode: (bytes: Uint8Array) => Uint8Array;
  readonly #wrote: () => void;
  /** What waits because the client is slow. */
  readonly #backlog = new GrowingBuffer();
  /** Whether the client has asked not to be sent anything. */
  #isSuspended = false;
  #needsDelimiter: boolean;

  /**
   * @param maxBytes - how many bytes may wait
   * @param isFramed - whether to begin with a delimiter: a client that skips what may be the tail of a frame then skips nothing
   * @param encode - gives the bytes to send for bytes of the line
   * @param wrote - called when something was written
   */
  constructor(
    socket: Socket,
    maxBytes: number,
    isFramed: boolean,
    encode: (bytes: Uint8Array) => Uint8Array,
    wrote: () => void,
  ) {
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    this.#needsDelimiter = isFramed;
    this.#encode = encode;
    this.#wrote = wrote;
    socket.on('drain', () => this.push());
  }

  /** Bytes that wait for the client. */
  get waitingBytes(): number {
    return this.#socket.writableLength + this.#backlog.length;
  }

  /**
   * Sends bytes of the line, which must not be changed after the call.
   *
   * @returns false if there is no room for them; then nothing of them is sent
   */
  deliver(bytes: Uint8Array): boolean {
    const mustWait = this.#isSuspended || this.#backlog.length > 0 || this.#socket.writableNeedDrain;
    if (mustWait && this.waitingBytes + bytes.length > this.#maxBytes) {
      return false;
    }
    if (this.#needsDelimiter) {
      this.#needsDelimiter = false;
      this.#send(DELIMITER, mustWait);
    }
    this.#send(this.#encode(bytes), mustWait);
    return true;
  }

  /**
   * Sends bytes that are not of the line, before those that wait.
   *
   * @returns false if there is no room for them
   */
  answer(bytes: Uint8Array): boolean {
    if (this.#socket.writableLength > this.#maxBytes) {
      return false;
    }
    this.#write(bytes);
    return true;
  }

  /** Sends nothing of the line any more, or continues. */
  suspend(isSuspended: boolean): void {
    this.#isSuspended = isSuspended;
    this.push();
  }

  /** Removes and returns the bytes of the line that wait here, encoded. Those that the system has are sent. */
  purge(): Uint8Array {
    return this.#backlog.take();
  }

  /** Sends what waits. */
  push(): void {
    if (this.#backlog.length > 0 && !this.#isSuspended && this.#socket.writable) {
      this.#write(this.#backlog.take());
    }
  }

  #send(bytes: Uint8Array, mustWait: boolean): void {
    if (mustWait) {
      this.#backlog.append(bytes);
    } else {
      this.#write(bytes);
    }
  }

  #write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
    this.#wrote();
  }
}
