import { once } from 'node:events';
import { ftruncateSync } from 'node:fs';
import { constants, type FileHandle, open, stat, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { printMessage } from '../terminal/message.js';
import { count } from '../text/count.js';

/** A file that is open for writing. It keeps its content until {@link begin}. */
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
    this.stream = handle.createWriteStream();
  }

  /** Empties the file. Must be called before the first write. */
  begin(): void {
    if (this.#hasBegun) {
      return;
    }
    this.#hasBegun = true;
    if (this.#isRegular && !this.#isNew) {
      try {
        // Synchronous, so that it comes before every write.
        ftruncateSync(this.#handle.fd);
      } catch (error) {
        this.stream.destroy(error as Error);
      }
    }
  }

  /** Writes what is left and closes the file. A new file that has not begun is removed. */
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
 * Opens a file for writing. An existing file is overwritten only with `force`, and not before it begins. Pipes and
 * devices, which cannot be overwritten, are always opened.
 *
 * @param option - the option that names the file, for messages
 * @throws CliError if the file exists (usage error) or cannot be opened (failure)
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
      throw new CliError(ExitCode.usage, `${option}: ${path} already exists; use --force to overwrite it`, {
        cause: error,
      });
    }
  }
  try {
    // The path may be a link to a file that does not exist: it is created, and kept.
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

/** The error for a file that could not be written. */
export function cannotWrite(path: string, option: string, error: Error): CliError {
  return new CliError(ExitCode.failure, `${option}: cannot write ${path}: ${error.message}`, { cause: error });
}

/** Reports the records that a file had no room for. Packets wait, so these are rejected frames. */
export function reportLoss(option: string, lostRecords: number): void {
  if (lostRecords > 0) {
    printMessage(`${option}: ${count(lostRecords, 'rejected frame')} dropped: the destination is too slow`);
  }
}
