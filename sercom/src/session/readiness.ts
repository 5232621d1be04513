import { EventEmitter, once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { SerialCommunicator } from 'serial-communicator';
import type { SessionPort } from '../ports/open-ports.js';

/** Knows which devices are there, and have settled. */
export class Readiness {
  readonly #opened = new EventEmitter();
  readonly #signal: AbortSignal;
  /** Of each open port. */
  readonly #settledAtMs = new Map<string, number>();

  /** @param communicator - not initialized yet */
  constructor(communicator: SerialCommunicator, ports: readonly SessionPort[], signal: AbortSignal) {
    this.#signal = signal;
    const settleMs = new Map(ports.map(({ name, connection }) => [name, connection.settleMs]));
    communicator.on('connected', ({ name }) => {
      this.#settledAtMs.set(name, performance.now() + settleMs.get(name)!);
      this.#opened.emit('opened');
    });
    communicator.on('disconnected', ({ name }) => this.#settledAtMs.delete(name));
  }

  /** Resolves when the device is there and has settled; rejects when the session ends. */
  async of(name: string): Promise<void> {
    for (;;) {
      this.#signal.throwIfAborted();
      const settledAtMs = this.#settledAtMs.get(name);
      if (settledAtMs === undefined) {
        await once(this.#opened, 'opened', { signal: this.#signal });
        continue;
      }
      // The device may be lost, and another be there, meanwhile.
      const waitMs = settledAtMs - performance.now();
      if (waitMs <= 0) {
        return;
      }
      await delay(waitMs, undefined, { signal: this.#signal });
    }
  }
}
