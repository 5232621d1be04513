import type { DirectIo } from './direct-io.js';
import { DirectReader } from './direct-reader.js';
import type { PollMask } from './poll-mask.js';

/** Reads when the poller reports bytes. It needs no second descriptor, but more system calls than a `TtyReader`. */
export class PolledReader extends DirectReader {
  readonly #mask: PollMask;

  constructor(io: DirectIo, mask: PollMask) {
    super(io);
    this.#mask = mask;
    mask.onReadable = () => this.#readable();
  }

  resume(): void {
    this.#mask.wantReadable();
  }

  passOnRest(): void {
    // It never reads ahead.
  }

  close(): void {
    // The mask stops with the port.
  }

  #readable(): void {
    if (!this.io.state.isReady) {
      // Not earlier: usually the listener is ready again before the next bytes arrive, and the mask stays as it is.
      this.#mask.ignoreReadable();
      return;
    }
    const chunk = this.readNow();
    if (chunk !== undefined) {
      this.passOn(chunk);
    }
  }
}
