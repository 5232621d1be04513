import type { PacketRecord } from './packet-record.js';

/** Counts what was shown, for the line at the end. */
export class Totals {
  #received = 0;
  #receivedBytes = 0;
  #sent = 0;
  #sentBytes = 0;
  readonly #rejected = new Map<string, number>();
  /** What came but was not shown: rejected frames that stdout was too slow for, packets that were left at the end. */
  notShown = 0;

  /** Packets received. */
  get received(): number {
    return this.#received;
  }

  /** The bytes of packets sent. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** Frames rejected, whatever the reason. */
  get rejected(): number {
    return [...this.#rejected.values()].reduce((sum, count) => sum + count, 0);
  }

  add({ dir, length, error }: PacketRecord): void {
    if (error !== undefined) {
      this.#rejected.set(error, (this.#rejected.get(error) ?? 0) + 1);
    } else if (dir === 'rx') {
      this.#received++;
      this.#receivedBytes += length;
    } else {
      this.#sent++;
      this.#sentBytes += length;
    }
  }

  toString(): string {
    const parts = [`received ${count(this.#received, 'packet')} (${count(this.#receivedBytes, 'byte')})`];
    if (this.#sent > 0) {
      parts.push(`sent ${count(this.#sent, 'packet')} (${count(this.#sentBytes, 'byte')})`);
    }
    if (this.rejected > 0) {
      const reasons = [...this.#rejected].map(([reason, number]) => `${number} ${reason}`).join(', ');
      parts.push(`rejected ${count(this.rejected, 'frame')} (${reasons})`);
    }
    if (this.notShown > 0) {
      parts.push(`${this.notShown} not shown`);
    }
    return parts.join(', ');
  }
}

/** A number with its noun: `1 packet`, `2 packets`. */
export function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}
