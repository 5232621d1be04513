import { readFile } from 'node:fs/promises';

/** The text of a file of `/sys`, `/proc` or `/etc`. Empty if it cannot be read. */
export async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

/** An attribute in `/sys`. Undefined if it is empty or cannot be read. */
export async function readAttribute(file: string): Promise<string | undefined> {
  return (await readText(file)).trim() || undefined;
}
