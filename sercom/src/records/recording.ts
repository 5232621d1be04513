import { addAbortSignal } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cannotRead } from '../text/file-problem.js';
import { isPcap, readPcap } from './captures/pcap-reader.js';
import { SECTION_HEADER } from './captures/pcapng-blocks.js';
import { readPcapng } from './captures/pcapng-reader.js';
import { gunzip, isGzip } from './gunzip.js';
import type { LogNote } from './log-notes.js';
import { readLog } from './log-reader.js';
import { openToRead } from './open-to-read.js';
import type { PacketRecord } from './record.js';
import { nameOfRecording } from './recording-name.js';

/**
 * Reads a recording: a log or a capture, which may be compressed with gzip. Its first bytes show which. `-` is stdin.
 * Aborting the signal ends it and throws its reason.
 *
 * @param takeNote - gets the notes of a log, before the record that follows each
 * @throws CliError (failure) if the file cannot be read, or at its first invalid line, block or packet
 */
export async function* readRecording(
  file: string,
  signal = new AbortController().signal,
  takeNote?: (note: LogNote) => void,
): AsyncGenerator<PacketRecord> {
  const name = nameOfRecording(file);
  try {
    const stream = file === '-' ? addAbortSignal(signal, process.stdin) : await openToRead(file, signal);
    const { head, all } = await peek(stream[Symbol.asyncIterator]());
    yield* await recordsIn(isGzip(head) ? gunzip(all) : all, takeNote);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === undefined ? `${name}: ${message}` : cannotRead(name, error);
    throw new CliError(ExitCode.failure, problem, { cause: error });
  }
}

/** Reads records from the content of a file, which its first bytes identify. A log has none of its own. */
async function recordsIn(
  chunks: AsyncIterable<Uint8Array>,
  takeNote: ((note: LogNote) => void) | undefined,
): Promise<AsyncGenerator<PacketRecord>> {
  const { head, all } = await peek(chunks[Symbol.asyncIterator]());
  if (isPcap(head)) {
    return readPcap(all);
  }
  return head.length === 4 && head.readUInt32LE() === SECTION_HEADER ? readPcapng(all) : readLog(all, takeNote);
}

/** The first four bytes, fewer if there are not as many, and all chunks including them. */
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
