import { constants, createReadStream, openSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { addAbortSignal, type Readable } from 'node:stream';

/**
 * Opens a file for reading. A named pipe is read on the event loop, so that waiting for its writer can be interrupted: to
 * open and read it as a file would occupy a thread, and the process could not end before the writer came.
 *
 * @param signal - ends the stream with its reason when it is aborted
 */
export async function openToRead(path: string, signal: AbortSignal): Promise<Readable> {
  const isPipe = (await stat(path)).isFIFO();
  signal.throwIfAborted();
  return addAbortSignal(signal, isPipe ? openPipe(path) : createReadStream(path));
}

function openPipe(path: string): Readable {
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  return new Socket({ fd, readable: true, writable: false });
}
