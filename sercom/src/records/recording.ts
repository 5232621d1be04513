import { addAbortSignal } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cannotRead } from '../text/file-problem.js';
import { readLog } from './log-reader.js';
import { openToRead } from './open-to-read.js';
import { SECTION_HEADER } from './pcapng-blocks.js';
import { readPcapng } from './pcapng-reader.js';
import type { PacketRecord } from './record.js';

/**
 * Reads a recording. Its first bytes show whether it is a log or a capture. `-` is stdin. Aborting the signal ends it and
 * throws its reason.
 *
 * @throws CliError (failure) if the file cannot be read, or at its first invalid line or block
 */
export async function* readRecording(
  file: string,
  signal = new AbortController().signal,
): AsyncGenerator<PacketRecord> {
  const name = nameOfRecording(file);
  try {
    const stream = file === '-' ? addAbortSignal(signal, process.stdin) : await openToRead(file, signal);
    const { head, all } = await peek(stream[Symbol.asyncIterator]());
    const conversion = conversionOf(head);
    if (conversion !== undefined) {
      throw new Error(conversion);
    }
    const isCapture = head.length === 4 && head.readUInt32LE() === SECTION_HEADER;
    yield* isCapture ? readPcapng(all) : readLog(all);
  } catch (error) {
    signal.throwIfAborted();
    const { code, message } = error as NodeJS.ErrnoException;
    const problem = code === undefined ? `${name}: ${message}` : cannotRead(name, error);
    throw new CliError(ExitCode.failure, problem, { cause: error });
  }
}

/** What the first bytes of files are that must be converted before they can be read, as hex, and how to convert them. */
const CONVERSIONS: readonly (readonly [magic: string, help: string])[] = [
  ['1f8b', 'compressed with gzip; decompress it: gunzip -c FILE | sercom replay -'],
  ...['d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d'].map(
    (magic) => [magic, 'a capture in the old format pcap; convert it: editcap -F pcapng FILE FILE.pcapng'] as const,
  ),
];

function conversionOf(head: Buffer): string | undefined {
  return CONVERSIONS.find(([magic]) => head.toString('hex').startsWith(magic))?.[1];
}

/** A recording's name in messages. */
export function nameOfRecording(file: string): string {
  return file === '-' ? 'stdin' : file;
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
