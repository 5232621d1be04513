import { once } from 'node:events';
import { ftruncateSync } from 'node:fs';
import { constants, type FileHandle, open, stat, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

/** How many bytes may wait to be written to a file before whoever writes has to wait: several writes' worth. */
const FILE_BUFFER_BYTES = 1_048_576;

/** A file that is open for writing, and as it was before until {@link begin}. */
export class OutputFile {
  readonly stream: Writable;
  readonly #path: string;
  readonly #handle: FileHandle;
  readonly #isNew: boolean;
  readonly #isRegular: boolean;
  #hasBegun = false;

  constructor(path: string, handle: FileHandle, isNew: boolean, isRegular: boolean) {
    this.#path = path;
    this.#handle = handle;
    this.#isNew = isNew;
    this.#isRegular = isRegular;
    this.stream = handle.createWriteStream({ highWaterMark: FILE_BUFFER_BYTES });
  }

  /** Empties the file: to be called before the first write. */
  begin(): void {
    if (this.#hasBegun) {
      return;
    }
    this.#hasBegun = true;
    if (this.#isRegular && !this.#isNew) {
      try {
        // At once, so that nothing can be written before.
        ftruncateSync(this.#handle.fd);
      } catch (error) {
        this.stream.destroy(error as Error);
      }
    }
  }

  /** Writes what is left. A file that was made for what never began is taken away again. */
  async close(): Promise<void> {
    if (!this.stream.closed) {
      this.stream.end();
      await once(this.stream, 'close').catch(() => {});
    }
    if (this.#isNew && !this.#hasBegun) {
      await unlink(this.#path).catch(() => {});
    }
  }
}

/**
 * Opens a file for writing. One that is there is overwritten only if that is forced, and not before it begins; pipes
 * and devices, which cannot be overwritten, are always opened.
 *
 * @param option - what names the file, for messages
 * @throws CliError if it is there (wrong use) or cannot be opened (failure)
 */
export async function openForWriting(path: string, force: boolean, option: string): Promise<OutputFile> {
  try {
    return new OutputFile(path, await open(path, 'wx'), true, true);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw cannotOpen(path, option, error);
    }
    const isRegular = (await stat(path).catch(() => undefined))?.isFile() !== false;
    if (isRegular && !force) {
      throw new CliError(ExitCode.usage, `${option}: ${path} is there already; --force overwrites it`, {
        cause: error,
      });
    }
  }
  try {
    // A link may lead to a file that is not there: it is made, and stays.
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT);
    return new OutputFile(path, handle, false, (await handle.stat()).isFile());
  } catch (error) {
    throw cannotOpen(path, option, error);
  }
}

function cannotOpen(path: string, option: string, error: unknown): CliError {
  return new CliError(ExitCode.failure, `${option}: cannot open ${path}: ${(error as Error).message}`, {
    cause: error,
  });
}
