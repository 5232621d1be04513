import { addAbortSignal, type Readable } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { Interruption } from '../interruption.js';
import { printMessage } from '../terminal/message.js';
import { byteLinesOf } from '../text/lines.js';

/**
 * Reads all of stdin, but no more than tells that it is too long.
 *
 * @param isTerminal - whether a person watches, who is told what to do
 * @returns `undefined` if Ctrl-C ended it
 */
export async function readPacket(maxBytes: number, isTerminal: boolean): Promise<Buffer | undefined> {
  const interruption = new Interruption();
  if (isTerminal && process.stdin.isTTY) {
    printMessage('type the packet; Ctrl-D at the start of a line ends it');
  }
  try {
    return await readUpTo(addAbortSignal(interruption.signal, process.stdin), maxBytes);
  } catch (error) {
    if (interruption.signal.aborted) {
      return undefined;
    }
    throw error;
  } finally {
    interruption.close();
  }
}

/**
 * The lines of stdin, as bytes, until its end or until the signal ends it, which is thrown.
 *
 * @throws CliError (wrong use) at a line that is too long
 */
export async function* stdinLines(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  try {
    yield* byteLinesOf(addAbortSignal(signal, process.stdin));
  } catch (error) {
    signal.throwIfAborted();
    throw new CliError(ExitCode.usage, `stdin: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads all of a stream, or a chunk more than that many bytes. */
export async function readUpTo(stream: Readable, maxBytes: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) {
      break;
    }
  }
  return Buffer.concat(chunks);
}
