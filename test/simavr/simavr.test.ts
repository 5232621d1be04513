import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll } from 'vitest';
import { describeEchoSuite } from '../echo-suite.js';
import { NATIVE_BINDINGS } from '../support/native-bindings.js';
import { has } from '../support/tools.js';

const IMAGE = path.resolve(import.meta.dirname, '../../firmware-echo/prebuilt/uno.hex');
const skip = !has('cc') || !existsSync('/usr/include/simavr/sim_avr.h');

/** The maximum packet size of the sketch. */
const LARGEST_PACKET_BYTES = 512;

let folder: string;

beforeAll(() => {
  if (!skip) {
    folder = mkdtempSync(path.join(tmpdir(), 'simavr-'));
    const source = path.join(import.meta.dirname, 'runner.c');
    const output = path.join(folder, 'runner');
    execFileSync('cc', ['-O2', '-I/usr/include/simavr', '-o', output, source, '-lsimavr']);
  }
});

afterAll(() => {
  if (!skip) {
    rmSync(folder, { recursive: true });
  }
});

for (const [name, binding] of NATIVE_BINDINGS) {
  describeEchoSuite(
    `the sketch on simavr, through ${name} (needs cc and libsimavr-dev)`,
    async () => {
      const runner = spawn(path.join(folder, 'runner'), [IMAGE], { stdio: ['pipe', 'pipe', 'inherit'] });
      const exited = once(runner, 'exit');
      const [line] = await once(createInterface({ input: runner.stdout }), 'line');
      return {
        binding,
        connection: { path: String(line).replace('PTY ', ''), baudRate: 115_200, skipFirst: true },
        async dispose() {
          runner.stdin.end();
          await exited;
        },
      };
    },
    { largestPacketBytes: LARGEST_PACKET_BYTES, skip },
  );
}
