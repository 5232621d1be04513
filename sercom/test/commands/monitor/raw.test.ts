import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { jsonLines, run, start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TerminalProcess } from '../../support/terminal-process.js';
import { openTestPort, write } from '../../support/test-port.js';

const TEXT = 'temp 21.5\r\n';

describe.skipIf(!has('socat'))('sercom monitor on a device that prints text (needs socat)', () => {
  test('says so after a while, also in a pipe, and counts the bytes', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const monitor = start('monitor', port, '--json');
    await arrived(1);
    device.write(TEXT);
    await monitor.complained(/^sercom: ".*": 11 bytes received, but no delimiter \(00\): they look like text .*\n$/);
    expect(monitor.stderr).toMatch(/\("temp 21\.5\\r\\n"\): the device prints text .*; --raw shows them\n$/);
    monitor.child.kill('SIGINT');
    const { code, stdout, stderr } = await monitor.outcome();
    expect(stderr).toMatch(/\nsercom: received 0 packets \(0 bytes\), skipped 11 bytes\n$/);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' });
  });

  test('says so if the text ends with zeros', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const monitor = start('monitor', port);
    await arrived(1);
    device.write('\0temp 21.5\0temp 21.6\0');
    await monitor.complained(
      /: 2 frames rejected; the last one looks like text \("temp 21\.6"\): does the device print/,
    );
  });

  test('extcap says so, too', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const file = path.join(await temporaryFolder(), 'capture');
    const capture = start('extcap', '--extcap-interface', `sercom-${port}`, '--capture', '--fifo', file);
    await arrived(1);
    device.write(TEXT);
    await capture.complained(/they look like text .*; "sercom monitor \S+ --raw" shows them\n$/);
  });

  test('--raw shows the text line by line, and no hint', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const monitor = start('monitor', `arm=${port}`, '--raw', '--timeout', '3');
    await arrived(1);
    device.write(`${TEXT}${TEXT}ok`);
    const { code, stdout, stderr } = await monitor.outcome();
    expect(stdout.split('\n').map((line) => line.slice('00:00:00.000000  '.length))).toEqual([
      'arm  rx     11  74 65 6d 70 20 32 31 2e 35 0d 0a  "temp 21.5\\r\\n"',
      'arm  rx     11  74 65 6d 70 20 32 31 2e 35 0d 0a  "temp 21.5\\r\\n"',
      'arm  rx      2  6f 6b                    "ok"',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--raw --json marks its objects; --log gets packets and rejected frames', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const log = path.join(await temporaryFolder(), 'packets.log');
    const monitor = start('monitor', `arm=${port}`, '--raw', '--json', '--log', log, '--filter', 'dir=rx');
    await arrived(1);
    write(device, '00 02 55 00');
    await monitor.printedLines(2);
    monitor.child.kill('SIGINT');
    const { stdout, stderr } = await monitor.outcome();
    const common = { ts: expect.any(String), name: 'arm', dir: 'rx', raw: true };
    expect(jsonLines(stdout)).toEqual([
      { ...common, length: 1, hex: '00' },
      { ...common, length: 3, hex: '025500' },
    ]);
    expect(stderr).toBe('sercom: received 1 packet (1 byte)\n');
    expect(await readFile(log, 'utf8')).toMatch(/^\(\S+\) arm rx#55\n$/);
  });

  test.skipIf(!has('python3'))('on a terminal, b shows the bytes, and the status line counts them', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const monitor = new TerminalProcess(['monitor', `arm=${port}`, '--stats'], { columns: 200 });
    await monitor.printed(/for keys/);
    await arrived(1);
    device.write(TEXT);
    await monitor.printed(/rx 0\/s \d.*\/s .* 11 B skipped/);
    await monitor.printed(/they look like text .*; press b to see them/);
    monitor.type('b');
    await monitor.printed(/showing bytes as they arrive/);
    device.write(TEXT);
    await monitor.printed(/rx\x1b\[0m +11 {2}74 65 .* {2}"temp 21\.5\\r\\n"/);
    monitor.type('bq');
    await monitor.printed(/showing packets/);
    expect((await monitor.outcome()).code).toBe(0);
  });
});

test.each([
  [['--count', '2'], '--count'],
  [['--changes'], '--changes'],
  [['--quiet'], '--quiet'],
  [['--decode', 'text'], '--decode'],
])('--raw cannot be used with %j', async (options, option) => {
  const { code, stderr } = await run('monitor', 'sim:', '--raw', ...options);
  expect(stderr).toMatch(`--raw cannot be used with ${option}`);
  expect(code).toBe(2);
});

test('--raw cannot be used with --pcapng -', async () => {
  expect(await run('monitor', 'sim:', '--raw', '--pcapng', '-')).toMatchObject({
    code: 2,
    stderr: 'sercom: --raw shows bytes on stdout, which --pcapng - writes to; name a file\n',
  });
});
