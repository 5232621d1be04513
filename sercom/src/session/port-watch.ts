import type { SerialCommunicator } from 'serial-communicator';
import { nowUs } from '../records/clock.js';
import type { PortEvent } from '../records/port-event.js';

/** An open port. */
export interface OpenPort {
  readonly path: string;
  /** Of a port without a line, there is none. */
  readonly baudRate: number | undefined;
}

/** Knows which ports are open. */
export class PortWatch {
  readonly #opened = new Map<string, OpenPort>();
  readonly #listeners = new Set<(event: PortEvent) => void>();

  /** @param closing - aborted when the ports are closed on purpose, which is no change */
  constructor(communicator: SerialCommunicator, closing: AbortSignal) {
    communicator.on('connected', ({ name, path, baudRate }) => {
      this.#opened.set(name, { path, baudRate });
      this.#report({ timeUs: nowUs(), name, isConnected: true, text: `connected (${path})` });
    });
    communicator.on('disconnected', ({ name, error }) => {
      if (!closing.aborted) {
        const text = error.code === 'CONNECTION_RELEASED' ? 'released' : error.message;
        this.#report({ timeUs: nowUs(), name, isConnected: false, text });
      }
    });
  }

  /** The port that a connection has, or had. None if it never had one. */
  lastPort(name: string): OpenPort | undefined {
    return this.#opened.get(name);
  }

  /** Calls the listener at each change, until the returned function is called. */
  onChange(listener: (event: PortEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #report(event: PortEvent): void {
    for (const listener of this.#listeners) {
      listener(event);
    }
  }
}
