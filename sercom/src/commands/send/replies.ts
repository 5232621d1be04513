import type { PacketRecord } from '../../records/record.js';

/** How long before the end of a write its reply may be read: it is reported later than the device gets the bytes. */
const EARLY_MS = 50;

/** Tells the replies to each sent packet from other received packets. */
export class ReplyTracker {
  readonly #wanted: number;
  readonly #earlyMs: number;
  #missing = 0;
  /** Records received while a packet is being written. */
  #early: { record: PacketRecord; atMs: number }[] | undefined;
  #resolveAll = () => {};

  /**
   * @param wanted - the number of replies to each packet
   * @param earlyMs - how long before {@link sent} a reply may be read
   */
  constructor(wanted: number, earlyMs = EARLY_MS) {
    this.#wanted = wanted;
    this.#earlyMs = earlyMs;
  }

  /** The number of replies that have not arrived yet. */
  get missing(): number {
    return this.#missing;
  }

  /** Call before the next packet is written. */
  sending(): void {
    this.#missing = 0;
    this.#early = this.#wanted > 0 ? [] : undefined;
  }

  /**
   * Call when the packet has been handed to the operating system.
   *
   * @returns the replies that have arrived already
   */
  sent(nowMs: number): PacketRecord[] {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#missing = this.#wanted;
    return early
      .filter(({ record, atMs }) => atMs >= nowMs - this.#earlyMs && this.take(record, nowMs))
      .map(({ record }) => record);
  }

  /** Call when the packet is lost, so that there will be no replies. */
  forget(): void {
    this.#early = undefined;
    this.#missing = 0;
  }

  /** Resolves when all replies have arrived. */
  all(): Promise<void> {
    return new Promise((resolve) => {
      this.#resolveAll = resolve;
      this.#checkAll();
    });
  }

  /**
   * Takes a received record.
   *
   * @returns whether it is a reply. A rejected frame is one, but is not counted. While a packet is being written, nothing
   *   is a reply yet; {@link sent} returns those.
   */
  take(record: PacketRecord, nowMs: number): boolean {
    if (this.#early !== undefined) {
      // While the device accepts no bytes it may send any number of packets, so keep only the recent ones.
      while (this.#early.length > 0 && this.#early[0]!.atMs < nowMs - this.#earlyMs) {
        this.#early.shift();
      }
      this.#early.push({ record, atMs: nowMs });
      return false;
    }
    if (this.#missing === 0) {
      return false;
    }
    if (record.error === undefined) {
      this.#missing--;
      this.#checkAll();
    }
    return true;
  }

  #checkAll(): void {
    if (this.#missing === 0) {
      this.#resolveAll();
    }
  }
}
