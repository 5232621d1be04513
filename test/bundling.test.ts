import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { build as esbuild } from 'esbuild';
import { build as vite } from 'vite';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import webpack from 'webpack';
import { installIntoProject, pack, ROOT, run } from './support/packages.js';

/** Uses every kind of test double that a bundle may contain, then opens a real port. */
const PROGRAM = `
import { SerialCommunicator } from 'serial-communicator';
import {
  LoopbackCommunicator, MockDevice, SimulatedBoard, mockBinding, simulatedBinding, unoEchoImage,
} from 'serial-communicator/testing';

async function echo(serial, connection) {
  serial.addConnection('arm', connection);
  const echoed = new Promise((resolve) => serial.setReceiveHandler((_name, packet) => resolve(packet)));
  await serial.initialize();
  await serial.send('arm', Uint8Array.of(1, 0, 2));
  console.log([...(await echoed)].join(' '));
  await serial.shutdown();
}

async function main() {
  const path = '/dev/device';
  const baudRate = 115_200;
  const mock = new MockDevice({ path, echo: true });
  await echo(new SerialCommunicator({ binding: mockBinding(mock) }), { path, baudRate });
  const board = new SimulatedBoard({ path, image: await unoEchoImage() });
  await echo(new SerialCommunicator({ binding: simulatedBinding(board) }), { path, baudRate, settleMs: 50 });
  await echo(new LoopbackCommunicator(), {});
  const real = new SerialCommunicator();
  real.addConnection('arm', { path: '/dev/null', baudRate });
  await real.initialize().catch(({ errors: [error] }) => console.log(error.code, error.message));
}
void main();
`;

const ECHOES = '1 0 2\n1 0 2\n1 0 2\n';
const NOT_A_PORT = new RegExp(`^${ECHOES}PORT_OPEN_FAILED .*not a serial port`);
const NO_NATIVE_CODE = new RegExp(
  `^${ECHOES}NATIVE_CODE_MISSING connection "arm" \\(/dev/null\\): the native code of serialport cannot be loaded ` +
    '\\(.+\\); reinstall serialport, or, in a bundle, mark "serialport" as external and install it beside the bundle\n$',
);

type Format = 'esm' | 'cjs';

/** What is wanted of a bundler. */
interface Job {
  entry: string;
  folder: string;
  format: Format;
  external: string[];
}

const nameOf = (format: Format) => (format === 'esm' ? 'program.mjs' : 'program.cjs');

/** esbuild leaves `require` of a bundled CommonJS package in an ES module. */
const REQUIRE = "import { createRequire as forBundle } from 'node:module'; const require = forBundle(import.meta.url);";

const BUNDLERS: Record<string, (job: Job) => Promise<unknown>> = {
  esbuild: ({ entry, folder, format, external }) =>
    esbuild({
      entryPoints: [entry],
      outfile: path.join(folder, nameOf(format)),
      bundle: true,
      platform: 'node',
      format,
      external,
      ...(format === 'esm' && { banner: { js: REQUIRE } }),
      logLevel: 'silent',
    }),

  webpack: ({ entry, folder, format, external }) =>
    runWebpack({
      mode: 'production',
      target: 'node20',
      entry,
      output: {
        filename: nameOf(format),
        path: folder,
        ...(format === 'esm' && { module: true, library: { type: 'module' } }),
      },
      experiments: { outputModule: format === 'esm' },
      // An optional package of `debug`, on which serialport depends.
      ignoreWarnings: [/Can't resolve 'supports-color'/],
      externals: Object.fromEntries(
        external.map((name) => [name, `${format === 'esm' ? 'import' : 'commonjs'} ${name}`]),
      ),
    }),

  vite: ({ entry, folder, format, external }) =>
    vite({
      configFile: false,
      logLevel: 'silent',
      root: path.dirname(entry),
      build: {
        ssr: entry,
        outDir: folder,
        emptyOutDir: false,
        rollupOptions: { output: { format, entryFileNames: nameOf(format) } },
      },
      ssr: { noExternal: true, external },
    }),
};

function runWebpack(config: webpack.Configuration): Promise<void> {
  return new Promise((resolve, reject) => {
    webpack(config, (error, stats) => {
      const problems = stats?.toString({ all: false, errors: true, warnings: true });
      if (error || problems) {
        reject(error ?? new Error(problems));
      } else {
        resolve();
      }
    });
  });
}

let tarballs: string;
let project: string;

beforeAll(async () => {
  tarballs = await mkdtemp(path.join(tmpdir(), 'bundling-test-'));
  project = await installIntoProject(await pack('serial-communicator', tarballs));
  await writeFile(path.join(project, 'program.js'), PROGRAM);
}, 120_000);

afterAll(async () => {
  await rm(tarballs, { recursive: true, force: true });
  await rm(project, { recursive: true, force: true });
});

/** A new folder for a bundle. */
async function makeFolder({ withPackages }: { withPackages: boolean }): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'bundling-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  if (withPackages) {
    await symlink(path.join(project, 'node_modules'), path.join(folder, 'node_modules'));
  }
  return folder;
}

const LIBRARY = ['serial-communicator', 'serial-communicator/testing'];

describe.each(Object.entries(BUNDLERS))('%s', (_bundler, bundle) => {
  describe.each<Format>(['esm', 'cjs'])('as %s', (format) => {
    test.each([
      ['opens ports if the library is external', { external: LIBRARY, withPackages: true }, NOT_A_PORT],
      ['opens ports if serialport is external', { external: ['serialport'], withPackages: true }, NOT_A_PORT],
      [
        'asks for serialport if it is not beside the bundle',
        { external: ['serialport'], withPackages: false },
        NO_NATIVE_CODE,
      ],
      ['asks to mark serialport as external if it is bundled', { external: [], withPackages: false }, NO_NATIVE_CODE],
    ])(
      '%s',
      async (_name, { external, withPackages }, expected) => {
        const folder = await makeFolder({ withPackages });
        await bundle({ entry: path.join(project, 'program.js'), folder, format, external });
        const { stdout } = await run(process.execPath, [nameOf(format)], { cwd: folder });
        expect(stdout).toMatch(expected);
      },
      60_000,
    );
  });
});

describe('docs/bundling.md', () => {
  /** How to run the example of a section, after it was written to a file in the project. */
  const RUNNERS: Record<string, (file: string) => Promise<unknown>> = {
    esbuild: (file) => run(process.execPath, [file], { cwd: project }),
    webpack: async (file) => runWebpack({ ...(await import(pathToFileURL(file).href)).default, context: project }),
    vite: (file) => vite({ configFile: file, root: project, logLevel: 'silent' }),
  };

  test.each(Object.entries(RUNNERS))(
    'the example for %s makes a bundle that opens ports',
    async (bundler, runExample) => {
      const text = await readFile(path.join(ROOT, 'docs/bundling.md'), 'utf8');
      const example = new RegExp(`^## ${bundler}\n[^]+?^\`\`\`js\n([^]+?)^\`\`\`$`, 'm').exec(text)![1]!;
      const file = path.join(project, `${bundler}.config.mjs`);
      await writeFile(file, example);
      await rm(path.join(project, 'out'), { recursive: true, force: true });
      await mkdir(path.join(project, 'out'));
      await symlink(path.join(ROOT, 'node_modules/esbuild'), path.join(project, 'node_modules/esbuild')).catch(
        () => {},
      );
      await runExample(file);
      const { stdout } = await run(process.execPath, ['out/program.mjs'], { cwd: project });
      expect(stdout).toMatch(NOT_A_PORT);
    },
    60_000,
  );
});
