import { execFileSync, spawnSync } from 'node:child_process';
import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { RULES, type Tree } from './lint-rules.js';

const ROOT = path.resolve(import.meta.dirname, '../..');
const SCRIPT = path.join(ROOT, 'scripts/firmware-mirror.mjs');
const scratch = mkdtempSync(path.join(tmpdir(), 'mirror-'));
const folder = path.join(scratch, 'SerialPackets');

afterAll(() => rmSync(scratch, { recursive: true }));

execFileSync(process.execPath, [SCRIPT, folder]);
const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' });
const files = entries.filter((name) => lstatSync(path.join(folder, name)).isFile());
const tree: Tree = new Map(
  files.map((name) => [name.split(path.sep).join('/'), readFileSync(path.join(folder, name), 'utf8')]),
);
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8'));

describe('the tree of npm run firmware:mirror', () => {
  test('has the library at its root, and neither tests nor build products', () => {
    const names = [...tree.keys()];
    expect(names.filter((name) => !/^(src|examples)\//.test(name)).sort()).toEqual([
      ...['CMakeLists.txt', 'LICENSE', 'README.md', 'idf_component.yml', 'keywords.txt', 'library.json'],
      'library.properties',
    ]);
    expect(names.filter((name) => name.startsWith('examples/')).sort()).toEqual(
      ['Acknowledged', 'Commands', 'Echo', 'Sensor'].map((name) => `examples/${name}/${name}.ino`),
    );
    expect(names.filter((name) => name.startsWith('src/') && !/^src\/\w+\.[ch]$/.test(name))).toEqual([]);
    const sources = readdirSync(path.join(ROOT, 'firmware/src')).map((name) => `src/${name}`);
    expect(names.filter((name) => name.startsWith('src/')).sort()).toEqual(sources.sort());
  });

  test('has no symbolic links (LS005)', () => {
    expect(entries.filter((name) => lstatSync(path.join(folder, name)).isSymbolicLink())).toEqual([]);
  });

  test('has no link to a file that it does not have', () => {
    const targets = [...tree.get('README.md')!.matchAll(/\[[^\]]+\]\(([^)#]+)/g)].map(([, target]) => target!);
    expect(targets.filter((target) => !/^https?:/.test(target) && !tree.has(target))).toEqual([]);
  });

  test('is written again in place, and keeps a .git folder', () => {
    const again = path.join(scratch, 'again');
    mkdirSync(path.join(again, '.git'), { recursive: true });
    for (let run = 0; run < 2; run++) {
      execFileSync(process.execPath, [SCRIPT, again]);
      writeFileSync(path.join(again, 'src/old.h'), '');
    }
    execFileSync(process.execPath, [SCRIPT, again]);
    const names = readdirSync(again, { recursive: true, encoding: 'utf8' });
    expect(names.sort()).toEqual([...entries, '.git'].sort());
  });

  test('does not replace a folder with other files', () => {
    const { status, stderr } = spawnSync(process.execPath, [SCRIPT, scratch], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([
      1,
      `${scratch}: contains other files; choose an empty folder, or one that this script wrote\n`,
    ]);
  });
});

describe('the rules of arduino-lint', () => {
  test.each(RULES)('$id, $name: the library follows it', ({ check }) => {
    expect(check(tree)).toBe(true);
  });

  test.each(RULES)('$id, $name: a library that breaks it is noticed', ({ check, broken }) => {
    const changed = new Map(tree);
    for (const [name, text] of Object.entries(broken(tree))) {
      changed.delete(name);
      if (text !== null) {
        changed.set(name, text);
      }
    }
    expect(check(changed)).toBe(false);
  });
});

describe('the other descriptions of the library', () => {
  const description = JSON.parse(tree.get('library.json')!);
  const properties = tree.get('library.properties')!;

  test('library.json has what PlatformIO needs, and headers that exist', () => {
    expect(description).toMatchObject({
      name: 'SerialPackets',
      version,
      license: 'MIT',
      frameworks: '*',
      platforms: '*',
      description: expect.any(String),
      keywords: expect.any(Array),
    });
    expect(description.headers.filter((name: string) => !tree.has(`src/${name}`))).toEqual([]);
    expect(properties).toContain(`includes=${description.headers.join(',')}\n`);
  });

  test('idf_component.yml has the fields that the registry of ESP-IDF knows', () => {
    const lines = tree.get('idf_component.yml')!.trimEnd().split('\n');
    const fields = lines.flatMap((line) => /^([a-z]+):/.exec(line)?.[1] ?? []);
    expect(fields).toEqual(['version', 'description', 'url', 'license', 'tags', 'dependencies']);
    expect(lines.filter((line) => !/^[a-z]+:( \S.*)?$|^ {2}(- \w+|\w+: \S+)$/.test(line))).toEqual([]);
    expect(lines).toContain(`version: "${version}"`);
    expect(lines).toContain(`description: ${description.description}`);
  });

  test('all have the same version', () => {
    expect(properties).toContain(`\nversion=${version}\n`);
    expect(tree.get('CMakeLists.txt')).toContain(`VERSION ${version} `);
  });

  test('keywords.txt names the public methods, separated by tabs', () => {
    const lines = tree
      .get('keywords.txt')!
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'));
    expect(lines.filter((line) => !/^\w+\t(KEYWORD1|KEYWORD2|LITERAL1)$/.test(line))).toEqual([]);
    const declared = ['SerialPackets', 'AcknowledgedPackets', 'AcknowledgedRequests'].flatMap((name) => {
      const [, part = ''] = /\n public:\n(.*?)\n private:\n/s.exec(tree.get(`src/${name}.h`)!)!;
      return [...part.matchAll(/^ {2}(?:void|bool|uint\w+) (\w+)\(/gm)].map(([, method]) => method!);
    });
    expect(
      lines
        .filter((line) => line.endsWith('KEYWORD2'))
        .map((line) => line.split('\t')[0])
        .sort(),
    ).toEqual([...new Set(declared)].sort());
  });
});
