import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { importedPackages, installIntoProject, manifestOf, pack, ROOT, run, type Tarball } from './support/packages.js';

/** A user's program: types and values of all entries. */
const PROGRAM = `
import { cobsDecode, cobsEncode, CommunicatorState, SerialCommunicator, type SerialConnection } from 'serial-communicator';
import { MqttBridge, MqttCommunicator, type MqttConnection } from 'serial-communicator/mqtt';
import { MockDevice, mockBinding } from 'serial-communicator/testing';

const device = new MockDevice({ path: '/dev/mock', echo: true });
const connection: SerialConnection = { path: '/dev/mock', baudRate: 115_200 };
await using serial = new SerialCommunicator({ binding: mockBinding(device) });
serial.addConnection('arm', connection);
const echoed = new Promise<Uint8Array>((resolve) => serial.setReceiveHandler((_name, packet) => resolve(packet)));
const remote: MqttConnection = { bridge: 'bench', connection: 'arm' };
new MqttCommunicator({ url: 'mqtt://127.0.0.1', mqtt: { username: 'me' } }).addConnection('arm', remote);
await new MqttBridge(serial, { url: 'mqtt://127.0.0.1', name: 'bench' }).stop();
await serial.initialize();
await serial.send('arm', cobsDecode(cobsEncode(Uint8Array.of(1, 0, 2))));
const packet: Uint8Array = await echoed;
console.log(CommunicatorState[serial.state], [...packet].join(' '));
`;

