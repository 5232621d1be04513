/** Reads a given number of bytes at a time from a stream of chunks. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #pending: Uint8Array[] = [];
  #bytes = 0;

  constructor(chunks: AsyncIterable<Uint8Array>) {
    this.#chunks = chunks[Symbol.asyncIterator]();
  }

  /** Reads this number of bytes, fewer if the stream ends first, or `undefined` at its end. */
  async read(bytes: number): Promise<Buffer | undefined> {
    while (this.#bytes < bytes) {
      const { value, done } = await this.#chunks.next();
      if (done) {
        break;
      }
      this.#pending.push(value);
      this.#bytes += value.length;
    }
    if (this.#bytes === 0) {
      return undefined;
    }
    const all = this.#pending.length === 1 ? this.#pending[0]! : Buffer.concat(this.#pending);
    const buffer = Buffer.from(all.buffer, all.byteOffset, all.byteLength);
    const result = buffer.subarray(0, bytes);
    this.#pending = result.length === buffer.length ? [] : [buffer.subarray(result.length)];
    this.#bytes -= result.length;
    return result;
  }

  /** Closes the stream. */
  async close(): Promise<void> {
    await this.#chunks.return?.();
  }
}

/** Parses a stream, which is closed at the end, also if the caller wants no more. */
export async function* parseBytes<Parsed>(
  chunks: AsyncIterable<Uint8Array>,
  parse: (reader: ByteReader) => AsyncGenerator<Parsed>,
): AsyncGenerator<Parsed> {
  const reader = new ByteReader(chunks);
  try {
    yield* parse(reader);
  } finally {
    await reader.close();
  }
}
