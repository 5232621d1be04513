import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const LIBRARY = path.resolve(import.meta.dirname, '../../dist/index.js');

/** Looks like Bun or Deno, and opens a port. */
const PROGRAM = `
  const [library, runtime] = process.argv.slice(1);
  Object.defineProperty(process, 'versions', { value: { ...process.versions, [runtime]: '1.0.0' } });
  const { SerialCommunicator } = await import(library);
  const serial = new SerialCommunicator();
  serial.addConnection('arm', { path: '/dev/null', baudRate: 9600 });
  await serial.initialize().catch(({ errors: [error] }) => console.log(error.code, error.message));
`;

test.each([
  ['bun', 'Bun'],
  ['deno', 'Deno'],
])('fails to open a port in %s, and says to use Node.js', async (runtime, name) => {
  const words = ['--input-type=module', '--eval', PROGRAM, LIBRARY, runtime];
  const { stdout } = await promisify(execFile)(process.execPath, words);
  expect(stdout).toMatch(new RegExp(`^RUNTIME_UNSUPPORTED .*"arm".*do not work in ${name}.*Node\\.js$`, 'm'));
});
