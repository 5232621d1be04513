import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { jsonLines, type Outcome, run, start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestPort, write } from '../../support/test-port.js';

/** Runs `sercom` with lines on stdin. */
function withInput(input: string, ...commandLine: string[]): Promise<Outcome> {
  const running = start(...commandLine);
  running.child.stdin!.on('error', () => {});
  running.child.stdin!.end(input);
  return running.outcome();
}

describe('sercom monitor --input', () => {
  test('sends each line of stdin and shows it as tx', async () => {
    const { code, stdout, stderr } = await withInput(
      'one\r\ntwo\n\nlast',
      'monitor',
      'sim:',
      '--input',
      'text',
      '-n',
      '4',
      '--json',
    );
    const packets = jsonLines(stdout);
    const of = (dir: string) => packets.filter((packet) => packet.dir === dir).map(({ hex }) => hex);
    expect(of('tx')).toEqual(['6f6e65', '74776f', '', '6c617374']);
    expect(of('rx')).toEqual(of('tx'));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('hex: reports an invalid line and sends the next one', async () => {
    const { code, stdout, stderr } = await withInput(
      '00 ff\nxyz\n01\n',
      'monitor',
      'sim:',
      '--input',
      'hex',
      '-n',
      '2',
      '--json',
    );
    expect(jsonLines(stdout).filter(({ dir }) => dir === 'rx')).toMatchObject([{ hex: '00ff' }, { hex: '01' }]);
    expect(stderr).toMatch(/^sercom: invalid hex "xyz";.*\n$/);
    expect(code).toBe(0);
  });

  test.each([
    [[], 'cbor', 'a1616101'],
    [['--encode', 'msgpack'], 'msgpack', '81a16101'],
  ])('json with %j becomes %s, and is decoded again', async (options, decoder, hex) => {
    const { stdout } = await withInput(
      '{"a": 1}\n',
      ...['monitor', 'sim:', '--input', 'json', ...options, '--decode', decoder, '-n', '1', '--json'],
    );
    expect(jsonLines(stdout)).toMatchObject([
      { dir: 'tx', hex, decoded: { a: 1 } },
      { dir: 'rx', hex, decoded: { a: 1 } },
    ]);
  });

  test('--to chooses one of several connections', async () => {
    const { stdout } = await withInput(
      'x\n',
      ...['monitor', 'a=sim:', 'b=sim:', '--input', 'text', '--to', 'b', '-n', '1', '--json'],
    );
    expect(jsonLines(stdout).map(({ name }) => name)).toEqual(['b', 'b']);
  });
});

describe('the output of sercom monitor', () => {
  const LINES = ['monitor', 'sim:', '--input', 'text', '-n', '3'];

  test('--format', async () => {
    const { stdout } = await withInput('a\nbc\ndef\n', ...LINES, '--filter', 'dir=rx', '--format', '%t %l %x');
    expect(stdout).toBe('sim: 1 61\nsim: 2 6263\nsim: 3 646566\n');
  });

  test('--dump', async () => {
    const { stdout } = await withInput('a\nb\nc\n', ...LINES, '--dump');
    expect(stdout.match(/^00000000 {2}6[123] +\|[abc]\|\n00000001$/gm)).toHaveLength(6);
  });

  test('--filter and --reject; -n counts only what matches', async () => {
    const { code, stdout } = await withInput(
      'a\nbb\nccc\ndd\n',
      ...['monitor', 'sim:', '--input', 'text', '--filter', 'length=2', '--filter', 'dir=rx', '--reject', 'text=b'],
      ...['-n', '1', '--json'],
    );
    expect(jsonLines(stdout)).toMatchObject([{ dir: 'rx', hex: '6464' }]);
    expect(code).toBe(0);
  });

  test('-t start, with microseconds', async () => {
    const { stdout } = await withInput('a\nb\nc\n', ...LINES, '-t', 'start');
    expect(stdout).toMatch(/^ +\+0\.000000 {2}sim: {2}tx/);
    expect(stdout.split('\n').filter((line) => /^ +\+\d+\.\d{6} /.test(line))).toHaveLength(6);
  });

  test('--quiet prints no packets, and --stats prints a summary', async () => {
    const { code, stdout, stderr } = await withInput('a\nb\nc\n', ...LINES, '--quiet', '--stats');
    expect(stdout).toBe('');
    expect(stderr).toMatch(
      /^sercom: "sim:": received 3 packets \(3 bytes\), .*sent 3 packets \(3 bytes\), rejected 0 frames/,
    );
    expect(code).toBe(0);
  });

  test('--changes prints its lines at the end if stdout is not a terminal', async () => {
    const { stdout } = await withInput('k1\nk2\nm1\n', ...LINES, '--changes');
    expect(stdout.split('\n').map((line) => line.replace(/[\d.]+ m?s/g, '- ').trimEnd())).toEqual([
      'name  dir   count   interval       last  length  packet',
      expect.stringMatching(/^sim: {2}rx +2 +- +- +2 {2}6b 32 {2}"k2"$/),
      expect.stringMatching(/^sim: {2}rx +1 +- +- +2 {2}6d 31 {2}"m1"$/),
      expect.stringMatching(/^sim: {2}tx +2 +- +- +2 {2}6b 32 {2}"k2"$/),
      expect.stringMatching(/^sim: {2}tx +1 +- +- +2 {2}6d 31 {2}"m1"$/),
      '',
    ]);
  });
});

describe('the files of sercom monitor', () => {
  test('--log has a line for each packet in both directions, and is not overwritten without --force', async () => {
    const log = path.join(await temporaryFolder(), 'packets.log');
    const monitor = () =>
      withInput('a\n', 'monitor', 'uno=sim:', '--input', 'text', '-n', '1', '--quiet', '--log', log);
    expect(await monitor()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const text = await readFile(log, 'utf8');
    expect(text).toMatch(/^\(\d+\.\d{6}\) uno tx#61\n\(\d+\.\d{6}\) uno rx#61\n$/);
    expect(await monitor()).toMatchObject({ code: 2, stderr: expect.stringMatching(/--force/) });
    expect(await readFile(log, 'utf8')).toBe(text);
  });

  test('--pcapng - writes nothing else to stdout', async () => {
    const monitor = start('monitor', 'sim:', '-n', '1', '--pcapng', '-');
    const chunks: Buffer[] = [];
    monitor.child.stdout!.on('data', (chunk) => chunks.push(chunk));
    monitor.child.stdin!.end();
    const { code, stderr } = await monitor.outcome();
    const capture = Buffer.concat(chunks);
    expect(capture.readUInt32LE(0)).toBe(0x0a0d0d0a);
    let offset = 0;
    while (offset < capture.length) {
      offset += capture.readUInt32LE(offset + 4);
    }
    expect(offset).toBe(capture.length);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.skipIf(process.platform !== 'linux')('exits with 1 if the log cannot be written (needs Linux)', async () => {
    const { code, stderr } = await run('monitor', 'sim:', '--log', '/dev/full', '--force');
    expect(stderr).toMatch(/^sercom: --log: cannot write \/dev\/full: no space left; .*\n$/);
    expect(code).toBe(1);
  });
});

describe.skipIf(!has('socat'))('sercom monitor with a slow reader (needs socat)', () => {
  test('--drop never holds the device, and counts what it drops', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const monitor = start('monitor', port, '--json', '--drop');
    monitor.child.stdout!.pause();
    await arrived(1);
    const frames = 2_048;
    const blocks = 32;
    const block = Buffer.from(`00${'0668656c6c6f00'.repeat(frames)}`, 'hex');
    for (let sent = 0; sent < blocks; sent++) {
      await new Promise((resolve) => device.write(block, resolve));
    }
    write(device, '05 01 02 03 04 00');
    monitor.child.stdout!.resume();
    // Sent until it is shown, because the first ones may be dropped as well.
    const again = setInterval(() => write(device, '05 01 02 03 04 00'), 100);
    await monitor.printed(/"hex":"01020304"/).finally(() => clearInterval(again));
    monitor.child.kill('SIGINT');
    const { stdout, stderr, code } = await monitor.outcome();
    const [, received, notShown] = /received (\d+) packets .*, (\d+) not shown\n$/.exec(stderr)!;
    const shown = jsonLines(stdout).length;
    expect(shown).toBe(Number(received) - Number(notShown));
    expect(jsonLines(stdout).filter(({ hex }) => hex === '68656c6c6f').length).toBeLessThan(blocks * frames);
    expect(Number(received)).toBeGreaterThan(blocks * frames);
    expect(code).toBe(0);
  });
});

describe('sercom monitor --input text', () => {
  test('sends the bytes of each line unchanged', async () => {
    const monitor = start('monitor', 'sim:', '--input', 'text', '-n', '3', '--json');
    monitor.child.stdin!.end(Buffer.from('efbbbf410afffe0d0aefbbbf', 'hex'));
    const { code, stdout } = await monitor.outcome();
    const received = jsonLines(stdout).filter(({ dir }) => dir === 'rx');
    expect(received.map(({ hex }) => hex)).toEqual(['efbbbf41', 'fffe', 'efbbbf']);
    expect(code).toBe(0);
  });
});
