import { type FileHandle, open, stat } from 'node:fs/promises';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

/** How many bytes may wait to be written to a file before whoever writes has to wait: several writes' worth. */
export const FILE_BUFFER_BYTES = 1_048_576;

/**
 * Opens a file for writing. One that is there is overwritten only if that is forced; pipes and devices, which cannot
 * be overwritten, are always opened.
 *
 * @param option - what names the file, for messages
 * @throws CliError if it is there (wrong use) or cannot be opened (failure)
 */
export async function openForWriting(path: string, force: boolean, option: string): Promise<FileHandle> {
  try {
    return await open(path, force ? 'w' : 'wx');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== 'EEXIST') {
      throw new CliError(ExitCode.failure, `${option}: cannot open ${path}: ${message}`, { cause: error });
    }
    const isRegular = (await stat(path).catch(() => undefined))?.isFile() !== false;
    if (isRegular) {
      throw new CliError(ExitCode.usage, `${option}: ${path} is there already; --force overwrites it`, {
        cause: error,
      });
    }
    return openForWriting(path, true, option);
  }
}
