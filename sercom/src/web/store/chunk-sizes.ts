/** How much room a chunk has. */
export interface ChunkSize {
  readonly rows: number;
  readonly bytes: number;
}

/** What a chunk may hold at most. A longer packet has a chunk of its own. */
const MAX_ROWS = 4_096;
const MAX_BYTES = 1_048_576;

/** How many rows the first chunk has. Each may have twice as many as the one before. */
const MIN_ROWS = 64;

/** A chunk has at most this part of the memory, so that little is dropped at a time. */
const SHARE = 1 / 16;

/** What a row is expected to need in addition to the bytes of its packet, to find how many rows a chunk may have. */
const EXPECTED_ROW_BYTES = 32;

/** A chunk has more room than its rows are expected to need, by this factor. */
const MARGIN = 1.05;

/** Chooses the sizes of chunks: large ones where there are many rows, small ones where there is little memory. */
export class ChunkSizes {
  readonly #maxRows: number;
  readonly #maxBytes: number;
  /** When this much memory has been allocated since a chunk began, also by others, the next one begins. */
  readonly shareBytes: number;

  constructor(memoryBytes: number) {
    this.shareBytes = Math.floor(memoryBytes * SHARE);
    this.#maxRows = Math.min(MAX_ROWS, Math.max(1, Math.floor(this.shareBytes / EXPECTED_ROW_BYTES)));
    this.#maxBytes = Math.min(MAX_BYTES, this.shareBytes);
  }

  /**
   * The size of the next chunk.
   *
   * @param previous - what the chunk before holds, which shows how long packets are. Default: there is none
   * @param rowBytes - what its first row needs
   */
  next(previous: { rows: number; usedBytes: number } | undefined, rowBytes: number): ChunkSize {
    if (rowBytes > this.#maxBytes) {
      return { rows: 1, bytes: rowBytes };
    }
    const rows = Math.min(this.#maxRows, Math.max(MIN_ROWS, 2 * (previous?.rows ?? 0)));
    const meanBytes = previous === undefined ? rowBytes : previous.usedBytes / previous.rows;
    const bytes = Math.min(this.#maxBytes, Math.max(rowBytes, Math.ceil(MARGIN * rows * meanBytes)));
    return { rows, bytes };
  }
}
