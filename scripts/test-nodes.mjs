// npm run test:nodes [-- [--short] VERSION…]: runs the tests with other versions of Node, from the npm registry. Without
// arguments: the whole suite on the oldest and the newest, and a short form on the others.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { runProgram } from './run-program.mjs';

/** Pinned, so that a run can be repeated. The first is the oldest that `engines` of package.json allows. */
const VERSIONS = { 20: '20.19.0', 22: '22.23.5', 24: '24.22.3', 26: '26.12.1' };
const WHOLE = ['20', '26'];

/** Whatever depends on Node itself: native code, terminals, streams, modules, and the text of its errors. */
const SHORT = [
  'test/communicator.test.ts',
  'test/modules.test.ts',
  'test/package.test.ts',
  'test/serial/contract-mock.test.ts',
  'test/serial/contract-pty.test.ts',
  'test/serial/direct-binding.test.ts',
  'test/serial/direct-port-limits.test.ts',
  'test/serial/echo-mock.test.ts',
  'test/serial/echo-pty.test.ts',
  'test/serial/idle-program.test.ts',
  'test/serial/opening.test.ts',
  'test/serial/process-exit.test.ts',
  'test/serial/unsupported-runtime.test.ts',
  'test/warnings.test.ts',
  'sercom/test/commands/list',
  'sercom/test/commands/send',
  'sercom/test/program.test.ts',
  'sercom/test/terminal/background.test.ts',
  'sercom/test/terminal/byte-writer.test.ts',
  'sercom/test/terminal/stalled-terminal.test.ts',
  'sercom/test/terminal/terminal',
];

const { values, positionals } = parseArgs({ options: { short: { type: 'boolean' } }, allowPositionals: true });
const unknown = positionals.find((version) => !Object.hasOwn(VERSIONS, version));
if (unknown !== undefined) {
  console.error(`unknown version "${unknown}"; expected one of: ${Object.keys(VERSIONS).join(', ')}`);
  process.exit(2);
}

const failed = [];
for (const major of positionals.length > 0 ? positionals : Object.keys(VERSIONS)) {
  const isShort = values.short ?? (positionals.length === 0 && !WHOLE.includes(major));
  const bin = install(VERSIONS[major]);
  console.log(`--- Node ${VERSIONS[major]}, ${isShort ? 'short form' : 'whole suite'}`);
  if (!test(bin, isShort ? SHORT : [])) {
    failed.push(VERSIONS[major]);
  }
}
if (failed.length > 0) {
  console.error(`failed on Node ${failed.join(' and ')}`);
  process.exit(1);
}

/** Returns the folder of the executable. It is kept until the next `npm ci`. */
function install(version) {
  const platform = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${platform}-${process.arch}`;
  const prefix = path.resolve('node_modules/.cache/node-versions', version);
  const bin = path.join(prefix, 'node_modules', name, 'bin');
  if (!existsSync(bin)) {
    const words = ['install', '--prefix', prefix, '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
    runProgram('npm', [...words, `${name}@${version}`]);
  }
  return bin;
}

/** Runs the tests with the Node in `bin`, which their child processes find first, too. */
function test(bin, files) {
  const env = { ...process.env, PATH: `${bin}${path.delimiter}${process.env.PATH}` };
  return runProgram(path.join(bin, 'node'), ['node_modules/vitest/vitest.mjs', 'run', ...files], env) === 0;
}
