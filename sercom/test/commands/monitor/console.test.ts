import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { run, SERCOM } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TerminalProcess } from '../../support/terminal-process.js';

const RX = /\x1b\[32mrx\x1b\[0m/g;

function monitor(...options: string[]): TerminalProcess {
  return new TerminalProcess(['monitor', 'uno=sim:', ...options]);
}

describe.skipIf(!has('python3'))('the keys of the monitor on a terminal (needs python3)', () => {
  test('m also marks the log, which can still be read', async () => {
    const log = path.join(await temporaryFolder(), 'packets.log');
    const terminal = monitor('--log', log);
    await terminal.printed(/rx/);
    terminal.type('m');
    await terminal.printed(/marker 1/);
    terminal.type('q');
    await terminal.outcome();
    expect(readFileSync(log, 'utf8')).toMatch(/rx#\S+\n# marker 1 {2}\d{4}-\d\d-\d\dT\S+Z\n/);
    expect((await run('replay', log)).stdout).toMatch(/"hello 1"/);
  });

  test('? lists them, and each of them has an effect', async () => {
    const terminal = monitor();
    await terminal.printed(/press \? for keys, q to quit/);
    terminal.type('?');
    await terminal.printed(/q {6}quit/);
    // The escape sequences that draw the footer are in between.
    const text = terminal.stdout.replace(/\x1b\[[?\d;]*[A-Za-z]/g, '');
    const keys = [...text.matchAll(/^\r?(space|\S) +[a-z]/gm)].map(([, key]) => key);
    expect(keys).toEqual(['space', 'c', 'm', 's', 'd', 'b', 'r', 'o', 'u', ':', 'q']);
    terminal.type('m');
    await terminal.printed(/-+ marker 1 {2}\d\d:\d\d:\d\d\.\d{6} -+/);
    terminal.type('s');
    await terminal.printed(/rx \S+\/s .*received .*rejected .*reconnects .*queue \d/);
    terminal.type('c');
    await terminal.printed(/\x1b\[2J\x1b\[3J\x1b\[H/);
    terminal.type('d');
    await terminal.printed(/00000000 {2}68 65 6c 6c 6f 20 \d\d +\|hello \d+\|/);
    terminal.type('b');
    await terminal.printed(/\|\.hello \d+\.\|/);
    terminal.type('r');
    await terminal.printed(/sercom: reset "uno"/);
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    expect(stdout).toMatch(/sercom: received \d+ packets? .*\r\n$/);
    expect(code).toBe(0);
  });

  test('space pauses: packets are kept and counted, and none is lost', async () => {
    const terminal = monitor();
    await terminal.printed(RX);
    terminal.type(' ');
    await terminal.printed(/paused: 0 lines buffered/);
    const shown = terminal.stdout.match(RX)!.length;
    await terminal.printed(/paused: [2-9] lines buffered/);
    expect(terminal.stdout.match(RX)).toHaveLength(shown);
    terminal.type(' ');
    await terminal.printed(/"hello 4"/);
    terminal.type('q');
    const { stdout } = await terminal.outcome();
    const numbers = [...stdout.matchAll(/rx\x1b\[0m .*"hello (\d+)"/g)].map(([, number]) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => index + 1));
    expect(stdout).not.toContain('not shown');
  });

  test('prints at the end what it kept while paused', async () => {
    const terminal = monitor();
    await terminal.printed(RX);
    terminal.type(' ');
    await terminal.printed(/paused: [2-9] lines buffered/);
    terminal.type('q');
    const { stdout } = await terminal.outcome();
    expect(stdout).toMatch(/rx\x1b\[0m .*"hello 2"/);
  });

  test(': starts a packet; Enter sends it, which is shown as tx, and its echo as rx', async () => {
    const terminal = monitor('--input', 'hex');
    await terminal.printed(/for keys/);
    terminal.type(':00 fe\x7ff\r');
    await terminal.printed(/tx\x1b\[0m +2 {2}00 ff/);
    await terminal.printed(/rx\x1b\[0m +2 {2}00 ff/);
    terminal.type(':zz\r');
    await terminal.printed(/sercom: invalid hex "zz"/);
    terminal.type(':q\x1b');
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    expect(stdout).toContain('received 1 packet (2 bytes), sent 1 packet (2 bytes)');
    expect(code).toBe(0);
  });

  test.each([
    ['Ctrl-C', '\x03'],
    ['Ctrl-D', '\x04'],
    ['Ctrl-C while a packet is typed', ':abc\x03'],
  ])('%s ends it with exit code 0 and one line of totals', async (_, keys) => {
    const terminal = monitor();
    await terminal.printed(RX);
    terminal.type(keys);
    const { code, stdout } = await terminal.outcome();
    expect(stdout).toMatch(/sercom: received \d+ packets? .*\r\n$/);
    expect(code).toBe(0);
  });

  test.each(['\x03', 'q'])('after %j, Ctrl-C kills it while it closes its ports', async (key) => {
    const hook = path.join(await temporaryFolder(), 'hook.mjs');
    const library = pathToFileURL(path.resolve(SERCOM, '../../../dist/index.js'));
    // Ports that never finish closing.
    await writeFile(
      hook,
      `import { SerialCommunicator } from '${library}';
      SerialCommunicator.prototype[Symbol.asyncDispose] = () => {
        console.log('closing');
        return new Promise(() => setInterval(() => {}, 1_000));
      };`,
    );
    const terminal = new TerminalProcess(['monitor', 'sim:'], { env: { NODE_OPTIONS: `--import ${hook}` } });
    await terminal.printed(/rx/);
    terminal.type(key);
    await terminal.printed(/closing/);
    terminal.type('\x03');
    expect((await terminal.outcome()).code).toBe(128 + constants.signals.SIGINT);
  });

  test('draws only the part of a long pasted packet that is around the cursor', async () => {
    const columns = 40;
    const terminal = new TerminalProcess(['monitor', 'sim:', '--input', 'hex'], { columns });
    await terminal.printed(/for keys/);
    const before = terminal.stdout.length;
    const text = '0123456789abcdef'.repeat(128);
    // In pieces, as a terminal passes them on.
    for (let from = 0; from < text.length; from += 256) {
      terminal.type(`${from === 0 ? ':' : ''}${text.slice(from, from + 256)}`);
    }
    terminal.type('ff');
    await terminal.printed(/hex> …[0-9a-f]{26,32}ff\x1b/);
    expect(terminal.stdout.length - before).toBeLessThan(text.length);
    terminal.type('\r');
    await terminal.printed(/tx\x1b\[0m +1025\b/);
    terminal.type(':\u{1f600}\u{1f600}x');
    await terminal.printed(/hex> \u{1f600}\u{1f600}x\x1b/u);
    terminal.type('\x1bq');
    expect((await terminal.outcome()).code).toBe(0);
  });

  test(': edits the line like a shell, keeps a history, and Tab switches between text and hex', async () => {
    const terminal = monitor('--stats');
    await terminal.printed(/for keys/);
    // Left, Left, Backspace, End, Ctrl-W.
    terminal.type(':abXcd\x1b[D\x1b[D\x7f\x1b[F word\x17!\r');
    await terminal.printed(/tx\x1b\[0m +6 {2}61 62 63 64 20 21/);
    terminal.type(':');
    await terminal.printed(/text> \x1b\[2mEnter sends, Esc cancels, Tab/);
    terminal.type('\t00 fe ');
    await terminal.printed(/hex> 00 fe /);
    terminal.type('0d\r');
    await terminal.printed(/tx\x1b\[0m +3 {2}00 fe 0d/);
    // Up, Up: the first line again, which is not hex; Tab, Tab: json, text.
    terminal.type(':\x1b[A\x1b[A\t\t');
    await terminal.printed(/text> abcd !/);
    terminal.type('\x15z\r');
    await terminal.printed(/tx\x1b\[0m +1 {2}7a/);
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    expect(stdout).toMatch(/sent \d+ packets/);
    expect(code).toBe(0);
  });

  test('without --to, names the connections that a packet could be sent to', async () => {
    const terminal = new TerminalProcess(['monitor', 'a=sim:', 'b=sim:']);
    await terminal.printed(/for keys/);
    terminal.type(':x\r');
    await terminal.printed(/several connections are open; choose one with --to NAME: a, b/);
    terminal.type('q');
    expect((await terminal.outcome()).code).toBe(0);
  });

  test('ends when the window is closed', async () => {
    const terminal = monitor();
    await terminal.printed(RX);
    terminal.hangUp();
    // 128 plus the number of SIGHUP, which the system sends.
    expect((await terminal.outcome()).code).toBe(129);
  });
});

describe.skipIf(!has('python3'))('the bottom of the terminal (needs python3)', () => {
  test('--stats: the status line stays below packets and is updated, and a summary follows at the end', async () => {
    const terminal = monitor('--stats');
    await terminal.printed(/rx [\d.]+\/s .* 2 received {2}0 rejected {2}0 reconnects {2}queue 0/);
    terminal.type('q');
    const { stdout } = await terminal.outcome();
    expect(stdout).toMatch(
      /sercom: "uno": received \d+ packets? \(\d+ bytes\), [\d.]+\/s, sent .*, rejected 0 frames, .*0 reconnects\r\n/,
    );
    // The cursor is at its beginning, and whatever follows erases it first and draws it again.
    const drawn = [...stdout.matchAll(/queue \d\x1b\[0m\x1b\[\?7h(?:[^]{8})/g)];
    expect(drawn.length).toBeGreaterThan(1);
    for (const [after] of drawn) {
      expect(after).toMatch(/\r\r\x1b\[J/);
    }
  });

  test('--changes: one line for each kind, redrawn in place, with changed bytes highlighted', async () => {
    const terminal = monitor('--changes');
    await terminal.printed(
      /rx\x1b\[0m +2 +[\d.]+ m?s +[\d.]+ m?s +7 {2}68 65 6c 6c 6f 20 \x1b\[7m32\x1b\[0m {2}"hello 2"/,
    );
    await terminal.printed(/\r\x1b\[2A\r\x1b\[J/);
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    const atEnd = stdout.slice(stdout.lastIndexOf('name '));
    expect(atEnd.match(/uno/g)).toHaveLength(2);
    expect(code).toBe(0);
  });

  test('--changes shows nothing with --quiet', async () => {
    const terminal = monitor('--changes', '--quiet', '--stats');
    await terminal.printed(/rx .*\/s {2}tx .*received/);
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    expect(stdout).not.toMatch(/name {2}dir/);
    expect(code).toBe(0);
  });

  test('--changes with more kinds than rows shows how many are hidden', async () => {
    const terminal = new TerminalProcess(['monitor', 'uno=sim:', '--changes', '--lead', '7'], { rows: 4 });
    await terminal.printed(/… [2-9] more/);
    terminal.type('q');
    await terminal.outcome();
  });

  test('wraps long packets at the current width of the terminal', async () => {
    const terminal = monitor('--input', 'text');
    await terminal.printed(/for keys/);
    terminal.type(`:${'x'.repeat(14)}\r`);
    await terminal.printed(/rx\x1b\[0m +14 {2}78( 78){13} {2}"x{14}"\r\n/);
    terminal.resize(70, 20);
    terminal.type(`:${'y'.repeat(14)}\r`);
    await terminal.printed(/rx\x1b\[0m +14 {2}79( 79){7}\r\n +79( 79){5}\r\n +"y{14}"\r\n/);
    terminal.type('q');
    await terminal.outcome();
  });

  test('NO_COLOR disables colors, but lines are still drawn in place', async () => {
    const terminal = new TerminalProcess(['monitor', 'uno=sim:', '--stats'], { env: { NO_COLOR: '1' } });
    await terminal.printed(/rx +7/);
    terminal.type('q');
    expect((await terminal.outcome()).stdout).not.toMatch(/\x1b\[\d*m/);
  });
});
