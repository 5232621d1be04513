import { fstatSync } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';

const STDIN = 0;
const STDOUT = 1;

/** A file to write, and the option that names it. */
export interface WrittenFile {
  option: string;
  /** `-` is stdout. */
  file: string;
}

/**
 * Rejects files that are also read, or written by another option, even under another path: opening them would empty
 * them.
 *
 * @param readFile - the recording that is read, if any; `-` is stdin
 * @throws CliError (usage error)
 */
export async function checkWritten(written: readonly WrittenFile[], readFile: string | undefined): Promise<void> {
  const uses = new Map<string, string>();
  const readIdentity = readFile === undefined ? undefined : await identityOf(readFile, STDIN);
  if (readIdentity !== undefined) {
    uses.set(readIdentity, 'the recording being replayed');
  }
  for (const { option, file } of written) {
    const identity = await identityOf(file, STDOUT);
    if (identity === undefined) {
      continue;
    }
    const use = uses.get(identity);
    if (use !== undefined) {
      const name = file === '-' ? 'stdout' : file;
      throw new CliError(ExitCode.usage, `${option}: ${name} is ${use}; choose another file`);
    }
    uses.set(identity, `already written by ${option}`);
  }
}

/** Equal only for paths to the same file; `undefined` for pipes and devices, which have no content to lose. */
async function identityOf(file: string, standard: number): Promise<string | undefined> {
  try {
    const bigint = true;
    const stats = file === '-' ? fstatSync(standard, { bigint }) : await stat(file, { bigint });
    return stats.isFile() ? `${stats.dev}:${stats.ino}` : undefined;
  } catch {
    // The file does not exist yet, but its folder does.
    const folder = path.dirname(path.resolve(file));
    return path.join(await realpath(folder).catch(() => folder), path.basename(file));
  }
}
