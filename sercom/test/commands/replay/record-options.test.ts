import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { definition as monitor } from '../../../src/commands/monitor/command.js';
import { definition as replay } from '../../../src/commands/replay/command.js';
import { RECORD_OPTIONS } from '../../../src/options/record-options.js';
import { run } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TerminalProcess } from '../../support/terminal-process.js';

const LOG = `(1700000000.000000) arm tx#0102
(1700000000.500000) arm rx#0103
(1700000001.000000) leg rx!malformed/3#050102
(1700000001.500000) arm rx#0104
(1700000002.000000) arm rx#0205
`;

async function logFile(): Promise<string> {
  const file = path.join(await temporaryFolder(), 'a.log');
  await writeFile(file, LOG);
  return file;
}

test('monitor and replay have the same options for records', () => {
  expect(monitor.options).toMatchObject(RECORD_OPTIONS);
  expect(replay.options).toMatchObject(RECORD_OPTIONS);
  for (const key of Object.keys(RECORD_OPTIONS) as (keyof typeof RECORD_OPTIONS)[]) {
    expect(monitor.options[key]).toBe(replay.options[key]);
  }
});

describe('sercom replay without a port', () => {
  test.each<[string, string[], string, string]>([
    [
      '--stats counts each connection, at the recorded rate',
      ['-q', '--stats'],
      '',
      'sercom: "arm": received 3 packets (6 bytes), 1.5/s, sent 1 packet (2 bytes), rejected 0 frames\n' +
        'sercom: "leg": received 0 packets (0 bytes), 0/s, sent 0 packets (0 bytes), rejected 1 frame (1 malformed)\n',
    ],
    [
      '--stats counts what matches the filter',
      ['-q', '--stats', '--filter', 'dir=rx,bytes=01'],
      '',
      'sercom: "arm": received 2 packets (4 bytes), 2/s, sent 0 packets (0 bytes), rejected 0 frames\n',
    ],
    [
      '--changes shows what matches the filter, by kind',
      ['--changes', '--reject', 'dir=tx', '--lead', '1'],
      '^arm +rx +2 .*01 04.*\narm +rx +1 .*02 05.*\nleg +rx +1 .*rejected: malformed$',
      '',
    ],
    ['-q prints nothing', ['-q'], '', ''],
    [
      '-n stops after received packets that match',
      ['-n', '1', '--filter', 'bytes=01', '--format', '%d %x'],
      '^tx 0102\nrx 0103$',
      '',
    ],
    [
      '-n counts sent packets if only those are played',
      ['-n', '1', '--dir', 'tx', '--format', '%x', '--loop'],
      '^0102$',
      '',
    ],
    [
      '--stats counts what -n lets through',
      ['-n', '2', '-q', '--stats'],
      '',
      'sercom: "arm": received 2 packets (4 bytes), 1.3/s, sent 1 packet (2 bytes), rejected 0 frames\n' +
        'sercom: "leg": received 0 packets (0 bytes), 0/s, sent 0 packets (0 bytes), rejected 1 frame (1 malformed)\n',
    ],
  ])('%s', async (_, options, stdout, stderr) => {
    const outcome = await run('replay', await logFile(), ...options);
    expect(outcome).toMatchObject({ code: 0, stderr });
    expect(outcome.stdout).toMatch(stdout === '' ? /^$/ : new RegExp(stdout, 'm'));
  });

  test('a filter and -n apply to the files that are written', async () => {
    const written = path.join(await temporaryFolder(), 'b.log');
    await run('replay', await logFile(), '-q', '--filter', 'dir=rx', '-n', '1', '--log', written);
    expect(await readFile(written, 'utf8')).toBe('(1700000000.500000) arm rx#0103\n');
  });

  test.each([
    [['--changes', '--json'], /^sercom: --changes cannot be used with --json$/m],
    [['--lead', '2'], /^sercom: --lead requires --changes or --web$/m],
    [['-n', '0'], /^sercom: --count: /],
  ])('%j is a usage error, as in monitor', async (options, message) => {
    const { code, stderr } = await run('replay', await logFile(), ...options);
    expect(stderr).toMatch(message);
    expect(code).toBe(2);
  });

  test.skipIf(!has('python3'))(
    'shows the kinds of packets and the totals below on a terminal while it plays (needs python3)',
    async () => {
      const options = ['--changes', '--stats', '--speed', '1', '--dir', 'rx', '--loop'];
      const terminal = new TerminalProcess(['replay', await logFile(), ...options], { env: { NO_COLOR: '1' } });
      await terminal.printed(/arm .*rx .*01 04[\s\S]*received 2 packets/);
      terminal.type('\x03');
      expect((await terminal.outcome()).code).toBe(130);
    },
  );

  test.skipIf(!has('python3'))(
    'says how many kinds of packets a terminal has no rows for (needs python3)',
    async () => {
      const options = ['--changes', '--speed', '1', '--lead', '8', '--loop'];
      const terminal = new TerminalProcess(['replay', await logFile(), ...options], {
        rows: 3,
        env: { NO_COLOR: '1' },
      });
      await terminal.printed(/name .*\r\n… [2-9] more/);
      terminal.type('\x03');
      expect((await terminal.outcome()).code).toBe(130);
    },
  );
});

describe('sercom replay with a port', () => {
  test('counts and shows what is sent and received, and ends with -n', async () => {
    const options = ['--dir', 'both', '--speed', '0', '--filter', 'bytes=01', '-n', '3', '--changes', '--stats'];
    const { code, stdout, stderr } = await run('replay', await logFile(), 'uno=sim:', ...options, '--linger', '60');
    expect(stdout).toMatch(/^uno +rx +3 .*\nuno +tx +3 /m);
    expect(stderr).toMatch(
      /^sercom: "uno": received 3 packets \(6 bytes\), [\d.]+\/s, sent 3 packets \(6 bytes\), rejected 0 frames, skipped 0 bytes, 0 reconnects\n$/,
    );
    expect(code).toBe(0);
  });

  test('-q prints nothing', async () => {
    const outcome = await run('replay', await logFile(), 'sim:', '-q', '-n', '1', '--linger', '60');
    expect(outcome).toMatchObject({ code: 0, stdout: '', stderr: '' });
  });
});
