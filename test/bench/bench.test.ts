import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { has } from '../support/tools.js';

const TIMEOUT_MS = 120_000;
const runner = fileURLToPath(new URL('../../bench/run.mjs', import.meta.url));

interface Run {
  code: number;
  output: string;
}

/** Runs `npm run bench -- ARGS` without building. */
function bench(...args: string[]): Promise<Run> {
  return new Promise((resolve) => {
    execFile(process.execPath, [runner, ...args], (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` });
    });
  });
}

describe.skipIf(!has('cc') || process.platform !== 'linux')('benchmarks (need cc and Linux)', () => {
  test.each([
    ['absent-ports', 'present'],
    ['acknowledged-echo', 'acknowledged'],
    ['acknowledged-receive', 'acknowledged'],
    ['acknowledged-send', 'acknowledged'],
    ['codec', 'ours'],
    ['codec', 'npm cobs'],
    ['codec-against-c', 'c'],
    ['decoder-growth', 'ours'],
    ['echo-busy-processors', 'ours'],
    ['echo-held-pool', 'ours'],
    ['echo-latency', 'ours'],
    ['echo-latency', 'c'],
    ['echo-latency', 'plain'],
    ['echo-latency', 'bare'],
    ['echo-tcp', 'ours'],
    ['echo-tcp', 'net'],
    ['fleet', 'ours'],
    ['fleet', 'bare'],
    ['many-ports', 'ours'],
    ['many-ports', 'plain'],
    ['receive-large', 'ours'],
    ['receive-large', 'c'],
    ['receive-small', 'ours'],
    ['receive-small', 'plain'],
    ['send-small', 'ours'],
    ['send-small', 'plain'],
  ])('%s fails if one byte is changed on the side %s', { timeout: TIMEOUT_MS }, async (name, side) => {
    const { code, output } = await bench(name, '--quick', '--corrupt', side);
    expect(output).toMatch(new RegExp(`${name}: FAILED: ${side}.*: wrong bytes`));
    expect(code).toBe(3);
  });

  test('a run with correct bytes passes and writes its results', { timeout: TIMEOUT_MS }, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'bench-test-'));
    const file = join(folder, 'results.json');
    const { code, output } = await bench('receive-small', '--quick', '--json', file);
    expect(output).toContain('ours against plain, rate');
    expect(code).toBe(0);
    const [result] = JSON.parse(readFileSync(file, 'utf8'));
    expect(result).toMatchObject({ name: 'receive-small', quick: true, passed: true });
    expect(result.bars[0].result.median).toBeGreaterThan(0);
    rmSync(folder, { recursive: true });
  });

  test('echo-held-pool fails with a binding that needs the thread pool', { timeout: TIMEOUT_MS }, async () => {
    const { code, output } = await bench('echo-held-pool', '--quick', '--binding', 'serialport');
    expect(output).toContain('echo-held-pool: FAILED: ours: no reply');
    expect(code).toBe(3);
  });
});

test('an unknown benchmark is a usage error that lists the available ones', async () => {
  const { code, output } = await bench('echo-latncy');
  expect(output).toContain('unknown benchmark echo-latncy; available: absent-ports, acknowledged-echo,');
  expect(code).toBe(2);
});
