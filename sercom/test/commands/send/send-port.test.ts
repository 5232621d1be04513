import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../../test/support/pty.js';
import { has } from '../../../../test/support/tools.js';
import { jsonLines, start } from '../../support/sercom-process.js';
import { openTestPort, write } from '../../support/test-port.js';

const HELLO = '06 68 65 6c 6c 6f 00';
const CUT = '05 01 02 00';

describe.skipIf(!has('socat'))('sercom send on a port (needs socat)', () => {
  test('writes one delimiter and the frame, and prints the replies it waits for', async () => {
    const { path, device, arrived } = await openTestPort();
    const send = start('send', path, '--hex', '11 00 22', '--wait', '2', '--json');
    expect(await arrived(6)).toBe('000211022200');
    write(device, `${HELLO} ${CUT} 02 05 00 ${HELLO}`);
    const { code, stdout, stderr } = await send.outcome();
    expect(jsonLines(stdout)).toMatchObject([{ hex: '68656c6c6f' }, { error: 'malformed' }, { hex: '05' }]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('--checksum crc32 appends the checksum', async () => {
    const { path, arrived } = await openTestPort();
    const send = start('send', path, '--text', '123456789', '--checksum', 'crc32');
    expect(await arrived(16)).toBe('000e3132333435363738392639f4cb00');
    expect(await send.outcome()).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });

  test('exits with 3 and recommends --settle when there is no reply', async () => {
    const { path, arrived } = await openTestPort();
    const send = start('send', path, '--text', 'hello?', '--wait', '1', '--timeout', '0.3');
    await arrived(9);
    const { code, stdout, stderr } = await send.outcome();
    expect(stderr).toMatch(
      /^sercom: no reply from .* within 0\.3 seconds; .*boot loader runs: try --settle 2000[^\n]*\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' });
  });

  test('recommends a longer --settle when one is given', async () => {
    const { path } = await openTestPort();
    const send = start('send', path, '--text', 'x', '--wait', '1', '--timeout', '0.2', '--settle', '100');
    expect((await send.outcome()).stderr).toContain('try a longer --settle (it is 100 ms)');
  });

  test.each([
    ['no delimiter came', 'f8 e1 9c', /no reply .*; 3 bytes received, but no delimiter \(00\): .*baud rate/],
    ['text came', '48 69 0a', /no reply .*: they look like text \("Hi\\n"\): .* "sercom monitor --raw" shows them/],
    ['only delimiters came', '00 00', /no reply .*; received only delimiters/],
  ])('--wait explains why there was no reply: %s', async (_, hex, reason) => {
    const { path, device, arrived } = await openTestPort();
    const send = start('send', path, '--text', 'x', '--wait', '1', '--timeout', '0.5');
    await arrived(4);
    write(device, hex);
    const { code, stderr } = await send.outcome();
    expect(stderr).toMatch(/^sercom: [^\n]*\n$/);
    expect(stderr).toMatch(reason);
    expect(stderr).not.toContain('boot loader');
    expect(code).toBe(3);
  });

  test('--wait reports rejected frames if only some of the replies arrive', async () => {
    const { path, device, arrived } = await openTestPort();
    const send = start('send', path, '--text', 'x', '--wait', '2', '--timeout', '0.5');
    await arrived(4);
    write(device, `${HELLO} ${CUT}`);
    expect((await send.outcome()).stderr).toMatch(/only 1 of 2 replies .*lower --wait; 1 frame rejected: .*--checksum/);
  });

  test('prints a rejected reply and recommends checking --checksum', async () => {
    const { path, device, arrived } = await openTestPort();
    const send = start('send', path, '--text', 'x', '--wait', '1', '--timeout', '0.5');
    await arrived(4);
    write(device, CUT);
    const { code, stdout, stderr } = await send.outcome();
    expect(stdout).toMatch(/rejected: malformed\n$/);
    expect(stderr).toMatch(/1 frame rejected: .*--checksum/);
    expect(code).toBe(3);
  });

  test('exits with 1 when the device disconnects', async () => {
    const { path, arrived, unplug } = await openTestPort();
    const send = start('send', path, '--text', 'x', '--wait', '1', '--timeout', '15');
    await arrived(4);
    await unplug();
    expect(await send.outcome()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^sercom: .*disconnected.*\n$/),
    });
  });
});

test.skipIf(!has('python3'))('says that the device accepts no bytes (needs python3)', async () => {
  const device = new Pty();
  onTestFinished(() => device.end());
  const send = start('send', await device.open(), '--stdin');
  send.child.stdin!.end(Buffer.alloc(65_536, 'x'));
  await send.complained(/^sercom: ".*": the device accepts no bytes: check .*--rtscts, --xon\)\n$/);
  send.child.kill('SIGINT');
  expect((await send.outcome()).code).toBe(130);
});
