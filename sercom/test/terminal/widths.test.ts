import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { run } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TerminalProcess } from '../support/terminal-process.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

const WIDTHS = [20, 40, 80, 120, 300];

/** Wide characters, combining marks, emoji. */
const TEXT = 'Temperatur e\u0301 测量 💡 ｆ';

const HEX = Buffer.from(TEXT).toString('hex');

/** A recording of devices with names of different widths. */
const LOG = [
  ['arm', 'rx', HEX],
  ['gripper', 'tx', '80818283848586878889'],
  ['测量', 'rx', HEX.repeat(10)],
  ['arm', 'rx', '00'.repeat(700)],
]
  .map(([name, dir, hex], index) => `(1700000000.00000${index}) ${name} ${dir}#${hex}\n`)
  .join('');

async function logFile(): Promise<string> {
  const file = path.join(await temporaryFolder(), 'bench.log');
  await writeFile(file, LOG);
  return file;
}

/** What a process has printed, on a terminal. Messages, which a terminal wraps, are left out. */
async function shown(output: string, columns: number, rows: number): Promise<VirtualTerminal> {
  const terminal = new VirtualTerminal({ columns, rows });
  await terminal.write(output.replace(/sercom: .*\r\n/g, ''));
  return terminal;
}

describe.skipIf(!has('python3'))('the output on a terminal (needs python3)', () => {
  describe.each(WIDTHS)('of %d columns', (columns) => {
    const rows = 24;

    test('packets: each row fits', async () => {
      const { stdout } = await new TerminalProcess(['replay', await logFile()], { columns, rows }).outcome();
      const terminal = await shown(stdout, columns, rows);
      expect(terminal.wrappedRows).toEqual([]);
      expect(/… \d+ more/.test(stdout)).toBe(columns < 300);
      expect(stdout.replace(/\s/g, '')).toContain('ｆ"');
      expect(terminal.rows.length).toBeLessThan(6 * rows);
    });

    test('--changes and --stats: each row fits, and what does not is cut with …', async () => {
      const command = ['monitor', 'uno=sim:', '--input', 'text', '--changes', '--stats'];
      const terminal = new TerminalProcess(command, { columns, rows });
      await terminal.printed(/for keys/);
      terminal.type(`:${TEXT}\r`);
      await terminal.printed(/rx\x1b.*\r\n.*tx\x1b/);
      terminal.type(':a');
      await terminal.printed(/text> a/);
      const now = await shown(terminal.stdout, columns, rows);
      terminal.type('\x1bq');
      await terminal.outcome();
      expect(now.wrappedRows).toEqual([]);
      const [title, rx, tx, stats, prompt] = now.rows.slice(-5);
      expect(prompt).toBe('text> a');
      expect(now.cursor).toEqual({ column: 7, row: prompt });
      expect(title).toMatch(columns > 20 ? /^name {2}dir/ : /^name {2}dir.*…$/);
      expect(rx).toMatch(columns >= 300 ? /^uno .*"Temperatur .*"$/ : /^uno .*…$/);
      expect(tx).toMatch(columns >= 300 ? /^uno .*"Temperatur .*"$/ : /^uno .*…$/);
      expect(stats).toMatch(columns > 60 ? /^rx \S+\/s .*queue \d$/ : /^rx \S+\/s.*…$/);
    });

    test('ping: the histogram fits', async () => {
      const { stdout } = await new TerminalProcess(['ping', 'sim:', '-n', '20'], { columns, rows }).outcome();
      const terminal = await shown(stdout, columns, rows);
      expect(terminal.wrappedRows).toEqual([]);
      const bars = terminal.rows.filter((row) => row.includes('#'));
      expect(Math.max(...bars.map((row) => row.replace(/[^#]/g, '').length))).toBeGreaterThan(columns === 20 ? 3 : 11);
      expect(terminal.rows.join(' ').replace(/\s+/g, ' ')).toContain('20 packets sent to sim:, 20 received, 0 lost');
    });

    test.each([['monitor', '--help'], ['--help'], ['help', 'replay']])(
      '%s %s: words stay whole',
      async (...command) => {
        const { stdout } = await new TerminalProcess(command, { columns, rows }).outcome();
        const terminal = await shown(stdout, columns, rows);
        expect(terminal.wrappedRows).toEqual([]);
        const whole = await new TerminalProcess(command, { columns: 400, rows }).outcome();
        const words = (text: string) => text.split(/\s+/).filter((word) => word.length < columns - 8);
        const have = words(stdout);
        expect(words(whole.stdout).filter((word) => !have.includes(word))).toEqual([]);
      },
    );
  });

  test('a 700-byte packet takes about a screen, --max-bytes changes that, and --columns hides columns', async () => {
    const log = await logFile();
    const rowsOf = async (...options: string[]) => {
      const command = ['replay', log, '--filter', 'length=700', ...options];
      const { stdout } = await new TerminalProcess(command, { columns: 80, rows: 24 }).outcome();
      return (await shown(stdout, 80, 24)).rows;
    };
    const rows = await rowsOf();
    expect(rows.length).toBeLessThanOrEqual(24);
    expect(rows.join('\n')).toMatch(/… \d{3} more/);
    expect((await rowsOf('--max-bytes', '64')).join('\n')).toContain('… 636 more');
    expect((await rowsOf('--max-bytes', '700')).length).toBeGreaterThan(50);
    expect(await rowsOf('--max-bytes', '4', '--columns', 'hex,text')).toEqual([
      '00 00 00 00 … 696 more   "\\x00\\x00\\x00\\x00"',
    ]);
  });

  test('names of a recording line up', async () => {
    const { stdout } = await new TerminalProcess(['replay', await logFile()], {
      columns: 300,
      env: { NO_COLOR: '1' },
    }).outcome();
    const terminal = await shown(stdout, 300, 24);
    const heads = terminal.rows.filter((row) => /^\d\d:/.test(row)).map((row) => row.slice(17));
    expect(heads.map((head) => head.replace(/(rx|tx).*/, '$1'))).toEqual([
      'arm      rx',
      'gripper  tx',
      '测量     rx',
      'arm      rx',
    ]);
  });

  test.each([true, false])('a status line survives resizing of a terminal (that reflows: %j)', async (reflows) => {
    const size = { columns: 120, rows: 60 };
    const monitor = new TerminalProcess(['monitor', 'uno=sim:', '--stats'], size);
    const terminal = new VirtualTerminal({ ...size, reflows });
    monitor.child.stdout!.on('data', (chunk: Buffer) => void terminal.write(chunk));
    await monitor.printed(/3 received/);
    for (const [columns, rows, packet] of [
      [40, 60, 5],
      [100, 60, 7],
      [60, 60, 9],
    ] as const) {
      await terminal.write('');
      terminal.resize(columns, rows);
      monitor.resize(columns, rows);
      await monitor.printed(new RegExp(`rx\\x1b\\[0m[^"]*"hello ${packet}"[^]*rx \\S+/s`));
    }
    await terminal.write('');
    const { rows } = terminal;
    expect(rows.filter((row) => /rx [\d.]+\/s/.test(row))).toHaveLength(1);
    expect(rows.at(-1)).toMatch(/^rx [\d.]+\/s .*…$/);
    expect(terminal.cursor).toEqual({ column: 0, row: rows.at(-1) });
    if (reflows) {
      for (let packet = 1; packet <= 9; packet++) {
        expect(rows.join('').match(new RegExp(`"hello ${packet}"`, 'g')), rows.join('\n')).toHaveLength(2);
      }
    }
    monitor.type('q');
    await monitor.outcome();
  });

  test('--changes survives resizing', async () => {
    const monitor = new TerminalProcess(['monitor', 'uno=sim:', '--changes', '--stats'], { columns: 120, rows: 20 });
    const terminal = new VirtualTerminal({ columns: 120, rows: 20 });
    await monitor.printed(/"hello 2"/);
    const before = monitor.stdout;
    await terminal.write(before.replace(/sercom: .*\r\n/g, ''));
    terminal.resize(40, 12);
    monitor.resize(40, 12);
    await monitor.printed(/68 [^\n]*…[^\n]*\n[^\n]*…[^]*rx [^\n]*…/);
    await terminal.write(monitor.stdout.slice(before.length));
    expect(terminal.rows).toEqual([
      expect.stringMatching(/^name {2}dir/),
      expect.stringMatching(/^uno {3}rx .*…$/),
      expect.stringMatching(/^uno {3}tx .*…$/),
      expect.stringMatching(/^rx .*…$/),
    ]);
    monitor.type('q');
    await monitor.outcome();
  });
});

test.each([
  [
    ['--columns', 'hex,txt'],
    /invalid value "hex,txt"; expected time, name, dir, id, length, hex, text, decoded, separated by commas/,
  ],
  [['--columns', 'hex', '--json'], /--columns cannot be used with --json/],
  [['--max-bytes', '0'], /invalid value "0"; expected a number of bytes from 1 up/],
  [['--changes', '--max-bytes', '9'], /--changes cannot be used with --max-bytes/],
])('monitor %j is a usage error', async (options, message) => {
  const { code, stderr } = await run('monitor', 'sim:', ...options);
  expect(stderr).toMatch(message);
  expect(code).toBe(2);
});

describe.skipIf(!has('python3'))('a dumb terminal (needs python3)', () => {
  test.each([
    ['TERM=dumb', 'dumb'],
    ['no TERM', undefined],
  ])('%s: no escape sequences, but keys and packets', async (_, TERM) => {
    const command = ['monitor', 'uno=sim:', '--input', 'text', '--stats'];
    // Others must not turn colors on.
    const terminal = new TerminalProcess(command, { env: { TERM, COLORTERM: 'truecolor' } });
    await terminal.printed(/for keys/);
    terminal.type('m');
    await terminal.printed(/-+ marker 1 .*-+\r\n/);
    terminal.type('c:');
    await terminal.printed(/text> $/);
    // The terminal itself edits the line.
    terminal.type('heX\x7fllo\n');
    await terminal.printed(/ rx {6}5 .*"hello"/);
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    expect(stdout.replaceAll('\b \b', '')).not.toMatch(/\x1b/);
    expect(stdout).toMatch(/received 1 packet \(5 bytes\), sent 1 packet/);
    expect(code).toBe(0);
  });

  test('--changes prints its lines at the end', async () => {
    const command = ['monitor', 'uno=sim:', '--changes', '-n', '2'];
    const { stdout } = await new TerminalProcess(command, { env: { TERM: 'dumb' } }).outcome();
    expect(stdout).not.toMatch(/\x1b/);
    expect(stdout).toMatch(/name {2}dir .*\r\nuno {3}rx +2 .*\r\nuno {3}tx +2 .*\r\n/);
  });

  test('ping has no status line', async () => {
    const { stdout } = await new TerminalProcess(['ping', 'sim:', '-n', '20'], { env: { TERM: 'dumb' } }).outcome();
    expect(stdout).not.toMatch(/\x1b/);
    expect(stdout).toMatch(/^20 packets sent to sim:/);
  });
});
