import { execFileSync } from 'node:child_process';
import { existsSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ProcessFailure } from './support/line-process.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Only `serial-communicator/testing` imports these. */
const TEST_ONLY = ['avr8js', 'cobs', '@serialport/parser-delimiter'];

/** Installed anyway: `serialport` depends on it. */
const SHARED = '@serialport/parser-delimiter';

/** Packages large enough to be worth a row. The bindings bring prebuilt files for every platform. */
const LARGE = ['@serialport/bindings-cpp', 'node-addon-api', 'protobufjs', '@msgpack/msgpack'];

const MAX_LIBRARY_MB = 4;

export default {
  question: 'How much disk space does installing each package into an empty project take?',
  needs: ['npm'],
  metrics: {
    'run time': 'MB without the packages that only tests need',
    'the package itself': 'MB',
    ...Object.fromEntries(LARGE.map((name) => [name, 'MB'])),
    ...Object.fromEntries(TEST_ONLY.map((name) => [name, 'MB, for tests'])),
    everything: 'MB, node_modules',
  },
  bars: [{ metric: 'run time', of: 'serial-communicator', max: MAX_LIBRARY_MB, quickMax: MAX_LIBRARY_MB }],
  async run(bench) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    try {
      const library = pack('serial-communicator', folder);
      const tool = pack('sercom', folder);
      const ofLibrary = install(join(folder, 'library'), 'serial-communicator', [library]);
      const unused = TEST_ONLY.filter((name) => name !== SHARED).reduce((sum, name) => sum + ofLibrary[name], 0);
      bench.record('serial-communicator', { ...ofLibrary, 'run time': ofLibrary.everything - unused });
      // The port `sim:` needs the packages for tests.
      bench.record('sercom', install(join(folder, 'tool'), 'sercom', [library, tool]));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

/** Packs a workspace as it was built. Returns the path of the tarball. */
function pack(workspace, folder) {
  const words = ['pack', '--ignore-scripts', '--silent', '--pack-destination', folder, '--workspace', workspace];
  return join(folder, npm(words, root).trim());
}

/** Installs tarballs into an empty project. Returns what each part takes, in MB. */
function install(project, name, tarballs) {
  mkdirSync(project);
  writeFileSync(join(project, 'package.json'), '{ "private": true }\n');
  npm(['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error', ...tarballs], project);
  const modules = join(project, 'node_modules');
  const sizes = { everything: megabytes(modules), 'the package itself': megabytes(join(modules, name)) };
  for (const part of [...LARGE, ...TEST_ONLY].filter((part) => existsSync(join(modules, part)))) {
    sizes[part] = megabytes(join(modules, part));
  }
  return sizes;
}

function megabytes(path) {
  return bytesIn(path) / 1e6;
}

/** The apparent size, as `du --apparent-size` counts it: the lengths of all files and folders. */
function bytesIn(path) {
  const stat = lstatSync(path);
  const names = stat.isDirectory() ? readdirSync(path) : [];
  return names.reduce((sum, name) => sum + bytesIn(join(path, name)), stat.size);
}

function npm(words, cwd) {
  try {
    return execFileSync('npm', words, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  } catch (error) {
    throw new ProcessFailure(`npm ${words[0]}: ${error.stderr}`);
  }
}
