import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { jsonLines, run, start } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { openTestPort, write } from '../support/test-port.js';

/** Frames of a device: 00 68, 81 68, 05 69, 80 06 02, an empty packet, 05. */
const DEVICE_SENDS = '00 01 02 68 00 03 81 68 00 03 05 69 00 04 80 06 02 00 01 00 02 05 00';

const DEVICE_SENT = [
  { dir: 'rx', id: 0, kind: 'plain', length: 1, hex: '68' },
  { dir: 'rx', id: 129, kind: 'request', length: 1, hex: '68' },
  { dir: 'rx', id: 5, kind: 'reply', length: 1, hex: '69' },
  { dir: 'rx', id: 6, kind: 'error', code: 2, length: 2, hex: '0602' },
  { dir: 'rx', length: 0, hex: '', error: 'too-short' },
  { dir: 'rx', id: 5, kind: 'reply', length: 0, hex: '' },
];

/** What `--json` printed, without times and names. */
function shown(stdout: string): unknown[] {
  return jsonLines(stdout).map(({ ts, name, ...fields }) => fields);
}

describe.skipIf(!has('socat'))('--request-ids on a port (needs socat)', () => {
  test('monitor separates ids and payloads, and answers no request of the device', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--request-ids', '1', '-n', '5', '--json');
    await arrived(1);
    write(device, DEVICE_SENDS);
    const { code, stdout, stderr } = await monitor.outcome();
    expect(shown(stdout)).toEqual(DEVICE_SENT);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(await arrived(1)).toBe('00');
  });

  test('monitor puts the id of a plain packet in front of what it sends', async () => {
    const { path, device, arrived } = await openTestPort();
    const monitor = start('monitor', path, '--request-ids', '2', '--input', 'text', '-n', '1', '--json');
    monitor.child.stdin!.write('hi\n');
    expect(await arrived(7)).toBe('00010103686900');
    await monitor.printedLines(1);
    // 01 05 69
    write(device, '00 04 01 05 69 00');
    expect(shown((await monitor.outcome()).stdout)).toEqual([
      { dir: 'tx', id: 0, kind: 'plain', length: 2, hex: '6869' },
      { dir: 'rx', id: 261, kind: 'reply', length: 1, hex: '69' },
    ]);
  });

  test('--max-packet does not include the id', async () => {
    const { path, device, arrived } = await openTestPort();
    const options = ['--request-ids', '1', '--max-packet', '2', '--input', 'text'];
    const monitor = start('monitor', path, ...options, '-n', '1', '--json');
    monitor.child.stdin!.write('abc\nhi\n');
    expect(await arrived(6)).toBe('000103686900');
    await monitor.printedLines(1);
    write(device, '00 05 05 68 69 21 00 04 05 68 69 00');
    const { stdout, stderr } = await monitor.outcome();
    expect(shown(stdout)).toMatchObject([
      { dir: 'tx', id: 0, hex: '6869' },
      { error: 'too-long' },
      { dir: 'rx', id: 5, hex: '6869' },
    ]);
    expect(stderr).toMatch(/^sercom: packet is longer than 2 bytes; [^\n]*\n$/);
  });

  test('send --wait sends a plain packet, and shows ids and payloads of what comes', async () => {
    const { path, device, arrived } = await openTestPort();
    const send = start('send', path, '--text', 'hi', '--wait', '2', '--request-ids', '1', '--json');
    expect(await arrived(6)).toBe('000103686900');
    write(device, '00 01 02 68 00 01 00 03 81 68 00');
    const { code, stdout } = await send.outcome();
    expect(shown(stdout)).toEqual([DEVICE_SENT[0], DEVICE_SENT[4], DEVICE_SENT[1]]);
    expect(code).toBe(0);
  });

  test.each([
    [
      'monitor',
      [],
      /^sercom: received 0 packets .*rejected 1 frame \(1 too-short\).*; packets are too short for an id: /,
    ],
    ['send', ['--text', 'hi', '--wait', '1'], /^sercom: no reply from .*; packets are too short for an id: /],
  ])('%s --timeout says that packets are too short for their ids', async (command, options, message) => {
    const { path, device, arrived } = await openTestPort();
    const running = start(command, path, ...options, '--request-ids', '2', '--timeout', '1.5');
    await arrived(command === 'send' ? 7 : 1);
    write(device, '00 02 05 00');
    const { code, stderr } = await running.outcome();
    expect(stderr).toMatch(message);
    expect(code).toBe(3);
  });

  test('recordings keep packets as they were on the wire', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const folder = await temporaryFolder();
    const [log, capture] = [path.join(folder, 'a.log'), path.join(folder, 'a.pcapng')];
    const files = ['--log', log, '--pcapng', capture, '--decode', 'text', '-q'];
    const monitor = start('monitor', `arm=${port}`, '--request-ids', '1', '-n', '5', ...files);
    await arrived(1);
    write(device, DEVICE_SENDS);
    expect(await monitor.outcome()).toMatchObject({ code: 0, stdout: '', stderr: '' });
    const onWire = ['0068', '8168', '0569', '800602', '', '05'];
    expect((await readFile(log, 'utf8')).replace(/^\([\d.]+\) /gm, '')).toBe(
      onWire.map((hex) => `arm rx#${hex}\n`).join(''),
    );
    // No dissector knows of the ids in front.
    expect((await readFile(capture)).includes('data-text-lines')).toBe(false);
    for (const file of [log, capture]) {
      expect((await run('replay', file, '--format', '%d %x')).stdout).toBe(onWire.map((hex) => `rx ${hex}\n`).join(''));
      expect(shown((await run('replay', file, '--request-ids', '1', '--json')).stdout)).toEqual(DEVICE_SENT);
    }
  });

  test('replay sends packets with the ids that they were recorded with', async () => {
    const { path: port, device, arrived } = await openTestPort();
    const log = path.join(await temporaryFolder(), 'a.log');
    await writeFile(
      log,
      '(1.000000) arm tx#0068\n(1.000000) arm tx#0568\n(1.000000) arm tx#8169\n(1.000000) arm tx#\n',
    );
    const options = ['--request-ids', '1', '--reject', 'kind=plain', '--linger', '30', '-n', '1', '--json'];
    const replay = start('replay', log, port, ...options);
    expect(await arrived(11)).toBe('0003056800038169000100');
    await replay.printedLines(3);
    write(device, '00 03 05 69 00');
    const { code, stdout, stderr } = await replay.outcome();
    expect(shown(stdout)).toEqual([
      { dir: 'tx', id: 5, kind: 'request', length: 1, hex: '68' },
      { dir: 'tx', id: 129, kind: 'reply', length: 1, hex: '69' },
      { dir: 'tx', length: 0, hex: '', error: 'too-short' },
      { dir: 'rx', id: 5, kind: 'reply', length: 1, hex: '69' },
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});

test('lengths in totals and statistics are those of payloads', async () => {
  const log = path.join(await temporaryFolder(), 'a.log');
  await writeFile(log, '(1.000000) arm rx#0568\n(2.000000) arm rx#0669\n(3.000000) arm rx#\n(3.000000) arm tx#00\n');
  const { stderr } = await run('replay', log, '--request-ids', '1', '--stats', '-q');
  expect(stderr).toBe(
    'sercom: "arm": received 2 packets (2 bytes), 1/s, sent 1 packet (0 bytes), rejected 1 frame (1 too-short)\n',
  );
});
