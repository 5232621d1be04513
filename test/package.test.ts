import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const run = promisify(execFile);
const ROOT = path.resolve(import.meta.dirname, '..');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';

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

describe('the packed package, installed into an empty project', () => {
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'serial-communicator-'));
    // Without scripts: `prepack` would build anew under the feet of the other tests.
    const { stdout } = await run(npm, ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], {
      cwd: ROOT,
    });
    const [tarball] = JSON.parse(stdout.slice(stdout.indexOf('[')));
    await writeFile(path.join(folder, 'package.json'), JSON.stringify({ name: 'user', private: true, type: 'module' }));
    await run(npm, ['install', '--prefer-offline', '--no-audit', '--no-fund', path.join(folder, tarball.filename)], {
      cwd: folder,
    });
  }, 120_000);

  afterAll(() => rm(folder, { recursive: true, force: true }));

  test('type-checks under nodenext, compiles and runs', async () => {
    await writeFile(path.join(folder, 'program.ts'), PROGRAM);
    const compilerOptions = {
      module: 'NodeNext',
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
      strict: true,
      skipLibCheck: false,
      types: ['node'],
      typeRoots: [path.join(ROOT, 'node_modules/@types')],
    };
    await writeFile(path.join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['program.ts'] }));
    await run(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', folder]).catch((error) => {
      throw new Error(error.stdout);
    });
    const { stdout } = await run(process.execPath, [path.join(folder, 'program.js')], { cwd: folder });
    expect(stdout).toBe('STARTED 1 0 2\n');
  }, 60_000);

  test('its sercom runs, with the simulated board in it', async () => {
    const sercom = path.join(folder, 'node_modules/.bin/sercom');
    const { version } = JSON.parse(await readFile(path.join(ROOT, 'package.json'), 'utf8'));
    expect((await run(sercom, ['--version'])).stdout.trim()).toBe(version);
    const { stdout } = await run(sercom, ['send', 'sim:', '--text', 'hello', '--wait', '1', '--json'], { cwd: folder });
    expect(stdout).toContain('"hex":"68656c6c6f"');
  }, 60_000);

  test('holds the firmware, its sources and its image, and no tests', async () => {
    const { stdout } = await run(npm, ['pack', '--ignore-scripts', '--dry-run', '--json'], { cwd: ROOT });
    const files: string[] = JSON.parse(stdout.slice(stdout.indexOf('[')))[0].files.map(
      (file: { path: string }) => file.path,
    );
    for (const file of [
      'firmware-echo.ino',
      'cobs.c',
      'cobs.h',
      'packet_receiver.c',
      'packet_receiver.h',
      'prebuilt/uno.hex',
    ]) {
      expect(files).toContain(`firmware-echo/${file}`);
    }
    expect(files.filter((file) => /(^|\/)test\//.test(file))).toEqual([]);
  });
});
