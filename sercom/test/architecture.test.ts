import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';

const SOURCE = path.resolve(import.meta.dirname, '../src');
const TEST = import.meta.dirname;
/** The page, which `test/web/page` tests. */
const PAGE = path.resolve(import.meta.dirname, '../web');

/** The folders of `src`, each of which may import only the folders before it. */
const FOLDERS = [
  'text',
  'terminal',
  'records',
  'decoders',
  'formats',
  'options',
  'input',
  'ports',
  'sinks',
  'session',
  'web',
  'commands',
];

/** Files that every folder may import. They import only each other. */
const SHARED = ['exit-codes.ts', 'cli-error.ts', 'interruption.ts', 'within.ts', 'version.ts'];

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => file.replaceAll('\\', '/'));
}

/** The modules that a file imports, as types or values, at once or later. */
function importsOf(folder: string, file: string): string[] {
  const text = readFileSync(path.join(folder, file), 'utf8');
  return [...text.matchAll(/(?:^(?:import|export) (?:[^;]*? from )?|\bimport\(\s*)'([^']+)'/gms)].map(
    ([, name]) => name!,
  );
}

/** The files of `src` that a file of `src` imports. */
function localImportsOf(file: string): string[] {
  return importsOf(SOURCE, file)
    .filter((name) => name.startsWith('.'))
    .map((name) => path.posix.join(path.posix.dirname(file), name).replace(/\.js$/, '.ts'));
}

const files = filesIn(SOURCE);
const folderOf = (file: string) => (file.includes('/') ? file.split('/')[0]! : '');

test('src has no other folders', () => {
  const folders = new Set(files.map(folderOf).filter((folder) => folder !== ''));
  expect([...folders].sort()).toEqual([...FOLDERS].sort());
});

describe('imports point one way', () => {
  test.each(files.filter((file) => folderOf(file) !== '' || SHARED.includes(file)))('%s', (file) => {
    const allowed = FOLDERS.slice(0, FOLDERS.indexOf(folderOf(file)) + 1);
    const wrong = localImportsOf(file).filter(
      (target) => !SHARED.includes(target) && !(allowed as string[]).includes(folderOf(target)),
    );
    expect(wrong).toEqual([]);
  });
});

test('no files import each other in a circle', () => {
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]) => {
    expect(trail).not.toContain(file);
    if (!done.has(file)) {
      for (const target of localImportsOf(file)) {
        visit(target, [...trail, file]);
      }
      done.add(file);
    }
  };
  for (const file of files) {
    visit(file, []);
  }
});

test('no command imports from the folder of another', () => {
  const commandOf = (file: string) => /^commands\/([^/]+)\//.exec(file)?.[1];
  const wrong = files.flatMap((file) =>
    localImportsOf(file).filter((target) => commandOf(target) !== undefined && commandOf(target) !== commandOf(file)),
  );
  expect(wrong).toEqual([]);
});

test('only the public entries of the library are imported, by the tests too', () => {
  const outside = (folder: string, ...allowed: readonly string[]) =>
    filesIn(folder).flatMap((file) =>
      importsOf(folder, file).filter((name) => {
        const target = path.resolve(folder, path.dirname(file), name);
        const isInside = [SOURCE, TEST, ...allowed].some((root) => target.startsWith(root));
        return name.startsWith('.') ? !isInside : /^serial-communicator\/(?!(?:testing|mqtt)$)/.test(name);
      }),
    );
  expect(outside(SOURCE)).toEqual([]);
  expect(outside(TEST, PAGE, path.resolve(TEST, '../../test/support'))).toEqual([]);
});
