/** More than the longest line of a log: a packet of 16 MiB in hex, and its name. */
const MAX_LINE_CHARACTERS = 40_000_000;

/** A line of a text, without its end. */
export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** Whether it has an end; only the last may have none. */
  isEnded: boolean;
}

/** Makes text of bytes, a chunk after the other; of nothing at the end. */
interface ChunkDecoder {
  decode(chunk?: Uint8Array, options?: { stream: boolean }): string;
}

/** Makes a character of each byte. */
const BYTEWISE: ChunkDecoder = {
  decode: (chunk = new Uint8Array(0)) =>
    Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1'),
};

/**
 * The lines of whatever bytes, as they are, without their ends, which are as those of {@link linesOf}.
 *
 * @throws Error if a line is longer than any that is meant to be read
 */
export async function* byteLinesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const { text } of linesOf(chunks, BYTEWISE)) {
    yield Buffer.from(text, 'latin1');
  }
}

/**
 * The lines of a text, in UTF-8 unless it is decoded otherwise, which end with `\n` or `\r\n`.
 *
 * @throws Error if a line is longer than any that is meant to be read
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  decoder: ChunkDecoder = new TextDecoder(),
): AsyncGenerator<Line> {
  // What has come of a line that has not ended yet.
  let pending: string[] = [];
  let pendingCharacters = 0;
  let number = 0;
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n');
    pending.push(first);
    pendingCharacters += first.length;
    if (pendingCharacters > MAX_LINE_CHARACTERS) {
      throw new Error(`line ${number + 1}: it is too long`);
    }
    for (const other of others) {
      yield { text: pending.join('').replace(/\r$/, ''), number: ++number, isEnded: true };
      pending = [other];
      pendingCharacters = other.length;
    }
  }
  const text = pending.join('') + decoder.decode();
  if (text !== '') {
    yield { text, number: ++number, isEnded: false };
  }
}
