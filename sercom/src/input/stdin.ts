import { addAbortSignal, type Readable } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { printMessage } from '../terminal/message.js';
import { byteLinesOf } from '../text/lines.js';

/**
 * Reads all of stdin as one packet. Stops reading when it is too long.
 *
 * @param isTerminal - whether stdout is a terminal, so that instructions are shown
 * @throws the reason of the signal when it is aborted
 */
export async function readPacket(maxBytes: number, isTerminal: boolean, signal: AbortSignal): Promise<Buffer> {
  if (isTerminal && process.stdin.isTTY) {
    printMessage('type the packet, then press Ctrl-D on an empty line');
  }
  return readUpTo(addAbortSignal(signal, process.stdin), maxBytes);
}

/**
 * The lines of stdin, as bytes.
 *
 * @throws CliError (usage error) if a line is too long; the reason of the signal when it is aborted
 */
export async function* stdinLines(signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  try {
    yield* byteLinesOf(addAbortSignal(signal, process.stdin));
  } catch (error) {
    signal.throwIfAborted();
    throw new CliError(ExitCode.usage, `stdin: ${(error as Error).message}`, { cause: error });
  }
}

/** Reads a stream to its end, or until it has more than `maxBytes`. */
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
