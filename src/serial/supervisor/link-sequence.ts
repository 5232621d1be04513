import { within } from '../../timing/patient-timer.js';
import type { Link } from '../link.js';

/**
 * The links of one connection, one after another. A lost link can still have packets with the receive handler, and a
 * port to close. The next link is not read until the handler has finished with the packets of the one before.
 */
export class LinkSequence {
  /** The link being read. It may be lost, while the handler is busy. */
  #reading: Link | undefined;
  /** The link to read after that. */
  #next: Link | undefined;
  #lostPortClosed: Promise<void> | undefined;

  /** Resolves when the port lost last is closed. Never rejects. */
  get lostPortClosed(): Promise<void> | undefined {
    return this.#lostPortClosed;
  }

  /** Reads a link as soon as the one before has delivered its last packet. */
  read(link: Link): void {
    this.#next = link;
    this.#readNext();
  }

  /** Notes that a link is lost. */
  lose(link: Link): void {
    this.#lostPortClosed = link.portClosed;
  }

  /** Brings the counts of received bytes up to date. */
  countBytes(): void {
    this.#reading?.countBytes();
  }

  /** Drops the packets that wait for the handler, and waits up to `limitMs` for the port lost last. Never rejects. */
  async close(limitMs: number): Promise<void> {
    this.#next = undefined;
    await Promise.all([this.#reading?.close(limitMs), within(limitMs, this.#lostPortClosed)]);
  }

  #readNext(): void {
    const link = this.#next;
    if (link === undefined || this.#reading !== undefined) {
      return;
    }
    this.#next = undefined;
    this.#reading = link;
    void link.receive().then(() => {
      this.#reading = undefined;
      this.#readNext();
    });
  }
}
