/** More than the longest line of a log: a packet of 16 MiB in hex, and its name. */
const MAX_LINE_CHARACTERS = 40_000_000;

/** A line of a text, without its line end. */
export interface Line {
  text: string;
  /** Starts at 1. */
  number: number;
  /** Whether it has a line end; only the last line may have none. */
  isEnded: boolean;
}

/** Decodes chunks of bytes to text, and without a chunk returns what is left at the end. */
interface ChunkDecoder {
  decode(chunk?: Uint8Array, options?: { stream: boolean }): string;
}

/** Decodes each byte to one character. */
const BYTEWISE: ChunkDecoder = {
  decode: (chunk = new Uint8Array(0)) =>
    Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength).toString('latin1'),
};

/**
 * Splits bytes into lines like {@link linesOf}, whatever bytes they contain.
 *
 * @throws Error if a line is too long
 */
export async function* byteLinesOf(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  for await (const { text } of linesOf(chunks, BYTEWISE)) {
    yield Buffer.from(text, 'latin1');
  }
}

/**
 * Splits a text into lines. A line ends with `\n` or `\r\n`.
 *
 * @param decoder - default: UTF-8
 * @throws Error if a line is too long
 */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  decoder: ChunkDecoder = new TextDecoder(),
): AsyncGenerator<Line> {
  // The parts of the line that has not ended yet.
  let pending: string[] = [];
  let pendingCharacters = 0;
  let number = 0;
  for await (const chunk of chunks) {
    const [first = '', ...others] = decoder.decode(chunk, { stream: true }).split('\n');
    pending.push(first);
    pendingCharacters += first.length;
    if (pendingCharacters > MAX_LINE_CHARACTERS) {
      throw new Error(`line ${number + 1} is too long; the longest has ${MAX_LINE_CHARACTERS} characters`);
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
