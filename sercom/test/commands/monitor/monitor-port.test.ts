import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { jsonLines, start } from '../../support/sercom-process.js';
import { openTestPort, write } from '../../support/test-port.js';

const HELLO = '06 68 65 6c 6c 6f 00';
const CUT = '05 01 02 00';

describe.skipIf(!has('socat'))('sercom monitor on a port (needs socat)', () => {
  test('shows packets and rejected frames, skips bytes before the first delimiter, and counts packets', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', `arm=${path}@57600`, '-n', '2');
    expect(await arrived(1)).toBe('00');
    write(device, `02 02 00 ${HELLO} ${CUT} 05 1b 5b 32 4a 00 ${HELLO}`);
    const { code, stdout, stderr } = await monitor.outcome();
    expect(stdout.split('\n').map((line) => line.slice('00:00:00.000000  '.length))).toEqual([
      'arm  rx      5  68 65 6c 6c 6f           "hello"',
      'arm  rx      3  05 01 02                 rejected: malformed',
      'arm  rx      4  1b 5b 32 4a              "\\x1b[2J"',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--json shows the error of a rejected frame, its length on the wire and its first bytes', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '-n', '1', '--json');
    await arrived(1);
    device.write(Buffer.concat([Buffer.of(0), Buffer.alloc(70_000, 0x01), Buffer.of(0)]));
    write(device, `${CUT} ${HELLO}`);
    const { stdout } = await monitor.outcome();
    expect(jsonLines(stdout)).toEqual([
      { ts: expect.any(String), name: path, dir: 'rx', length: 70_000, hex: '01'.repeat(64), error: 'too-long' },
      { ts: expect.any(String), name: path, dir: 'rx', length: 3, hex: '050102', error: 'malformed' },
      { ts: expect.any(String), name: path, dir: 'rx', length: 5, hex: '68656c6c6f' },
    ]);
  });

  test('--no-skip-first decodes bytes before the first delimiter', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--no-skip-first', '-n', '1', '--json');
    await arrived(1);
    write(device, HELLO);
    expect(jsonLines((await monitor.outcome()).stdout)).toMatchObject([{ hex: '68656c6c6f' }]);
  });

  test('--checksum crc16 checks and removes the checksum', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--checksum', 'crc16', '-n', '1', '--json');
    await arrived(1);
    write(device, '00 0c 31 32 33 34 35 36 37 38 38 29 b1 00 0c 31 32 33 34 35 36 37 38 39 29 b1 00');
    expect(jsonLines((await monitor.outcome()).stdout)).toMatchObject([
      { error: 'checksum', length: 12 },
      { hex: '313233343536373839', length: 9 },
    ]);
  });

  test.each([
    ['no bytes', '', /no bytes received: does the device send packets unprompted\?/],
    ['no delimiter', 'f8 e1 9c', /3 bytes received, but no delimiter \(00\): check the baud rate.*--raw/],
    ['text', '48 69 0a', /no delimiter \(00\): they look like text \("Hi\\n"\): the device prints text .*--raw/],
    ['only skipped bytes', HELLO, /skipped 6 bytes within .*; the 6 bytes before the first .* --no-skip-first/],
    ['only delimiters', '00 00', /received only delimiters/],
    ['only rejected frames', `00 ${CUT}`, /rejected 1 frame \(1 malformed\) within .*--checksum/],
  ])('--timeout explains why no packet arrived: %s', async (_, hex, reason) => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--timeout', '1.5');
    await arrived(1);
    write(device, hex);
    const { code, stderr } = await monitor.outcome();
    expect(stderr).toMatch(/^sercom: received 0 packets [^\n]*\n$/);
    expect(stderr).toMatch(reason);
    expect(code).toBe(3);
  });

  test('--timeout with --count says that the first packet may have been skipped', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '-n', '2', '--timeout', '1.5');
    await arrived(1);
    write(device, `${HELLO} ${HELLO}`);
    const { code, stderr } = await monitor.outcome();
    expect(stderr).toMatch(
      /received 1 packet \(5 bytes\), skipped 6 bytes within .*; the 6 bytes before the first delimiter were skipped; --no-skip-first/,
    );
    expect(code).toBe(3);
  });

  test('sending first starts in step: the reply of a device that sends no delimiter before it is shown', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--input', 'hex', '-n', '1', '--json');
    monitor.child.stdin!.write('07\n');
    await arrived(4);
    write(device, HELLO);
    expect(jsonLines((await monitor.outcome()).stdout)).toMatchObject([{ dir: 'tx' }, { hex: '68656c6c6f' }]);
  });

  test('--no-reconnect continues without one of two devices, and exits with 1 without both', async () => {
    const arm = await openTestPort();
    const leg = await openTestPort();
    const monitor = start('monitor', `arm=${arm.path}`, `leg=${leg.path}`, '--json', '--no-reconnect');
    await Promise.all([arm.arrived(1), leg.arrived(1)]);
    await arm.unplug();
    await monitor.complained(/^sercom: .*"arm".*disconnected.*\n$/);
    write(leg.device, `00 ${HELLO}`);
    await monitor.printed(/"name":"leg".*"hex":"68656c6c6f"/);
    await leg.unplug();
    const { code, stderr } = await monitor.outcome();
    expect(stderr).toMatch(/^sercom: .*"arm".*disconnected.*\nsercom: .*"leg".*disconnected.*\n$/);
    expect(code).toBe(1);
  });

  test('holds the device while its output is not read, and then shows every packet', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--json');
    monitor.child.stdout!.pause();
    await arrived(1);
    const frames = 512;
    const block = Buffer.from(`00${HELLO.replaceAll(' ', '').repeat(frames)}`, 'hex');
    let blocks = 0;
    let isHeld = false;
    // A device is held if it cannot write for a second. Without backpressure it could always write.
    while (!isHeld) {
      expect(++blocks).toBeLessThan(2_000);
      const written = new Promise<boolean>((resolve) => device.write(block, () => resolve(false)));
      const timeout = new Promise<boolean>((resolve) => setTimeout(resolve, 1_000, true));
      isHeld = await Promise.race([written, timeout]);
    }
    monitor.child.stdout!.resume();
    const shown = blocks * frames;
    await monitor.printedLines(shown);
    monitor.child.kill('SIGINT');
    const { code, stdout, stderr } = await monitor.outcome();
    expect(stderr).toBe(`sercom: received ${shown} packets (${5 * shown} bytes)\n`);
    expect(stdout.match(/"hex":"68656c6c6f"}\n/g)).toHaveLength(shown);
    expect(code).toBe(0);
  });

  test('drops and counts rejected frames while its output is not read', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--json');
    monitor.child.stdout!.pause();
    await arrived(1);
    const block = Buffer.from(`00${CUT.replaceAll(' ', '').repeat(2_048)}`, 'hex');
    const blocks = 32;
    for (let i = 0; i < blocks; i++) {
      await new Promise((resolve) => device.write(block, resolve));
    }
    // A packet after them is shown, so that the test knows that all of them have arrived.
    write(device, HELLO);
    monitor.child.stdout!.resume();
    await monitor.printed(/68656c6c6f/);
    monitor.child.kill('SIGINT');
    const { stderr } = await monitor.outcome();
    const [, shown, dropped] =
      /^sercom: received 1 packet \(5 bytes\), rejected (\d+) frames \(\d+ malformed\), (\d+) not shown$/m.exec(
        stderr,
      )!;
    expect(Number(shown) + Number(dropped)).toBe(blocks * 2_048);
  });

  test('ends silently when its output pipe is closed, while records still arrive', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path);
    await arrived(1);
    const block = Buffer.from(`00${(CUT + HELLO).replaceAll(' ', '').repeat(512)}`, 'hex');
    const flood = () => device.write(block, (error) => !error && setImmediate(flood));
    flood();
    await monitor.printedLines(1_000);
    monitor.child.stdout!.destroy();
    expect(await monitor.outcome()).toMatchObject({ code: 0, signal: null, stderr: '' });
    device.destroy();
  });

  test('reports a port that is in use and exits with 1', async () => {
    const { path, arrived } = await openTestPort();
    start('monitor', path);
    await arrived(1);
    const second = await start('monitor', path).outcome();
    expect(second).toMatchObject({ code: 1, stderr: expect.stringMatching(/^sercom: .*in use.*\n$/) });
  });
});
