import { continuePromises } from '../../timing/continue-promises.js';
import { within } from '../../timing/patient-timer.js';

/** Events of the poller of `@serialport/bindings-cpp`. */
const READABLE = 1;
const WRITABLE = 2;
const DISCONNECT = 4;

/** The poller of a port of `@serialport/bindings-cpp`, as far as it is used. */
export interface Poller {
  /** Replaces the events to wait for. After one of them, none is waited for any more. */
  poll(events: number): void;
  on(event: 'readable' | 'writable' | 'disconnect', listener: (error: Error | null) => void): unknown;
  removeAllListeners(): unknown;
}

/**
 * Owns the events that the poller of a port waits for. Nothing else may call the poller: each `poll` replaces the
 * kernel's mask, and each event removes what fired from it and restores all that was ever asked for. So the mask is set
 * again, as a whole, after every event. `DISCONNECT` is always in it, so a hang-up is noticed while reading is paused.
 */
export class PollMask {
  readonly #poller: Poller;
  #events = DISCONNECT;
  #isStopped = false;

  /** Each is set by the part that handles the event. */
  onReadable = (): void => undefined;
  onWritable = (): void => undefined;
  onHangUp = (_error: Error | null): void => undefined;

  constructor(poller: Poller) {
    this.#poller = poller;
    poller.on('readable', (error) => this.#fired(READABLE, error));
    poller.on('writable', (error) => this.#fired(WRITABLE, error));
    poller.on('disconnect', (error) => this.#fired(DISCONNECT, error));
    this.#arm();
  }

  /** Calls {@link onReadable} whenever there are bytes to read, until {@link ignoreReadable}. */
  wantReadable(): void {
    this.#want(READABLE);
  }

  ignoreReadable(): void {
    this.#events &= ~READABLE;
  }

  /** Calls {@link onWritable} once, when there is room to write. */
  wantWritable(): void {
    this.#want(WRITABLE);
  }

  /** Stops polling. A hung-up descriptor is always ready, so polling it again would never end. */
  stop(): void {
    this.#events = 0;
    this.#arm();
    this.#isStopped = true;
  }

  /** Makes no further call to the poller: closing the port frees its memory. */
  release(): void {
    this.#isStopped = true;
    this.#poller.removeAllListeners();
  }

  /** Waits until there is room to write. Resolves with false after `limitMs`. Called only after {@link release}. */
  async becomesWritable(limitMs: number): Promise<boolean> {
    const writable = new Promise<void>((resolve) => {
      this.#poller.on('writable', () => {
        resolve();
        continuePromises();
      });
      this.#poller.poll(WRITABLE);
    });
    const isWritable = await within(limitMs, writable);
    this.#poller.removeAllListeners();
    return isWritable;
  }

  #fired(event: number, error: Error | null): void {
    if (this.#isStopped) {
      return;
    }
    continuePromises();
    if (error !== null || event === DISCONNECT) {
      this.onHangUp(error);
    } else if (event === READABLE) {
      this.onReadable();
    } else {
      this.#events &= ~WRITABLE;
      this.onWritable();
    }
    this.#arm();
  }

  #want(event: number): void {
    if ((this.#events & event) === 0) {
      this.#events |= event;
      this.#arm();
    }
  }

  #arm(): void {
    if (!this.#isStopped) {
      this.#poller.poll(this.#events);
    }
  }
}
