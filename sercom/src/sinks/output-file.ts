import { once } from 'node:events';
import { ftruncateSync } from 'node:fs';
import { constants, type FileHandle, open, stat, unlink } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { watchReader } from '../terminal/reader-watch.js';
import { cannotWrite } from '../text/file-problem.js';

/** A file to write. */
interface Target {
  /** `-` is stdout. */
  readonly path: string;
  /** The option that names the file, for messages. */
  readonly option: string;
  /** Overwrite an existing file. */
  readonly isForced: boolean;
  /** Continue an existing file, if this finds that it can be continued. */
  readonly continuation?: Continuation | undefined;
}

/**
 * Looks at a file that is to be continued.
 *
 * @returns how many of its bytes to keep, and the rest as text; or why it cannot be continued
 */
export type Continuation = (file: FileHandle, bytes: number) => Promise<Continued | { problem: string }>;

interface Continued {
  keptBytes: number;
  /** Empty if all bytes are kept. */
  cutOff: string;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly isNew: boolean;
  readonly isRegular: boolean;
  readonly continued?: Continued;
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

  /** Opens a new file with the same path, which must have become free. */
  openAgain(): Promise<OutputFile> {
    return OutputFile.open({ path: this.path, option: this.option, isForced: this.isForced });
  }

  /** The number of bytes that stay in a file that is continued. */
  get keptBytes(): number {
    return this.#open?.continued?.keptBytes ?? 0;
  }

  /** What is removed from the end of a file that is continued. */
  get cutOff(): string {
    return this.#open?.continued?.cutOff ?? '';
  }

  /** Whether it is a file on a disk, not a pipe or a device. */
  get isRegular(): boolean {
    return this.#open?.isRegular === true;
  }

  /** Empties the file, unless it is continued. Must be called before the first write. */
  begin(): void {
    if (this.#hasBegun) {
      return;
    }
    this.#hasBegun = true;
    if (this.#open?.isRegular && !this.#open.isNew) {
      try {
        // Synchronous, so that it comes before every write.
        ftruncateSync(this.#open.handle.fd, this.keptBytes);
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
    return new CliError(ExitCode.failure, `${this.option}: ${cannotWrite(name, error)}`, { cause: error });
  }
}

async function openFile(target: Target): Promise<OpenFile> {
  const { path, option, isForced, continuation } = target;
  try {
    return { handle: await open(path, 'wx'), isNew: true, isRegular: true };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
      throw cannotOpen(path, option, error);
    }
    const isRegular = (await stat(path).catch(() => undefined))?.isFile() !== false;
    if (isRegular && continuation !== undefined) {
      return continueFile(target, continuation);
    }
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

async function continueFile({ path, option }: Target, continuation: Continuation): Promise<OpenFile> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    throw cannotOpen(path, option, error);
  }
  const continued = await continuation(handle, (await handle.stat()).size);
  if ('problem' in continued) {
    await handle.close();
    throw new CliError(ExitCode.usage, `${option}: ${path} ${continued.problem}; name another file`);
  }
  return { handle, isNew: false, isRegular: true, continued };
}

function cannotOpen(path: string, option: string, error: unknown): CliError {
  return new CliError(ExitCode.failure, `${option}: ${cannotWrite(path, error)}`, { cause: error });
}
