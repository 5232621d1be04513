import type { Port, PortListener } from '../../src/index.js';

/** Starts a port, and records what it reports. */
export class PortLog implements PortListener {
  readonly chunks: Buffer[] = [];
  readonly hangUps: Error[] = [];
  /** `writtenBytes` of the port at each progress of a write. */
  readonly progress: (number | undefined)[] = [];
  /** What `received` returns. */
  wantsMore = true;
  readonly #port: Port;
  #onReport: (() => void) | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.start(this);
  }

  /** All bytes received. */
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  received(chunk: Uint8Array): boolean {
    this.chunks.push(Buffer.from(chunk));
    this.#onReport?.();
    return this.wantsMore;
  }

  writeProgressed(): void {
    this.progress.push(this.#port.writtenBytes);
    this.#onReport?.();
  }

  hungUp(error: Error): void {
    this.hangUps.push(error);
    this.#onReport?.();
  }

  /** Resolves when the port has reported what `isMet` waits for. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) {
      await new Promise<void>((resolve) => {
        this.#onReport = resolve;
      });
    }
  }
}
