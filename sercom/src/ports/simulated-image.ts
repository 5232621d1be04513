import { readFile, stat } from 'node:fs/promises';
import type { SimulatedBoard } from 'serial-communicator/testing';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { cannotRead } from '../text/file-problem.js';
import type { SimulatedKind, Simulation } from './simulated-boards.js';

/**
 * Makes a simulated board that runs an image, or without one the echo sketch.
 *
 * @param bootrom - the file with the boot ROM, for boards that have one
 * @throws CliError (failure) if a file cannot be read, or is not an image for the board
 */
export async function simulatedBoard(
  path: string,
  { kind, file }: Simulation,
  bootrom: string | undefined,
): Promise<SimulatedBoard> {
  const { InvalidArgumentError } = await import('serial-communicator');
  const { SimulatedBoard, unoEchoImage } = await import('serial-communicator/testing');
  if (file === undefined) {
    return new SimulatedBoard({ path, image: await unoEchoImage() });
  }
  const image = await readImage(file, kind);
  const ofChip = kind.options.chip === 'rp2040' && bootrom !== undefined ? { bootrom } : {};
  try {
    return new SimulatedBoard({ path, image, ...kind.options, ...ofChip });
  } catch (error) {
    const message = (error as Error).message.replace(/^SimulatedBoard: (?:image: )?/, '');
    // An invalid option is not about the image, and says itself what to do.
    const help = error instanceof InvalidArgumentError ? '' : `; name ${kind.expectedImage} for the ${kind.board}`;
    throw new CliError(ExitCode.failure, `cannot run ${file} on a simulated ${kind.board}: ${message}${help}`, {
      cause: error,
    });
  }
}

async function readImage(file: string, kind: SimulatedKind): Promise<string | Uint8Array> {
  const { board, expectedImage, isText, maxImageBytes } = kind;
  try {
    const found = await stat(file);
    // A device or a pipe may never end.
    if (!found.isFile()) {
      throw new Error(`not a file; expected ${expectedImage}`);
    }
    if (found.size > maxImageBytes) {
      throw new Error(`${found.size} bytes are too many for an image of the ${board}; expected ${expectedImage}`);
    }
    // A string without a line end would be taken for the path of a file.
    return isText ? `${await readFile(file, 'latin1')}\n` : await readFile(file);
  } catch (error) {
    throw new CliError(ExitCode.failure, cannotRead(file, error, 'build it first'), { cause: error });
  }
}
