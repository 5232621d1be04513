import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importedPackages, installIntoProject, manifestOf, pack, ROOT, run, type Tarball } from './support/packages.js';

/** A user's program: types and values of both entries. */
const PROGRAM = `
import { cobsDecode, cobsEncode, CommunicatorState, SerialCommunicator, type SerialConnection } from 'serial-communicator';
import { MockDevice, mockBinding } from 'serial-communicator/testing';

const device = new MockDevice({ path: '/dev/mock', echo: true });
const connection: SerialConnection = { path: '/dev/mock', baudRate: 115_200 };
await using serial = new SerialCommunicator({ binding: mockBinding(device) });
serial.addConnection('arm', connection);
const echoed = new Promise<Uint8Array>((resolve) => serial.setReceiveHandler((_name, packet) => resolve(packet)));
await serial.initialize();
await serial.send('arm', cobsDecode(cobsEncode(Uint8Array.of(1, 0, 2))));
const packet: Uint8Array = await echoed;
console.log(CommunicatorState[serial.state], [...packet].join(' '));
`;

describe('the packed library, installed into an empty project', () => {
  let tarballs: string;
  let library: Tarball;
  let project: string;

  beforeAll(async () => {
    tarballs = await mkdtemp(path.join(tmpdir(), 'package-test-'));
    library = await pack('serial-communicator', tarballs);
    project = await installIntoProject(library);
  }, 120_000);

  afterAll(async () => {
    await rm(tarballs, { recursive: true, force: true });
    await rm(project, { recursive: true, force: true });
  });

  test('type-checks under nodenext, compiles and runs', async () => {
    await writeFile(path.join(project, 'program.ts'), PROGRAM);
    const compilerOptions = {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
      strict: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [path.join(ROOT, 'node_modules/@types')],
    };
    await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    await run(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]).catch((error) => {
      throw new Error(error.stdout);
    });
    const { stdout } = await run(process.execPath, [path.join(project, 'program.js')], { cwd: project });
    expect(stdout).toBe('STARTED 1 0 2\n');
  }, 60_000);

  test('does not install what only sercom needs', async () => {
    const lock = JSON.parse(await readFile(path.join(project, 'node_modules/.package-lock.json'), 'utf8'));
    const installed = Object.keys(lock.packages).map((folder) => folder.replace(/^.*node_modules\//, ''));
    expect(installed).toEqual(expect.arrayContaining(['serial-communicator', 'serialport']));
    const { 'serial-communicator': _library, ...ofSercom } = manifestOf('sercom').dependencies;
    expect(Object.keys(ofSercom)).toEqual(expect.arrayContaining(['commander', 'protobufjs']));
    expect(installed.filter((name) => name in ofSercom)).toEqual([]);
  });

  test('depends on every package that it imports', async () => {
    const { dependencies } = manifestOf('.');
    const imported = await importedPackages(path.join(project, 'node_modules/serial-communicator/dist'));
    expect(imported).toContain('serialport');
    expect(imported.filter((name) => !(name in dependencies))).toEqual([]);
  });

  test('contains the license, the firmware with its prebuilt image, and the docs', () => {
    expect(library.contents).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'docs/wire.md',
        'examples/echo.mjs',
        'firmware/README.md',
        'firmware/library.properties',
        'firmware/src/cobs.c',
        'firmware/src/cobs.h',
        'firmware/src/frame_queue.c',
        'firmware/src/frame_queue.h',
        'firmware/src/packet_receiver.c',
        'firmware/src/packet_receiver.h',
        'firmware-echo/README.md',
        'firmware-echo/firmware-echo.ino',
        'firmware-echo/prebuilt/uno.hex',
      ]),
    );
  });

  test('has the version of the Arduino library in firmware/', async () => {
    const properties = await readFile(
      path.join(project, 'node_modules/serial-communicator/firmware/library.properties'),
      'utf8',
    );
    expect(properties).toMatch(new RegExp(`^version=${manifestOf('.').version}$`, 'm'));
  });

  test('contains no tests and no source maps', () => {
    expect(library.contents.filter((file) => /(^|\/)test\/|\.map$/.test(file))).toEqual([]);
  });
});
