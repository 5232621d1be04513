import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonLines, run, SERCOM, start } from '../../support/sercom-process.js';

const LINE = /^\d\d:\d\d:\d\d\.\d{6} {2}(\S+) {2}(rx|tx) +(\d+) {2}([0-9a-f ]*?) *"(.*)"$/;

describe('sercom monitor sim:', () => {
  test('sends the sketch a packet per second and shows each echo as a line', async () => {
    const { code, stdout, stderr } = await run('monitor', 'sim:', '-n', '2');
    expect(stdout.split('\n').map((line) => LINE.exec(line)?.slice(1))).toEqual([
      ['sim:', 'tx', '7', '68 65 6c 6c 6f 20 31', 'hello 1'],
      ['sim:', 'rx', '7', '68 65 6c 6c 6f 20 31', 'hello 1'],
      ['sim:', 'tx', '7', '68 65 6c 6c 6f 20 32', 'hello 2'],
      ['sim:', 'rx', '7', '68 65 6c 6c 6f 20 32', 'hello 2'],
      undefined,
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--json prints objects with the times of the packets', async () => {
    const from = Date.now() - 5;
    const { code, stdout } = await run('monitor', 'uno=sim:', '-n', '1', '--json');
    const [sent, received, ...more] = jsonLines(stdout);
    expect(sent).toEqual({ ts: expect.any(String), name: 'uno', dir: 'tx', length: 7, hex: '68656c6c6f2031' });
    expect(received).toEqual({ ...sent, ts: expect.any(String), dir: 'rx' });
    expect(more).toEqual([]);
    for (const ts of [sent?.ts, received?.ts] as string[]) {
      expect(ts).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
      expect(Date.parse(ts)).toBeGreaterThanOrEqual(from);
      expect(Date.parse(ts)).toBeLessThanOrEqual(Date.now() + 5);
    }
    expect(code).toBe(0);
  });

  test('monitors two boards at once, counted together', async () => {
    const { code, stdout } = await run('monitor', 'left=sim:', 'right=sim:', '-n', '2', '--json');
    const names = jsonLines(stdout)
      .filter(({ dir }) => dir === 'rx')
      .map(({ name }) => name);
    expect(names.sort()).toEqual(['left', 'right']);
    expect(code).toBe(0);
  });

  test('monitors any number of boards without a warning', async () => {
    const boards = Array.from({ length: 12 }, (_, index) => `uno${index}=sim:`);
    expect(await run('monitor', ...boards, '-n', '24', '-q')).toMatchObject({ code: 0, stderr: '' });
  });

  test('--timeout without -n succeeds with one packet', async () => {
    expect(await run('monitor', 'sim:', '--timeout', '1.5')).toMatchObject({ code: 0, stderr: '' });
  });

  test('--timeout exits with 3 if fewer than -n packets arrived', async () => {
    const { code, stdout, stderr } = await run('monitor', 'sim:', '-n', '1000', '--timeout', '0.9', '--json');
    expect(jsonLines(stdout).map(({ dir }) => dir)).toEqual(['tx', 'rx']);
    expect(stderr).toMatch(/^sercom: received 1 packet \(7 bytes\), sent 1 packet.* within 0\.9 seconds;.*\n$/);
    expect(code).toBe(3);
  });

  test('gives advice at the wrong baud rate', async () => {
    const { code, stderr } = await run('monitor', 'sim:@9600', '--timeout', '0.5');
    expect(stderr).toMatch(/^sercom: received 0 packets .*baud rate.*\n$/);
    expect(code).toBe(3);
  });

  test('Ctrl-C prints one line of totals and exits with 0', async () => {
    const monitor = start('monitor', 'sim:');
    await monitor.printed(/rx/);
    monitor.child.kill('SIGINT');
    const { code, signal, stderr } = await monitor.outcome();
    expect(stderr).toMatch(/^sercom: received \d+ packets? \(\d+ bytes\), sent \d+ packets? \(\d+ bytes\)\n$/);
    expect({ code, signal }).toEqual({ code: 0, signal: null });
  });

  test('exits silently with 0 when its output pipe is closed', async () => {
    const monitor = start('monitor', 'sim:', '--json');
    await monitor.printed(/rx/);
    monitor.child.stdout!.destroy();
    expect(await monitor.outcome()).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test.skipIf(process.platform !== 'linux')('exits with 1 if it cannot write to stdout (needs Linux)', async () => {
    const full = openSync('/dev/full', 'w');
    const monitor = spawn(process.execPath, [SERCOM, 'monitor', 'sim:'], { stdio: ['ignore', full, 'pipe'] });
    let stderr = '';
    monitor.stderr!.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(monitor, 'close');
    expect(stderr).toMatch(/^sercom: cannot write to stdout: no space left; .*\n$/);
    expect(code).toBe(1);
  });

  test('ignores stdin', async () => {
    const monitor = start('monitor', 'sim:', '-n', '1');
    monitor.child.stdin!.on('error', () => {});
    monitor.child.stdin!.end('ignored\n');
    expect(await monitor.outcome()).toMatchObject({ code: 0, stderr: '' });
  });
});
