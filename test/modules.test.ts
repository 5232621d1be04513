import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installIntoProject, pack, ROOT, run } from './support/packages.js';

let tarballs: string;
let project: string;

beforeAll(async () => {
  tarballs = await mkdtemp(path.join(tmpdir(), 'modules-test-'));
  project = await installIntoProject(await pack('serial-communicator', tarballs));
}, 120_000);

afterAll(async () => {
  await rm(tarballs, { recursive: true, force: true });
  await rm(project, { recursive: true, force: true });
});

describe('on this version of Node', () => {
  /** `require` also fails if a module that an entry imports has a top-level await. */
  test.each(['serial-communicator', 'serial-communicator/testing', 'serial-communicator/mqtt'])(
    'require loads %s without a warning',
    async (name) => {
      const program = `console.log(Object.keys(require('${name}')).length > 1)`;
      const words = ['--input-type=commonjs', '--eval', program];
      expect(await run(process.execPath, words, { cwd: project })).toEqual({ stdout: 'true\n', stderr: '' });
    },
  );

  test('require and import give the same classes', async () => {
    const program = `
      const { SerialCommunicator, Communicator } = require('serial-communicator');
      const { LoopbackCommunicator } = require('serial-communicator/testing');
      import('serial-communicator').then((imported) => {
        console.log(imported.SerialCommunicator === SerialCommunicator);
        console.log(new LoopbackCommunicator() instanceof Communicator);
      });`;
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '--eval', program], { cwd: project });
    expect(stdout).toBe('true\ntrue\n');
  });

  test('require opens a port with native code', async () => {
    const program = `
      const { SerialCommunicator } = require('serial-communicator');
      const serial = new SerialCommunicator();
      serial.addConnection('arm', { path: '/dev/null', baudRate: 9600 });
      serial.initialize().catch(({ errors: [error] }) => console.log(error.code, error.message));`;
    const { stdout } = await run(process.execPath, ['--input-type=commonjs', '--eval', program], { cwd: project });
    expect(stdout).toMatch(/^PORT_OPEN_FAILED .*not a serial port/);
  });
});

/** Statements that print the same whether they are compiled to ES modules or to CommonJS. */
const USE = `
const serial = new SerialCommunicator({ binding: mockBinding(new MockDevice({ path: '/dev/mock' })) });
const connection: SerialConnection = { path: '/dev/mock', baudRate: 115_200 };
serial.addConnection('arm', connection);
console.log(CommunicatorState[serial.state]);
`;

const IMPORT = `
import { CommunicatorState, SerialCommunicator, type SerialConnection } from 'serial-communicator';
import { MockDevice, mockBinding } from 'serial-communicator/testing';
${USE}`;

const DYNAMIC_IMPORT = `
import type { SerialConnection } from 'serial-communicator' with { 'resolution-mode': 'import' };
async function main() {
  const { CommunicatorState, SerialCommunicator } = await import('serial-communicator');
  const { MockDevice, mockBinding } = await import('serial-communicator/testing');
  ${USE}
}
void main();`;

describe.each([
  ['node16, ES modules', 'program.mts', IMPORT, { module: 'Node16', moduleResolution: 'node16' }],
  ['nodenext, ES modules', 'program.mts', IMPORT, { module: 'NodeNext', moduleResolution: 'nodenext' }],
  ['bundler, ES modules', 'program.mts', IMPORT, { module: 'ES2022', moduleResolution: 'bundler' }],
  ['node16, CommonJS with import()', 'program.cts', DYNAMIC_IMPORT, { module: 'Node16', moduleResolution: 'node16' }],
  ['nodenext, CommonJS', 'program.cts', IMPORT, { module: 'NodeNext', moduleResolution: 'nodenext' }],
  ['bundler, CommonJS', 'program.cts', IMPORT, { module: 'CommonJS', moduleResolution: 'bundler' }],
])('TypeScript with %s', (_name, file, source, options) => {
  test('type-checks, compiles and runs', async () => {
    const compilerOptions = {
      strict: true,
      target: 'ES2023',
      lib: ['ES2023', 'ESNext.Disposable'],
      types: ['node'],
      typeRoots: [path.join(ROOT, 'node_modules/@types')],
      ...options,
    };
    await writeFile(path.join(project, file), source);
    await writeFile(path.join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: [file] }));
    await run(process.execPath, [path.join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', project]).catch((error) => {
      throw new Error(error.stdout);
    });
    const compiled = path.join(project, file.replace(/ts$/, 'js'));
    expect((await run(process.execPath, [compiled], { cwd: project })).stdout).toBe('UNINITIALIZED\n');
  }, 60_000);
});
