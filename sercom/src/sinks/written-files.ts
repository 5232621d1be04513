import { fstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

const STDIN = 0;
const STDOUT = 1;

/** A file that is to be written, and the option that says so. */
export interface WrittenFile {
  option: string;
  /** `-` is stdout. */
  file: string;
}

/**
 * Refuses to write a file that is read, or written already, under whatever path: to open it would empty it.
 *
 * @param read - the file that is read, if one is; `-` is stdin
 * @throws CliError (wrong use)
 */
export async function checkWritten(written: readonly WrittenFile[], read: string | undefined): Promise<void> {
  const uses = new Map<string, string>();
  const readIdentity = read === undefined ? undefined : await identityOf(read, STDIN);
  if (readIdentity !== undefined) {
    uses.set(readIdentity, 'the file that is replayed');
  }
  for (const { option, file } of written) {
    const identity = await identityOf(file, STDOUT);
    if (identity === undefined) {
      continue;
    }
    const use = uses.get(identity);
    if (use !== undefined) {
      throw new CliError(ExitCode.usage, `${option}: ${file === '-' ? 'stdout' : file} is ${use}; name another`);
    }
    uses.set(identity, `the file of ${option}`);
  }
}

/** What paths have in common only if they lead to the same file; none for pipes and devices, which hold nothing to lose. */
async function identityOf(file: string, standard: number): Promise<string | undefined> {
  try {
    const bigint = true;
    const stats = file === '-' ? fstatSync(standard, { bigint }) : await stat(file, { bigint });
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    // It is not there yet, but what it is to be in is.
    const folder = path.dirname(path.resolve(file));
    return path.join(await realpath(folder).catch(() => folder), path.basename(file));
  }
}
