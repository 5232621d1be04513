import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';

/** Whether a file that begins with these bytes is compressed with gzip. */
export function isGzip(head: Buffer): boolean {
  return head.length >= 2 && head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * Decompresses a file while it is read, so that it takes no more memory than a small part of the content.
 *
 * @throws Error if the file is truncated or damaged
 */
export async function* gunzip(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sourceFailure: unknown;
  async function* watched(): AsyncGenerator<Uint8Array> {
    try {
      yield* chunks;
    } catch (error) {
      sourceFailure = error;
      throw error;
    }
  }
  // Closing the stream closes the file. Its failure is thrown by the loop, too.
  const stream = pipeline(watched(), createGunzip(), () => {});
  try {
    yield* stream;
  } catch (error) {
    if (sourceFailure !== undefined) {
      throw sourceFailure;
    }
    const { code, message } = error as NodeJS.ErrnoException;
    // At damage, zlib discards what it has decompressed but not passed on.
    const problem =
      code === 'Z_BUF_ERROR'
        ? 'the gzip data is truncated; what is before it has been read'
        : `the gzip data is damaged (${message}); the last packets before the damage may be missing`;
    throw new Error(problem, { cause: error });
  }
}