/** A program without top-level await, which CommonJS does not have. It runs the image of the echo sketch. */
const BUNDLED_PROGRAM = `
import { CommunicatorState, SerialCommunicator } from 'serial-communicator';
import { SimulatedBoard, simulatedBinding, unoEchoImage } from 'serial-communicator/testing';

async function main() {
  const board = new SimulatedBoard({ path: '/dev/uno', image: await unoEchoImage() });
  const serial = new SerialCommunicator({ binding: simulatedBinding(board) });
  serial.addConnection('uno', { path: board.path, baudRate: 115_200, settleMs: 50 });
  serial.setReceiveHandler((_name, packet) => {
    console.log(CommunicatorState[serial.state], [...packet].join(' '));
    void serial.shutdown();
  });
  await serial.initialize();
  await serial.send('uno', Uint8Array.of(1, 0, 2));
}
void main();
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

  /** Type-checks `program.ts` with a version of TypeScript, and compiles it. */
  async function compile(typescript: string, source: string, options: Record<string, unknown>): Promise<void> {
    await writeFile(path.join(project, 'program.ts'), source);
    const compilerOptions = {
      strict: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [path.join(ROOT, 'node_modules/@types')],
      ...options,
    };
    await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    const tsc = path.join(ROOT, 'node_modules', typescript, 'bin/tsc');
    await run(process.execPath, [tsc, '-p', project]).catch((error) => {
      throw new Error(error.stdout);
    });
  }

  test('type-checks under nodenext, compiles and runs', async () => {
    await compile('typescript', PROGRAM, {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
    });
    const { stdout } = await run(process.execPath, [path.join(project, 'program.js')], { cwd: project });
    expect(stdout).toBe('STARTED 1 0 2\n');
  }, 60_000);

  test.each([
    ['nodenext', { module: 'NodeNext' }],
    ['bundler', { module: 'ES2022', moduleResolution: 'bundler' }],
    ['node10', { module: 'ES2022', moduleResolution: 'node10' }],
  ])(
    'type-checks with TypeScript 5.0 under %s',
    async (_name, options) => {
      const source = PROGRAM.replace('await using', 'const');
      await compile('typescript-5.0', source, { ...options, target: 'ES2022', lib: ['ES2022'], noEmit: true });
    },
    60_000,
  );

  describe.each(['esm', 'cjs'] as const)('bundled by esbuild as %s', (format) => {
    test('runs in a folder without the package', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'package-test-'));
      const outfile = path.join(folder, format === 'esm' ? 'bundle.mjs' : 'bundle.cjs');
      const { warnings } = await build({
        stdin: { contents: BUNDLED_PROGRAM, resolveDir: project },
        bundle: true,
        platform: 'node',
        external: ['serialport'],
        format,
        outfile,
        logLevel: 'silent',
      });
      expect(warnings).toEqual([]);
      const { stdout } = await run(process.execPath, [outfile], { cwd: folder });
      await rm(folder, { recursive: true });
      expect(stdout).toBe('STARTED 1 0 2\n');
    }, 30_000);
  });

  test('can be loaded by require', async () => {
    const program = `
      const { SerialCommunicator } = require('serial-communicator');
      const { LoopbackCommunicator } = require('serial-communicator/testing');
      console.log(SerialCommunicator.name, LoopbackCommunicator.name);`;
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '--eval', program], { cwd: project });
    expect(stdout).toBe('SerialCommunicator LoopbackCommunicator\n');
  });

  test('says how to get the simulator of the RP2040, which it does not install', async () => {
    const program = `
      import { SimulatedBoard } from 'serial-communicator/testing';
      const image = process.argv[1];
      try {
        new SimulatedBoard({ path: '/dev/pico', chip: 'rp2040', image });
      } catch (error) {
        console.log(error.code, error.message);
      }`;
    const image = path.join(ROOT, 'test/testing/fixtures/cortex-m/rp2040-echo.uf2');
    const words = ['--input-type=module', '--eval', program, image];
    const { stdout } = await run(process.execPath, words, { cwd: project });
    const { rp2040js } = manifestOf('.').peerDependencies;
    expect(stdout).toBe(
      'INVALID_OPTION SimulatedBoard: chip is "rp2040", which needs the package rp2040js ' +
        `(Cannot find module 'rp2040js'); run "npm install --save-dev rp2040js@${rp2040js}", ` +
        'or with --global if sercom is installed so\n',
    );
  });

  test('says how to get the MQTT client, which it does not install', async () => {
    const program = `
      import { SerialCommunicator } from 'serial-communicator';
      import { MqttBridge, MqttCommunicator } from 'serial-communicator/mqtt';
      const remote = new MqttCommunicator({ url: 'mqtt://127.0.0.1' });
      remote.addConnection('arm', { bridge: 'bench' });
      const bridge = new MqttBridge(new SerialCommunicator(), { url: 'mqtt://127.0.0.1', name: 'bench' });
      for (const call of [remote.initialize(), bridge.start()]) {
        await call.catch((error) => console.log(error.code, error.message));
      }`;
    const { stdout } = await run(process.execPath, ['--input-type=module', '--eval', program], { cwd: project });
    expect(stdout).toMatch(
      /^INVALID_OPTION MqttCommunicator: needs the package mqtt \(.*\); run "npm install mqtt@5".*\nINVALID_OPTION MqttBridge: needs .*\n$/,
    );
  });

  test('does not install what only sercom needs', async () => {
    const lock = JSON.parse(await readFile(path.join(project, 'node_modules/.package-lock.json'), 'utf8'));
    const installed = Object.keys(lock.packages).map((folder) => folder.replace(/^.*node_modules\//, ''));
    expect(installed).toEqual(expect.arrayContaining(['serial-communicator', 'serialport']));
    const { 'serial-communicator': _library, ...ofSercom } = manifestOf('sercom').dependencies;
    expect(Object.keys(ofSercom)).toEqual(expect.arrayContaining(['commander', 'protobufjs']));
    // serialport depends on this one.
    expect(installed.filter((name) => name in ofSercom)).toEqual(['@serialport/bindings-cpp']);
  });

  test('depends on every package that it imports', async () => {
    const { dependencies, peerDependencies } = manifestOf('.');
    const imported = await importedPackages(path.join(project, 'node_modules/serial-communicator/dist'));
    expect(imported).toContain('serialport');
    // One that is optional is imported when it is needed.
    const known = { ...dependencies, mqtt: peerDependencies.mqtt };
    expect(imported.filter((name) => !(name in known))).toEqual([]);
  });

  test('contains the license, and the firmware with its prebuilt image and its licenses', () => {
    expect(library.contents).toEqual(
      expect.arrayContaining([
        'LICENSE',
        'README.md',
        'CHANGELOG.md',
        'examples/echo.mjs',
        'examples/gripper.mjs',
        'examples/gripper-devices.mjs',
        'firmware/library.properties',
        'firmware/micropython/packets.py',
        'firmware/src/AcknowledgedPackets.h',
        'firmware/src/AcknowledgedRequests.h',
        'firmware/src/SerialPackets.h',
        'firmware/src/SerialPacketsOptions.h',
        'firmware/src/SerialPacketsPort.h',
        'firmware/src/SerialPacketsRequests.h',
        'firmware/src/byte_ring.c',
        'firmware/src/byte_ring.h',
        'firmware/src/cobs.c',
        'firmware/src/cobs.h',
        'firmware/src/crc16.c',
        'firmware/src/crc16.h',
        'firmware/src/crc32.c',
        'firmware/src/crc32.h',
        'firmware/src/frame_queue.c',
        'firmware/src/frame_queue.h',
        'firmware/src/link.c',
        'firmware/src/link.h',
        'firmware/src/packet_receiver.c',
        'firmware/src/packet_receiver.h',
        'firmware/src/requests.c',
        'firmware/src/requests.h',
        'firmware-echo/firmware-echo.ino',
        'firmware-echo/prebuilt/uno.hex',
        'firmware-echo/prebuilt/NOTICE.md',
        'firmware-echo/prebuilt/LGPL-2.1.txt',
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
