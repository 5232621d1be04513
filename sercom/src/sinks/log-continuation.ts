import type { FileHandle } from 'node:fs/promises';
import type { Continuation } from './output-file.js';

/** A line that was cut off, for example when the power failed, is searched in this much of the end of a log. */
const MAX_CUT_OFF_BYTES = 1_048_576;

const LINE_FEED = 0x0a;

/** Continues a log. A last line without an end, which could not be read, is cut off. */
export const continueLog: Continuation = async (file, bytes) => {
  if (bytes === 0) {
    return { keptBytes: 0, cutOff: '' };
  }
  const [first] = await bytesAt(file, 0, 1);
  if (first !== '('.charCodeAt(0) && first !== '#'.charCodeAt(0)) {
    return { problem: 'is not a log, so it cannot be continued' };
  }
  const start = Math.max(0, bytes - MAX_CUT_OFF_BYTES);
  const end = await bytesAt(file, start, bytes - start);
  const lastLineAt = end.lastIndexOf(LINE_FEED) + 1;
  if (lastLineAt === 0 && start > 0) {
    return { problem: 'ends in the middle of a long line, so it cannot be continued' };
  }
  return { keptBytes: start + lastLineAt, cutOff: end.toString('utf8', lastLineAt) };
};

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
