import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.resolve(import.meta.dirname, '..');

const MAX_LINES = 350;
const MAX_FILES = 24;

/** A longer file gives its reason in a comment in its first lines: "Longer than 350 lines because …". */
const REASON = new RegExp(`Longer than ${MAX_LINES} lines because \\w+`);
const REASON_WITHIN_LINES = 10;

const SOURCE = /\.(ts|c|h|ino)$/;

/** Folders whose contents are not in the repository. */
const IGNORED = new Set(['.git', 'node_modules', 'dist', 'build', 'coverage']);

interface Folder {
  /** Relative to the root, with slashes. */
  name: string;
  /** The names of the source files in it. */
  files: string[];
}

/** A folder and all folders in it. */
function foldersIn(name: string): Folder[] {
  const entries = readdirSync(path.join(ROOT, name), { withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile() && SOURCE.test(entry.name)).map((entry) => entry.name);
  const folders = entries.filter((entry) => entry.isDirectory() && !IGNORED.has(entry.name));
  return [{ name, files }, ...folders.flatMap((folder) => foldersIn(path.posix.join(name, folder.name)))];
}

/** A message if the text has too many lines and no reason. */
function tooLong(file: string, text: string): string[] {
  const lines = text.split('\n').length - 1;
  const hasReason = REASON.test(text.split('\n').slice(0, REASON_WITHIN_LINES).join('\n'));
  return lines > MAX_LINES && !hasReason ? [`${file}: ${lines} lines`] : [];
}

test(`no TypeScript or C file is longer than ${MAX_LINES} lines without a reason in its first lines`, () => {
  const files = foldersIn('.').flatMap(({ name, files }) => files.map((file) => path.posix.join(name, file)));
  expect(files).toEqual(expect.arrayContaining(['src/index.ts', 'sercom/src/program.ts', 'firmware/src/cobs.c']));
  expect(files.flatMap((file) => tooLong(file, readFileSync(path.join(ROOT, file), 'utf8')))).toEqual([]);
});

test('a reason counts only in the first lines and only if it is given', () => {
  const long = 'x\n'.repeat(MAX_LINES + 1);
  expect(tooLong('a.ts', 'x\n'.repeat(MAX_LINES))).toEqual([]);
  expect(tooLong('a.ts', long)).toEqual([`a.ts: ${MAX_LINES + 1} lines`]);
  expect(tooLong('a.ts', `// Longer than ${MAX_LINES} lines because\n${long}`)).toHaveLength(1);
  expect(tooLong('a.ts', `${long}// Longer than ${MAX_LINES} lines because it is a table.\n`)).toHaveLength(1);
  expect(tooLong('a.ts', `// Longer than ${MAX_LINES} lines because it is a table.\n${long}`)).toEqual([]);
});

test(`no folder of the library, of sercom or of the firmware holds more than ${MAX_FILES} source files`, () => {
  const folders = ['src', 'sercom/src', 'firmware', 'firmware-echo'].flatMap(foldersIn);
  expect(folders.filter(({ files }) => files.length > MAX_FILES).map(({ name }) => name)).toEqual([]);
});
