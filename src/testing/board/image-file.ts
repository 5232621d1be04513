import { readFileSync, statSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import { describeValue, invalidOption } from '../../options.js';

/**
 * Reads the file that an option of a `SimulatedBoard` names.
 *
 * @param expected - what the option accepts, in words that follow "expected"
 * @throws InvalidArgumentError (`INVALID_OPTION`) if the file cannot be read, or is longer than `maxBytes`
 */
export function readOptionFile(option: string, file: string | URL, expected: string, maxBytes: number): Buffer {
  try {
    const found = statSync(file);
    // A device or a pipe may never end.
    if (!found.isFile()) {
      throw new Error('not a file');
    }
    if (found.size > maxBytes) {
      throw new Error(`${found.size} bytes, more than ${maxBytes}`);
    }
    return readFileSync(file);
  } catch (error) {
    const { code, errno = 0, message } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOENT' ? 'no such file' : (getSystemErrorMap().get(errno)?.[1] ?? message);
    throw invalidOption(`SimulatedBoard: ${option} is ${describeValue(String(file))}: ${reason}; expected ${expected}`);
  }
}

/**
 * Parses an image. Says in its errors which option, and which file, is wrong.
 *
 * @throws whatever `parse` throws, with the same class
 */
export function parseImage<Result>(file: string | URL | undefined, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    const where = file === undefined ? 'image' : `image ${describeValue(String(file))}`;
    const message = `SimulatedBoard: ${where}: ${(error as Error).message}`;
    const Class = error instanceof RangeError ? RangeError : SyntaxError;
    throw new Class(message, { cause: error });
  }
}
