import type { ReceiveHandler } from '../../src/index.js';

/** One call of a receive handler. */
export interface Arrival {
  readonly name: string;
  readonly packet: Uint8Array;
}

/** A receive handler that stores packets and lets a test wait for them. */
export class Inbox {
  readonly arrivals: Arrival[] = [];
  readonly #waiting = new Set<() => void>();
  #taken = 0;

  readonly handler: ReceiveHandler = (name, packet) => {
    this.arrivals.push({ name, packet });
    for (const wake of this.#waiting) {
      wake();
    }
  };

  /** The packets that have arrived on a connection. */
  packets(name: string): Uint8Array[] {
    return this.arrivals.filter((arrival) => arrival.name === name).map((arrival) => arrival.packet);
  }

  /** Waits for the next arrival that no earlier call has returned. */
  async next(): Promise<Arrival> {
    const index = this.#taken++;
    await this.count(index + 1);
    return this.arrivals[index]!;
  }

  /** Resolves when `count` packets have arrived in total, or on connection `name` if given. */
  async count(count: number, name?: string): Promise<void> {
    const enough = () => (name === undefined ? this.arrivals : this.packets(name)).length >= count;
    if (enough()) {
      return;
    }
    await new Promise<void>((resolve) => {
      const wake = () => {
        if (enough()) {
          this.#waiting.delete(wake);
          resolve();
        }
      };
      this.#waiting.add(wake);
    });
  }
}
