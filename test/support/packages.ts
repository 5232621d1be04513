import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';

export const run = promisify(execFile);

/** The repository. */
export const ROOT = path.resolve(import.meta.dirname, '../..');

const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const QUIET = ['--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error'];

interface Manifest {
  version: string;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
}

/** The `package.json` of a folder of the repository. */
export function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8'));
}

/** One packed package. */
export interface Tarball {
  file: string;
  /** The paths in it. */
  contents: string[];
}

/** Packs a workspace into `folder`, as it was built: `prepack` would build it again while other tests use it. */
export async function pack(workspace: 'serial-communicator' | 'sercom', folder: string): Promise<Tarball> {
  const words = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder, '--workspace', workspace];
  const { stdout } = await run(npm, words, { cwd: ROOT });
  const [packed] = JSON.parse(stdout.slice(stdout.indexOf('['))) as [{ filename: string; files: { path: string }[] }];
  return { file: path.join(folder, packed.filename), contents: packed.files.map((file) => file.path) };
}

/** Installs tarballs into a new, empty project. Returns its folder. */
export async function installIntoProject(...tarballs: Tarball[]): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'package-test-'));
  await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
  await run(npm, ['install', ...QUIET, ...tarballs.map(({ file }) => file)], { cwd: folder });
  return folder;
}

/** Installs tarballs as `npm install -g` does, under a prefix of their own. Returns the prefix. */
export async function installGlobally(...tarballs: Tarball[]): Promise<string> {
  const prefix = await mkdtemp(path.join(tmpdir(), 'package-test-'));
  await run(npm, ['install', '--global', '--prefix', prefix, ...QUIET, ...tarballs.map(({ file }) => file)]);
  return prefix;
}

/** The packages that the JavaScript in `folder` imports, without those of Node, sorted. */
export async function importedPackages(folder: string): Promise<string[]> {
  const files = (await readdir(folder, { recursive: true })).filter((file) => file.endsWith('.js'));
  const packages = new Set<string>();
  for (const file of files) {
    const text = await readFile(path.join(folder, file), 'utf8');
    for (const { fileName: specifier } of ts.preProcessFile(text, true, true).importedFiles) {
      if (!specifier.startsWith('.') && !specifier.startsWith('node:')) {
        packages.add(/^(@[^/]+\/)?[^/]+/.exec(specifier)![0]);
      }
    }
  }
  return [...packages].sort();
}
