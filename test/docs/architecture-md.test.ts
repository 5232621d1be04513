import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { ROOT, readDocument } from './markdown.js';

/** Folders that a build or a test run creates. */
const GENERATED = new Set(['node_modules', 'dist', 'build', 'results', 'coverage', 'api']);

/** Every folder of the repository by its path, with a slash at the end. */
function foldersIn(parent: string): string[] {
  return readdirSync(path.join(ROOT, parent), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && !GENERATED.has(entry.name))
    .flatMap(({ name }) => [`${parent}${name}/`, ...foldersIn(`${parent}${name}/`)]);
}

/** Whether the map need not list a folder: that of a command, or of the tests of a listed folder of sources. */
function isImplied(folder: string): boolean {
  const mirrored = folder
    .replace(/^sercom\/test\/web\/page\/(?=.)/, 'sercom/web/')
    .replace(/^(sercom\/)?test\//, '$1src/');
  return /^sercom\/src\/commands\/./.test(folder) || (mirrored !== folder && existsSync(path.join(ROOT, mirrored)));
}

/** The folders in the map of docs/architecture.md, with what it says about each. Indentation shows the nesting. */
function readMap(): Map<string, string> {
  const [, map = ''] = /^## Map of the folders$.*?^```\n(.*?)^```$/ms.exec(readDocument('docs/architecture.md')) ?? [];
  const folders = new Map<string, string>();
  const parents: string[] = [];
  for (const line of map.trimEnd().split('\n')) {
    const [, indentation = '', name = '', description = ''] = /^( *)([\w.-]+\/)(?: +(.*))?$/.exec(line) ?? [];
    parents.length = indentation.length / 2;
    parents.push(name);
    folders.set(parents.join(''), description);
  }
  return folders;
}

describe('the map in docs/architecture.md', () => {
  const map = readMap();

  const folders = foldersIn('');

  test('lists every folder of the repository', () => {
    expect(folders.length).toBeGreaterThan(50);
    expect(folders.filter((folder) => !map.has(folder) && !isImplied(folder))).toEqual([]);
  });

  test('lists no other folder', () => {
    expect([...map.keys()].filter((folder) => !folders.includes(folder))).toEqual([]);
  });

  test('describes every folder', () => {
    expect([...map].filter(([, description]) => description === '').map(([folder]) => folder)).toEqual([]);
  });
});
