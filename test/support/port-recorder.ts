import { vi } from 'vitest';
import type { Port, PortListener } from '../../src/index.js';

/** Listens to a port, and keeps what it reports. */
export class PortRecorder implements PortListener {
  /** What the next calls of `received` return. */
  wantsMore = true;
  readonly chunks: Buffer[] = [];
  readonly hangUps: Error[] = [];
  /** `writtenBytes` of the port at each progress of a write. */
  readonly progress: (number | undefined)[] = [];
  readonly #port: Port;
  #onReport: (() => void) | undefined;

  constructor(port: Port) {
    this.#port = port;
    port.start(this);
  }

  /** Everything received so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** Everything received so far, as Latin-1. */
  get text(): string {
    return this.bytes.toString('latin1');
  }

  /** Asks the port for chunks, and wants more after each of them. */
  resume(): void {
    this.wantsMore = true;
    this.#port.resume();
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

  /** Waits until everything received is this text. */
  async receives(text: string): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.text !== text) {
          throw new Error(`received "${this.text}" instead of "${text}"`);
        }
      },
      { interval: 1 },
    );
  }

  /** Waits for the hang-up. */
  async hangsUp(): Promise<void> {
    await vi.waitFor(
      () => {
        if (this.hangUps.length === 0) {
          throw new Error('no hang-up was reported');
        }
      },
      { interval: 1 },
    );
  }
}
