import { addAbortSignal } from 'node:stream';
import { printMessage } from './message.js';
import { MAX_PACKET_BYTES } from './open-ports.js';

/**
 * Reads all of stdin, but no more than tells that it is too long.
 *
 * @param isTerminal - whether a person watches, who is told what to do
 * @returns `undefined` if Ctrl-C ended it
 */
export async function readPacket(isTerminal: boolean): Promise<Uint8Array | undefined> {
  const interruption = new AbortController();
  const onInterrupt = () => interruption.abort();
  process.once('SIGINT', onInterrupt);
  if (isTerminal && process.stdin.isTTY) {
    printMessage('type the packet; Ctrl-D at the start of a line ends it');
  }
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(interruption.signal, process.stdin)) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > MAX_PACKET_BYTES) {
        break;
      }
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (interruption.signal.aborted) {
      return undefined;
    }
    throw error;
  } finally {
    process.off('SIGINT', onInterrupt);
  }
}
