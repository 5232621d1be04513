import { once } from 'node:events';
import { ftruncateSync } from 'node:fs';
import { constants, type FileHandle, open, stat, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { watchReader } from '../terminal/reader-watch.js';

/** A file to write. */
interface Target {
  /** `-` is stdout. */
  readonly path: string;
  /** The option that names the file, for messages. */
  readonly option: string;
  /** Overwrite an existing file. */
  readonly isForced: boolean;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly isNew: boolean;
  readonly isRegular: boolean;
}

/** A file that is open for writing, or stdout. It keeps its content until {@link begin}. */
export class OutputFile {
  readonly stream: Writable;
  readonly path: string;
  readonly option: string;
  readonly isForced: boolean;
  readonly #open: OpenFile | undefined;
  #hasBegun = false;
  #stopWatching = () => {};

  /**
   * Opens a file for writing. An existing file is overwritten only if forced, and not before it begins. Pipes and devices,
   * which cannot be overwritten, are always opened.
   *
   * @throws CliError if the file exists (usage error) or cannot be opened (failure)
   */
  static async open(target: Target): Promise<OutputFile> {
    return new OutputFile(target, target.path === '-' ? undefined : await openFile(target));
  }

  /** @param open - none for stdout */
  private constructor({ path, option, isForced }: Target, open: OpenFile | undefined) {
    this.path = path;
    this.option = option;
    this.isForced = isForced;
    this.#open = open;
    this.stream = open?.handle.createWriteStream() ?? process.stdout;
  }

  /** Opens another file for the same option. */
  openNext(path: string): Promise<OutputFile> {
    return OutputFile.open({ path, option: this.option, isForced: this.isForced });
  }

  /** Empties the file. Must be called before the first write. */
  begin(): void {
    if (this.#hasBegun) {
      return;
    }
    this.#hasBegun = true;
    if (this.#open?.isRegular && !this.#open.isNew) {
      try {
        // Synchronous, so that it comes before every write.
        ftruncateSync(this.#open.handle.fd);
      } catch (error) {
        this.stream.destroy(error as Error);
      }
    }
  }

  /** Calls back if the file is a pipe and its reader leaves while nothing is written. */
  watchReader(onLeft: () => void): void {
    this.#stopWatching = watchReader(this.#open?.handle.fd ?? 1, onLeft);
  }

  /** Writes what is left and closes the file, but not stdout. A new file that has not begun is removed. */
  async close(): Promise<void> {
    this.#stopWatching();
    if (this.#open === undefined) {
      return;
    }
    if (!this.stream.closed) {
      this.stream.end();
      await once(this.stream, 'close').catch(() => {});
    }
    if (this.#open.isNew && !this.#hasBegun) {
      await unlink(this.path).catch(() => {});
    }
  }

  /** The error to report when writing has failed. */
  cannotWrite(error: Error): CliError {
    const name = this.path === '-' ? 'stdout' : this.path;
    return new CliError(ExitCode.failure, `${this.option}: cannot write ${name}: ${error.message}`, { cause: error });
  }
}

async function openFile({ path, option, isForced }: Target): Promise<OpenFile> {
  try {
    return { handle: await open(path, 'wx'), isNew: true, isRegular: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw cannotOpen(path, option, error);
    }
    const isRegular = (await stat(path).catch(() => undefined))?.isFile() !== false;
    if (isRegular && !isForced) {
      throw new CliError(ExitCode.usage, `${option}: ${path} already exists; use --force to overwrite it`, {
        cause: error,
      });
    }
  }
  try {
    // The path may be a link to a file that does not exist: it is created, and kept.
    const handle = await open(path, constants.O_WRONLY | constants.O_CREAT);
    return { handle, isNew: false, isRegular: (await handle.stat()).isFile() };
  } catch (error) {
    throw cannotOpen(path, option, error);
  }
}

function cannotOpen(path: string, option: string, error: unknown): CliError {
  return new CliError(ExitCode.failure, `${option}: cannot open ${path}: ${(error as Error).message}`, {
    cause: error,
  });
}
