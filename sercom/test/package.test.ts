import { lstat, mkdtemp, readFile, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  importedPackages,
  installGlobally,
  installIntoProject,
  manifestOf,
  pack,
  ROOT,
  run,
  type Tarball,
} from '../../test/support/packages.js';

const { version, dependencies } = manifestOf('sercom');

test('depends on exactly the version of serial-communicator that is beside it, and has the same', () => {
  expect(manifestOf('.').version).toBe(version);
  expect(dependencies['serial-communicator']).toBe(version);
});

test('npx sercom runs in a clone after a build', async () => {
  expect(await realpath(path.join(ROOT, 'node_modules/sercom'))).toBe(path.join(ROOT, 'sercom'));
  const { stdout } = await run('npx', ['--no-install', 'sercom', '--version'], { cwd: ROOT });
  expect(stdout.trim()).toBe(version);
});

describe('the packed tool', () => {
  const folders: string[] = [];
  let tool: Tarball;
  let project: string;
  let prefix: string;

  beforeAll(async () => {
    const tarballs = await mkdtemp(path.join(tmpdir(), 'package-test-'));
    folders.push(tarballs);
    const library = await pack('serial-communicator', tarballs);
    tool = await pack('sercom', tarballs);
    project = await installIntoProject(library, tool);
    folders.push(project);
    prefix = await installGlobally(library, tool);
    folders.push(prefix);
  }, 240_000);

  afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

  /** The command in a project, and the one that `npm install -g` puts in the path. */
  const places = {
    'npx in a project': (...words: string[]) => run('npx', ['--no-install', 'sercom', ...words], { cwd: project }),
    'a global install': (...words: string[]) => run(path.join(prefix, 'bin/sercom'), words, { cwd: tmpdir() }),
  };

  describe.each(Object.entries(places))('%s', (_place, sercom) => {
    test('prints its version', async () => {
      expect((await sercom('--version')).stdout.trim()).toBe(version);
    });

    test('sends a packet to a simulated board and prints the reply', async () => {
      const { stdout } = await sercom('send', 'sim:', '--text', 'hello', '--wait', '1', '--json');
      expect(stdout).toContain('"hex":"68656c6c6f"');
    }, 60_000);

    test('monitors a simulated board', async () => {
      const { stdout } = await sercom('monitor', 'sim:', '-n', '1');
      expect(stdout).toMatch(/rx .*"hello 1"/);
    }, 60_000);
  });

  test.skipIf(process.platform === 'win32')('installs its manual page with -g', async () => {
    const page = path.join(prefix, 'share/man/man1/sercom.1');
    expect((await lstat(page)).isSymbolicLink()).toBe(true);
    expect(await readFile(page, 'utf8')).toMatch(/^\.TH SERCOM 1/);
  });

  test('depends on every package that it imports', async () => {
    const imported = await importedPackages(path.join(project, 'node_modules/sercom/dist'));
    expect(imported).toContain('serial-communicator');
    expect(imported.filter((name) => !(name in dependencies))).toEqual([]);
  });

  test('runs the examples of its readme', async () => {
    const readme = await readFile(path.join(project, 'node_modules/sercom/README.md'), 'utf8');
    const commands = [...readme.matchAll(/^sercom .*$/gm)].map(([command]) => command);
    expect(commands.length).toBeGreaterThanOrEqual(5);
    for (const command of commands) {
      const { stdout } = await run('sh', ['-c', command], {
        cwd: project,
        env: { ...process.env, PATH: `${path.join(prefix, 'bin')}:${process.env.PATH}` },
      });
      expect(stdout, command).not.toBe('');
    }
  }, 60_000);

  test('contains the license, the readme and the manual page, no tests and no source maps', () => {
    expect(tool.contents).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'bin/sercom.js', 'dist/sercom.js', 'man/sercom.1']),
    );
    // The page has code of uPlot in it, whose license has to go with it.
    expect(tool.contents).toEqual(expect.arrayContaining(['dist/web/page.js', 'dist/web/LICENSE-uPlot.txt']));
    expect(tool.contents.filter((file) => /(^|\/)test\/|\.map$/.test(file))).toEqual([]);
  });
});
