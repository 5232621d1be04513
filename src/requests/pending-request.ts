import type { Timed } from './reply-timer.js';
import type { CompleteRequestOptions } from './request-options.js';
import type { LineCounts, Transmission } from './transmission.js';

/**
 * - `waiting`: for its turn or for an id; nothing has been handed over to be sent
 * - `queued`: handed over; nothing of it is being written
 * - `writing`: from just before its first byte is written; a packet may be its reply
 * - `written`: its time limit runs
 * - `settled`: final
 */
export type RequestState = 'waiting' | 'queued' | 'writing' | 'written' | 'settled';

/** What a request reports to the requests of its connection. */
interface RequestOwner {
  /** It may get its reply from now on. */
  expectReply(request: PendingRequest): void;
  /** It cannot get its reply after all: nothing of it was written. */
  expectNoReply(request: PendingRequest): void;
  /** All of it is written: its time limit runs. */
  startTimeLimit(request: PendingRequest): void;
  /** Its reply came with it. */
  replied(request: PendingRequest, reply: Uint8Array): void;
  /** It cannot be sent. */
  reject(request: PendingRequest, error: unknown): void;
}

/** One request, from the call to its end. */
export class PendingRequest implements Transmission, Timed {
  readonly packet: Uint8Array;
  readonly options: CompleteRequestOptions;
  readonly promise: Promise<Uint8Array>;
  readonly #owner: RequestOwner;
  #state: RequestState = 'waiting';
  #resolve!: (reply: Uint8Array) => void;
  #reject!: (error: unknown) => void;
  /** Set while it waits: gives up the room in the send queue. */
  giveUpRoom: (() => void) | undefined;
  /** Its id, if the connection has ids. */
  id: number | undefined;
  /** Stops watching the signal. */
  unwatch: (() => void) | undefined;
  withdraw: ((reason: unknown) => void) | undefined;
  dueMs = Number.POSITIVE_INFINITY;
  /** What had arrived just before it was written: packets that no request took, and the rest. */
  packetsBefore = 0;
  lineBefore: LineCounts | undefined;

  constructor(packet: Uint8Array, options: CompleteRequestOptions, owner: RequestOwner) {
    this.packet = packet;
    this.options = options;
    this.#owner = owner;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get state(): RequestState {
    return this.#state;
  }

  /** Whether any of it may have been written. */
  get isSent(): boolean {
    return this.#state === 'writing' || this.#state === 'written';
  }

  get timeoutMs(): number {
    return this.options.timeoutMs;
  }

  /** It was handed over to be sent. */
  queue(): void {
    this.#state = 'queued';
  }

  beginWriting(): void {
    if (this.#state === 'queued') {
      this.#state = 'writing';
      this.#owner.expectReply(this);
    }
  }

  recall(): void {
    if (this.#state === 'writing') {
      this.#state = 'queued';
      this.#owner.expectNoReply(this);
    }
  }

  written(): void {
    this.beginWriting();
    if (this.#state === 'writing') {
      this.#state = 'written';
      this.#owner.startTimeLimit(this);
    }
  }

  replied(reply: Uint8Array): void {
    this.#owner.replied(this, reply);
  }

  failed(error: unknown): void {
    if (this.#state !== 'settled') {
      this.#owner.reject(this, error);
    }
  }

  resolve(reply: Uint8Array): void {
    this.#end();
    this.#resolve(reply);
  }

  reject(error: unknown): void {
    const isUnsent = this.#state === 'queued' || this.#state === 'writing';
    this.#end();
    this.#reject(error);
    if (isUnsent) {
      this.withdraw?.(error);
    }
  }

  #end(): void {
    this.#state = 'settled';
    this.unwatch?.();
  }
}
