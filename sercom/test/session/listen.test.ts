import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { DIALOG, DIALOG_LOG } from '../support/heard-dialog.js';
import { expectMessageForm } from '../support/message-form.js';
import { jsonLines, run, start } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { openTestPort, write } from '../support/test-port.js';

async function fileOf(text: string): Promise<string> {
  const file = path.join(await temporaryFolder(), 'heard.log');
  await writeFile(file, text);
  return file;
}

/** What `--json` printed: events, and the packets. */
const shown = (stdout: string) =>
  jsonLines(stdout).map(({ dir, event, frame, number, hex }) =>
    event ? `${dir} ${event}` : `${dir} ${frame} ${number} ${hex}`,
  );

const SHOWN = [
  ...['rx noSession', 'tx open', 'rx status', 'tx session', 'tx data 0 6869', 'rx session'],
  ...['tx data 1 6869', 'tx data 2 6f6b', 'rx data 0 6f6b', 'tx datagram 0 6869'],
];

/** How many of these lines are printed after each frame of the dialog. */
const LINES_AFTER = [1, 2, 3, 5, 6, 6, 7, 8, 8, 8, 9, 9, 9, 9, 10];

describe('replay --delivery listen', () => {
  test('prints the packets of sessions, once each, and events', async () => {
    const { code, stdout, stderr } = await run('replay', await fileOf(DIALOG_LOG), '--delivery', 'listen', '--json');
    expect(shown(stdout)).toEqual(SHOWN);
    expect(jsonLines(stdout)[2]).toMatchObject({ name: 'arm', dir: 'rx', h: '12345678', receiveWindow: 4 });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('prints events in text, and counts repetitions', async () => {
    const file = await fileOf(DIALOG_LOG);
    const { stdout, stderr } = await run('replay', file, '--delivery', 'listen', '--stats', '--columns', 'dir,text');
    expect(stdout.split('\n').slice(0, 7)).toEqual([
      'rx  NO_SESSION: the device has no session, D 00000000',
      'tx  OPEN: the host asks for a session, H 12345678, window 8, packets up to 256 bytes',
      'rx  STATUS: the device answers, H 12345678, D 00000000, receives 4 packets up to 64 bytes, sends 4 up to 64 bytes',
      'tx  session 14e5289a',
      'tx  "hi"',
      'rx  session 14e5289a',
      'tx  "hi"',
    ]);
    expect(stderr).toMatch('"arm": received 1 packet (2 bytes)');
    expect(stderr).toMatch('"arm" tx: heard 1 session, 1 repetition, 2 acknowledgements, ');
  });

  test('prints events on stderr if there is no place for them on stdout', async () => {
    const options = ['--delivery', 'listen', '--format', '%x'];
    const { stdout, stderr } = await run('replay', await fileOf(DIALOG_LOG), ...options);
    expect(stdout).toBe('6869\n6869\n6f6b\n6f6b\n6869\n');
    expect(stderr).toMatch(/^sercom: "arm": NO_SESSION: .*\n(sercom: "arm": .*\n){4}$/);
  });

  test('filters packets, not frames', async () => {
    const options = ['--delivery', 'listen', '--filter', 'length=2,text=ok', '--format', '%d %x'];
    expect((await run('replay', await fileOf(DIALOG_LOG), ...options)).stdout).toBe('tx 6f6b\nrx 6f6b\n');
  });

  test('writes a log of all frames, with the events, which can be decoded again', async () => {
    const log = path.join(await temporaryFolder(), 'again.log');
    await run('replay', await fileOf(DIALOG_LOG), '--delivery', 'listen', '--log', log, '-q');
    const text = await readFile(log, 'utf8');
    expect(text.replace(/^#.*\n/gm, '')).toBe(DIALOG_LOG);
    expect(text).toMatch('# "arm" tx: session 14e5289a  2023-11-14T22:13:20.030000Z\n');
    const { stdout } = await run('replay', log, '--delivery', 'listen', '--json');
    expect(shown(stdout)).toEqual(SHOWN);
  });

  test('separates ids from the payloads', async () => {
    const options = ['--delivery', 'listen', '--request-ids', '1', '--json'];
    const { stdout } = await run('replay', await fileOf(DIALOG_LOG), ...options);
    expect(jsonLines(stdout)[4]).toMatchObject({ id: 0x68, hex: '69', frame: 'data' });
  });

  test('escapes names', async () => {
    const { code, stdout } = await run(
      'replay',
      await fileOf(DIALOG_LOG.replaceAll('arm', '%1B[31m')),
      '--delivery',
      'listen',
    );
    expect(code).toBe(0);
    expect(stdout).not.toMatch('\u001b');
  });

  test.each([
    [['--checksum', 'crc16', '/dev/null'], '--checksum'],
    [['/dev/null'], 'with a port'],
  ])('refuses %j', async (options, problem) => {
    const { code, stderr } = await run('replay', await fileOf(DIALOG_LOG), '--delivery', 'listen', ...options);
    expect(code).toBe(2);
    expect(stderr).toMatch(problem);
    expectMessageForm(stderr);
  });
});

describe.skipIf(!has('socat'))('monitor --delivery listen (needs socat)', () => {
  test('hears both directions of a session on two ports', async () => {
    const host = await openTestPort();
    const device = await openTestPort();
    const ports = [`host=${host.path}`, `device=${device.path}`];
    const options = ['--delivery', 'listen', '--json', '-n', '5', '--no-skip-first', '--await-port'];
    const monitor = start('monitor', ...ports, ...options);
    await Promise.all([monitor.complained(/"host" connected/), monitor.complained(/"device" connected/)]);
    for (const [index, { from, wire }] of DIALOG.entries()) {
      write((from === 'host' ? host : device).device, wire);
      // So that the order of the two ports is that of the dialog.
      await (LINES_AFTER[index] === 10 ? undefined : monitor.printedLines(LINES_AFTER[index]!));
    }
    const { code, stdout } = await monitor.outcome();
    const names = { rx: 'device', tx: 'host' };
    expect(
      jsonLines(stdout).map(({ name, event, frame, number, hex }) =>
        event ? `${name} ${event}` : `${name} ${frame} ${number} ${hex}`,
      ),
    ).toEqual(SHOWN.map((text) => text.replace(/^(rx|tx)/, (dir) => names[dir as 'rx'])));
    expect(code).toBe(0);
    expect(await Promise.all([host.arrived(0), device.arrived(0)])).toEqual(['', '']);
  });

  test('says that a session was heard, but no packet', async () => {
    const device = await openTestPort();
    const options = ['--delivery', 'listen', '--no-skip-first', '--await-port', '--timeout', '3'];
    const monitor = start('monitor', `device=${device.path}`, ...options);
    await monitor.complained(/"device" connected/);
    write(device.device, DIALOG[0]!.wire);
    const { code, stderr } = await monitor.outcome();
    expect(code).toBe(3);
    expect(stderr).toMatch(/ within 3 seconds; acknowledged delivery was heard, but no new packet: /);
  });

  test('refuses packets to send', async () => {
    const { code, stderr } = await run('monitor', '/dev/null', '--delivery', 'listen', '--input', 'text');
    expect(code).toBe(2);
    expectMessageForm(stderr);
  });
});
