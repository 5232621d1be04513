import { lstat, rename, unlink } from 'node:fs/promises';

/**
 * Frees a path for a new file, in the order of logrotate: `FILE` becomes `FILE.1`, `FILE.1` becomes `FILE.2` and so on.
 *
 * @param maxFiles - how many files there may be, together with the new one; the oldest are removed
 */
export async function rotate(path: string, maxFiles: number): Promise<void> {
  let oldest = 0;
  while (await exists(`${path}.${oldest + 1}`)) {
    oldest++;
  }
  for (let number = oldest; number > 0; number--) {
    await moveUp(`${path}.${number}`, `${path}.${number + 1}`, number + 1 < maxFiles);
  }
  // Another program may have moved it away.
  if (await exists(path)) {
    await moveUp(path, `${path}.1`, maxFiles > 1);
  }
}

async function moveUp(from: string, to: string, isKept: boolean): Promise<void> {
  await (isKept ? rename(from, to) : unlink(from));
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}
