import { readFile, stat } from 'node:fs/promises';
import type { SimulatedBoard } from 'serial-communicator/testing';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cannotRead } from '../text/file-problem.js';

/** More than Intel HEX needs for the 32 KiB of an Uno, even with one byte per record. */
const MAX_IMAGE_BYTES = 1_048_576;

/**
 * Makes a simulated Uno that runs an Intel HEX file, or without one the echo sketch.
 *
 * @throws CliError (failure) if the file cannot be read, or is not an image for the Uno
 */
export async function simulatedUno(path: string, imageFile: string | undefined): Promise<SimulatedBoard> {
  const { SimulatedBoard, unoEchoImage } = await import('serial-communicator/testing');
  if (imageFile === undefined) {
    return new SimulatedBoard({ path, image: await unoEchoImage() });
  }
  const image = await readImage(imageFile);
  try {
    return new SimulatedBoard({ path, image });
  } catch (error) {
    throw new CliError(
      ExitCode.failure,
      `cannot run ${imageFile} on a simulated Uno: ${(error as Error).message}; name an Intel HEX file for the Uno`,
      { cause: error },
    );
  }
}

async function readImage(file: string): Promise<string> {
  try {
    const found = await stat(file);
    // A device or a pipe may never end.
    if (!found.isFile()) {
      throw new Error('not a file; expected an Intel HEX file');
    }
    if (found.size > MAX_IMAGE_BYTES) {
      throw new Error(`${found.size} bytes are too many for an image of the Uno; expected an Intel HEX file`);
    }
    // A string without a line end would be taken for the path of a file.
    return `${await readFile(file, 'latin1')}\n`;
  } catch (error) {
    throw new CliError(ExitCode.failure, cannotRead(file, error, 'build it first'), { cause: error });
  }
}
