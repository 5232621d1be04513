import type { PacketRecord } from '../records/record.js';
import { count } from '../text/count.js';
import type { RecordSink } from './sink.js';

/** The totals: counts records for the line at the end. */
export class Totals implements RecordSink {
  readonly whenFull = 'hold';
  readonly #screen: RecordSink | undefined;
  #receivedPackets = 0;
  #receivedBytes = 0;
  #sentPackets = 0;
  #sentBytes = 0;
  readonly #rejectedFrames = new Map<string, number>();
  /** Records that were not shown: what the screen had no room for, and packets that were left at the end. */
  notShown = 0;
  /** Bytes that are no part of a packet or rejected frame. */
  unframed = { skippedBytes: 0, unfinishedBytes: 0 };

  /**
   * @param screen - the screen that shows the records. Rejected frames that it has no room for are not counted as
   *   rejected, because they are {@link notShown}.
   */
  constructor(screen?: RecordSink) {
    this.#screen = screen;
  }

  get receivedPackets(): number {
    return this.#receivedPackets;
  }

  /** The number of bytes in the packets sent. */
  get sentBytes(): number {
    return this.#sentBytes;
  }

  /** The number of rejected frames of all reasons. */
  get rejectedFrames(): number {
    return [...this.#rejectedFrames.values()].reduce((sum, frames) => sum + frames, 0);
  }

  get isFull(): boolean {
    return this.#screen?.isFull === true;
  }

  write({ dir, length, error }: PacketRecord): void {
    if (error !== undefined) {
      this.#rejectedFrames.set(error, (this.#rejectedFrames.get(error) ?? 0) + 1);
    } else if (dir === 'rx') {
      this.#receivedPackets++;
      this.#receivedBytes += length;
    } else {
      this.#sentPackets++;
      this.#sentBytes += length;
    }
  }

  toString(): string {
    const parts = [`received ${count(this.#receivedPackets, 'packet')} (${count(this.#receivedBytes, 'byte')})`];
    if (this.#sentPackets > 0) {
      parts.push(`sent ${count(this.#sentPackets, 'packet')} (${count(this.#sentBytes, 'byte')})`);
    }
    if (this.#rejectedFrames.size > 0) {
      const reasons = [...this.#rejectedFrames].map(([reason, frames]) => `${frames} ${reason}`).join(', ');
      parts.push(`rejected ${count(this.rejectedFrames, 'frame')} (${reasons})`);
    }
    const { skippedBytes, unfinishedBytes } = this.unframed;
    if (skippedBytes > 0) {
      parts.push(`skipped ${count(skippedBytes, 'byte')}`);
    }
    if (unfinishedBytes > 0) {
      parts.push(`left ${count(unfinishedBytes, 'byte')} unfinished`);
    }
    if (this.notShown > 0) {
      parts.push(`${this.notShown} not shown`);
    }
    return parts.join(', ');
  }
}
