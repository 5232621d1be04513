import { within } from '../../timing/patient-timer.js';
import type { Link } from '../link.js';

/** How long closing a port may delay the next attempt. */
const CLOSE_LIMIT_MS = 1_000;

/**
 * The links of one connection, one after another. An ended link can still have packets with the receive handler, and a
 * port to close. The next link is not read until the handler has finished with the packets of the one before.
 */
export class LinkSequence {
  /** The link being read. It may have ended, while the handler is busy. */
  #reading: Link | undefined;
  /** The link to read after that. */
  #next: Link | undefined;
  #portClosed: Promise<void> | undefined;
  #portClosedSoon: Promise<unknown> | undefined;

  /** Resolves when the port of the link that ended last is closed. Never rejects. */
  get portClosed(): Promise<void> | undefined {
    return this.#portClosed;
  }

  /** Resolves when that port is closed, or has taken too long to close. Never rejects. */
  get portClosedSoon(): Promise<unknown> | undefined {
    return this.#portClosedSoon;
  }

  /** Reads a link as soon as the one before has delivered its last packet. */
  read(link: Link): void {
    this.#next = link;
    this.#readNext();
  }

  /** Notes that a link has ended. */
  end(link: Link): void {
    this.#portClosed = link.portClosed;
    this.#portClosedSoon = within(CLOSE_LIMIT_MS, link.portClosed);
  }

  /** Brings the counts of received bytes up to date. */
  countBytes(): void {
    this.#reading?.countBytes();
  }

  /** Drops the packets that wait for the handler, and waits up to `limitMs` for the port of the last link. Never rejects. */
  async close(limitMs: number): Promise<void> {
    this.#next = undefined;
    await Promise.all([this.#reading?.close(limitMs), within(limitMs, this.#portClosed)]);
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
