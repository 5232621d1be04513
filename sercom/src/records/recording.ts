import { createReadStream } from 'node:fs';
import { addAbortSignal } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { readLog } from '../sinks/log-file.js';
import type { PacketRecord } from './packet-record.js';
import { SECTION_HEADER } from './pcapng-blocks.js';
import { readPcapng } from './pcapng-reader.js';

/**
 * The records of a file, a log or a capture, which its first bytes tell; `-` is stdin. The signal ends it, and its
 * reason is thrown.
 *
 * @throws CliError (failure) if the file cannot be read, or at the first place that is not understood
 */
export async function* readRecording(path: string, signal?: AbortSignal): AsyncGenerator<PacketRecord> {
  const stream = path === '-' ? process.stdin : createReadStream(path);
  const name = path === '-' ? 'stdin' : path;
  try {
    const ending = signal === undefined ? stream : addAbortSignal(signal, stream);
    const { head, all } = await peek(ending[Symbol.asyncIterator]());
    const isCapture = head.length === 4 && head.readUInt32LE() === SECTION_HEADER;
    yield* isCapture ? readPcapng(all) : readLog(all);
  } catch (error) {
    signal?.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === undefined ? `${name}: ${message}` : `cannot read ${name}: ${message}`;
    throw new CliError(ExitCode.failure, problem, { cause: error });
  }
}

/** The first four bytes, or as many as there are, and all chunks with them. */
async function peek(chunks: AsyncIterator<Uint8Array>): Promise<{ head: Buffer; all: AsyncGenerator<Uint8Array> }> {
  let head = Buffer.alloc(0);
  while (head.length < 4) {
    const { value, done } = await chunks.next();
    if (done) {
      break;
    }
    head = Buffer.concat([head, value]);
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    try {
      yield head;
      for (let chunk = await chunks.next(); !chunk.done; chunk = await chunks.next()) {
        yield chunk.value;
      }
    } finally {
      await chunks.return?.();
    }
  }
  return { head: head.subarray(0, 4), all: all() };
}
