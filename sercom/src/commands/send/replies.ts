import type { PacketRecord } from '../../records/record.js';

/** An answer may be read so long before the write is told to have ended. */
const EARLY_MS = 50;

/** Tells the answers to one packet after the other from what comes besides. */
export class ReplyTracker {
  readonly #wanted: number;
  #missing = 0;
  /** While a packet is being written: what came, and when. */
  #early: { record: PacketRecord; atMs: number }[] | undefined;
  #haveAll = () => {};

  /** @param wanted - how many each packet is to have */
  constructor(wanted: number) {
    this.#wanted = wanted;
  }

  get missing(): number {
    return this.#missing;
  }

  /** The next packet is about to be written. */
  sending(): void {
    this.#missing = 0;
    this.#early = this.#wanted > 0 ? [] : undefined;
  }

  /**
   * It has been handed to the operating system.
   *
   * @returns the answers that have come already
   */
  sent(nowMs: number): PacketRecord[] {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#missing = this.#wanted;
    return early
      .filter(({ record, atMs }) => atMs >= nowMs - EARLY_MS && this.take(record, nowMs))
      .map(({ record }) => record);
  }

  /** It is lost: nothing answers it. */
  forget(): void {
    this.#early = undefined;
    this.#missing = 0;
  }

  /** Resolves when all answers have come. */
  all(): Promise<void> {
    return new Promise((resolve) => {
      this.#haveAll = resolve;
      this.#tell();
    });
  }

  /** Takes what came. Rejected frames answer, too, but do not count. Tells whether it is an answer, as far as is known. */
  take(record: PacketRecord, nowMs: number): boolean {
    if (this.#early !== undefined) {
      // The device may talk for as long as it takes no bytes.
      while (this.#early.length > 0 && this.#early[0]!.atMs < nowMs - EARLY_MS) {
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
      this.#tell();
    }
    return true;
  }

  #tell(): void {
    if (this.#missing === 0) {
      this.#haveAll();
    }
  }
}
