import { isUint8Array } from 'node:util/types';
import { describeValue } from '../options.js';
import type { PortListener } from './port.js';

interface PendingWrite {
  resolve(): void;
  reject(error: Error): void;
}

/**
 * The state that every port has: it is open until it is closed, it may have hung up, its listener is ready for a chunk
 * or not, and at most one write is pending. Reports a hang-up exactly once.
 */
export class PortState {
  #listener: PortListener | undefined;
  #isOpen = true;
  #isReady = false;
  #wasResumed = false;
  #failure: Error | undefined;
  #isReported = false;
  #write: PendingWrite | undefined;
  /** Settles with the latest write that was pending. */
  #written: Promise<void> | undefined;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Why the port hung up, if it did. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Whether the port can be read and written. */
  get isUsable(): boolean {
    return this.#isOpen && this.#failure === undefined;
  }

  /** Whether the listener wants a chunk now. */
  get isReady(): boolean {
    return this.#isReady && this.isUsable;
  }

  /** Whether the listener has asked for a chunk yet. Before that, nothing is read, not even after a hang-up. */
  get wasResumed(): boolean {
    return this.#wasResumed;
  }

  get isWriting(): boolean {
    return this.#write !== undefined;
  }

  /** @throws Error if the port is closed, or has hung up */
  assertUsable(): void {
    if (!this.#isOpen) {
      throw new Error('Port is not open');
    }
    if (this.#failure !== undefined) {
      throw this.#failure;
    }
  }

  /** As {@link Port.start}. */
  start(listener: PortListener): void {
    this.#listener = listener;
    if (this.#failure !== undefined) {
      queueMicrotask(() => this.#reportHangUp());
    }
  }

  /** The listener wants chunks again. */
  resume(): void {
    this.#isReady = true;
    this.#wasResumed = true;
  }

  /** Passes a chunk to the listener, whether or not it is ready. Returns whether it wants more. */
  receive(chunk: Uint8Array): boolean {
    // The listener may resume or close the port during the call, so what it returns is not all that counts.
    this.#isReady = false;
    const wantsMore = this.#listener?.received(chunk) ?? false;
    this.#isReady ||= wantsMore;
    return this.isReady;
  }

  /**
   * Begins a write that cannot be completed at once. Resolves with {@link endWrite}; rejects when the port hangs up or
   * is closed.
   *
   * Call {@link assertCanWrite} first.
   */
  beginWrite(): Promise<void> {
    this.#written = new Promise((resolve, reject) => {
      this.#write = { resolve, reject };
    });
    return this.#written;
  }

  /** Waits for the pending write, if any. Rejects as it does, or if the port is closed or has hung up. */
  async drainWrite(): Promise<void> {
    this.assertUsable();
    if (this.#write !== undefined) {
      await this.#written;
    }
  }

  /**
   * @param bytes - what is to be written
   * @throws TypeError if that is no `Uint8Array`; the port stays usable
   * @throws Error as {@link assertUsable}, or if a write is already pending
   */
  assertCanWrite(bytes: unknown): void {
    if (!isUint8Array(bytes)) {
      throw new TypeError(`write: got ${describeValue(bytes)}; expected a Uint8Array`);
    }
    this.assertUsable();
    if (this.#write !== undefined) {
      throw new Error('a write is already pending');
    }
  }

  /** Part of the pending write was accepted. */
  progressWrite(): void {
    this.#listener?.writeProgressed();
  }

  /** Resolves the pending write, if any. */
  endWrite(): void {
    const write = this.#write;
    this.#write = undefined;
    write?.resolve();
  }

  /** Rejects the pending write for a reason that is not a hang-up. */
  failWrite(error: Error): void {
    const write = this.#write;
    this.#write = undefined;
    write?.reject(error);
  }

  /**
   * The port hung up. Rejects the pending write, and reports the hang-up after the running code. Does nothing the second
   * time.
   */
  fail(error: Error): void {
    if (!this.isUsable) {
      return;
    }
    this.#failure = error;
    this.failWrite(error);
    queueMicrotask(() => this.#reportHangUp());
  }

  /**
   * Marks the port closed. Rejects the pending write.
   *
   * @throws Error if it is closed already
   */
  close(): void {
    if (!this.#isOpen) {
      throw new Error('Port is not open');
    }
    this.#isOpen = false;
    this.failWrite(Object.assign(new Error('Port is closed'), { canceled: true }));
  }

  #reportHangUp(): void {
    if (this.#failure !== undefined && this.#listener !== undefined && this.#isOpen && !this.#isReported) {
      this.#isReported = true;
      this.#listener.hungUp(this.#failure);
    }
  }
}
