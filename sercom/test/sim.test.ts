import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { jsonLines, run, SERCOM, start } from './support/sercom-process.js';

const LINE = /^\d\d:\d\d:\d\d\.\d{6} {2}(\S+) {2}(rx|tx) +(\d+) {2}([0-9a-f ]*?) *"(.*)"$/;

describe('sercom monitor sim:', () => {
  test('sends the sketch a packet a second and shows its echoes, a line each', async () => {
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

  test('--json prints objects whose times are those of the packets', async () => {
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

  test('two boards at once, counted together', async () => {
    const { code, stdout } = await run('monitor', 'left=sim:', 'right=sim:', '-n', '2', '--json');
    const names = jsonLines(stdout)
      .filter(({ dir }) => dir === 'rx')
      .map(({ name }) => name);
    expect(names.sort()).toEqual(['left', 'right']);
    expect(code).toBe(0);
  });

  test('--timeout without -n is fine with one packet', async () => {
    expect(await run('monitor', 'sim:', '--timeout', '1.5')).toMatchObject({ code: 0, stderr: '' });
  });

  test('--timeout exits with 3 when -n packets have not come', async () => {
    const { code, stdout, stderr } = await run('monitor', 'sim:', '-n', '1000', '--timeout', '0.9', '--json');
    expect(jsonLines(stdout).map(({ dir }) => dir)).toEqual(['tx', 'rx']);
    expect(stderr).toMatch(/^sercom: received 1 packet \(7 bytes\), sent 1 packet.* within 0\.9 seconds;.*\n$/);
    expect(code).toBe(3);
  });

  test('at the wrong baud rate nothing comes but advice', async () => {
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

  test('a pipe that is closed ends it quietly with 0', async () => {
    const monitor = start('monitor', 'sim:', '--json');
    await monitor.printed(/rx/);
    monitor.child.stdout!.destroy();
    expect(await monitor.outcome()).toMatchObject({ code: 0, signal: null, stderr: '' });
  });

  test.skipIf(process.platform !== 'linux')('a stdout that cannot be written exits with 1 (needs Linux)', async () => {
    const full = openSync('/dev/full', 'w');
    const monitor = spawn(process.execPath, [SERCOM, 'monitor', 'sim:'], { stdio: ['ignore', full, 'pipe'] });
    let stderr = '';
    monitor.stderr!.on('data', (chunk) => {
      stderr += chunk;
    });
    const [code] = await once(monitor, 'close');
    expect(stderr).toMatch(/^sercom: cannot write to stdout: ENOSPC.*\n$/);
    expect(code).toBe(1);
  });

  test('takes nothing from stdin', async () => {
    const monitor = start('monitor', 'sim:', '-n', '1');
    monitor.child.stdin!.on('error', () => {});
    monitor.child.stdin!.end('ignored\n');
    expect(await monitor.outcome()).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('sercom send sim:', () => {
  test.each([
    [['--text', 'hällo'], '68c3a46c6c6f'],
    [['--text', ''], ''],
    [['--text', '--hex'], '2d2d686578'],
    [['--hex', '00:01 fF'], '0001ff'],
    [['--hex', ''], ''],
  ])('%j', async (what, hex) => {
    const { code, stdout, stderr } = await run('send', 'sim:', ...what, '--wait', '1', '--json');
    expect(jsonLines(stdout)).toEqual([
      { ts: expect.any(String), name: 'sim:', dir: 'rx', length: hex.length / 2, hex },
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--stdin sends all of stdin as one packet', async () => {
    const send = start('send', 'uno=sim:', '--stdin', '--wait', '1', '--json');
    send.child.stdin!.write('one\n');
    send.child.stdin!.end('two\n');
    expect(jsonLines((await send.outcome()).stdout)).toMatchObject([{ name: 'uno', hex: '6f6e650a74776f0a' }]);
  });

  test("answers come in monitor's line format, with everything escaped", async () => {
    const { stdout } = await run('send', 'sim:', '--hex', '1b 5b 32 4a c2 9b ff e2 80 ae', '--wait', '1');
    expect(LINE.exec(stdout.trimEnd())?.slice(1)).toEqual([
      'sim:',
      'rx',
      '10',
      '1b 5b 32 4a c2 9b ff e2 80 ae',
      '\\x1b[2J\\u{9b}\\xff\\u{202e}',
    ]);
  });

  test('without --wait prints nothing', async () => {
    expect(await run('send', 'sim:', '--text', 'x')).toEqual({ code: 0, signal: null, stdout: '', stderr: '' });
  });

  test('exits with 3 when too few answers come, having shown those that came', async () => {
    const { code, stdout, stderr } = await run(
      'send',
      'sim:',
      '--text',
      'x',
      '--wait',
      '2',
      '--timeout',
      '1',
      '--json',
    );
    expect(jsonLines(stdout)).toHaveLength(1);
    expect(stderr).toMatch(/^sercom: only 1 of 2 answers from "sim:" within 1 second; .*\n$/);
    expect(code).toBe(3);
  });

  test('Ctrl-C exits with 130 and one line of totals', async () => {
    const send = start('send', 'sim:', '--text', 'x', '--wait', '2', '--timeout', '20');
    await send.printed(/rx/);
    send.child.kill('SIGINT');
    const { code, signal, stderr } = await send.outcome();
    expect(stderr).toBe('sercom: received 1 packet (1 byte), sent 1 packet (1 byte)\n');
    expect({ code, signal }).toEqual({ code: 130, signal: null });
  });
});
