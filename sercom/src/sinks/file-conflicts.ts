import { fstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

const STDIN = 0;
const STDOUT = 1;

/** A file to write, and the option that names it. */
interface WrittenFile {
  option: string;
  /** `-` is stdout. */
  path: string;
  /** Whether the path is also used with a number at the end. */
  isRotated?: boolean;
}

/**
 * Rejects files that are also read, or written by another option, even under another path: opening them would empty
 * them. Rejects stdout for two options as well, and files that a rotated log would rename or remove.
 *
 * @param readFiles - the recordings that are read; `-` is stdin
 * @throws CliError (usage error)
 */
export async function rejectConflicts(written: readonly WrittenFile[], readFiles: readonly string[]): Promise<void> {
  const uses = new Map<string, string>();
  for (const readFile of readFiles) {
    const identity = await identityOf(readFile, STDIN);
    if (identity !== undefined) {
      uses.set(identity, 'the recording being replayed');
    }
  }
  for (const { option, path } of written) {
    const identity = await identityOf(path, STDOUT);
    if (identity === undefined) {
      continue;
    }
    const use = uses.get(identity);
    if (use !== undefined) {
      const name = path === '-' ? 'stdout' : path;
      throw new CliError(ExitCode.usage, `${option}: ${name} is ${use}; choose another file`);
    }
    uses.set(identity, `already written by ${option}`);
  }
  const all = [...readFiles, ...written.map(({ path }) => path)];
  for (const { option, path } of written.filter(({ isRotated }) => isRotated)) {
    const place = await placeOf(path);
    for (const other of all) {
      const [, base] = /^(.*)\.\d+$/s.exec(await placeOf(other)) ?? [];
      if (base === place) {
        throw new CliError(
          ExitCode.usage,
          `${option}: ${other} would be renamed as an older part of this log; name another file`,
        );
      }
    }
  }
}

/** Equal only for the same file or stream; `undefined` for other pipes and devices, which have no content to lose. */
async function identityOf(path: string, standard: number): Promise<string | undefined> {
  try {
    const bigint = true;
    const stats = path === '-' ? fstatSync(standard, { bigint }) : await stat(path, { bigint });
    if (stats.isFile()) {
      return `${stats.dev}:${stats.ino}`;
    }
    return path === '-' ? `descriptor ${standard}` : undefined;
  } catch {
    // The file does not exist yet, but its folder does.
    return placeOf(path);
  }
}

/** The real folder of a file, and its name. */
async function placeOf(path: string): Promise<string> {
  const folder = dirname(resolve(path));
  return join(await realpath(folder).catch(() => folder), basename(path));
}
