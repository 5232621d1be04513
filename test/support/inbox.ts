import type { ReceiveHandler } from '../../src/index.js';

/** A packet as a receive handler got it. */
export interface Arrival {
  readonly name: string;
  readonly packet: Uint8Array;
}

/** A receive handler that keeps what it gets, and lets a test wait for it. */
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

  /** The next arrival that no call has taken yet. */
  async next(): Promise<Arrival> {
    const index = this.#taken++;
    await this.count(index + 1);
    return this.arrivals[index]!;
  }

  /** Resolves when so many packets have arrived, on `name` only if that is given. */
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
