import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { jsonLines, start } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TerminalProcess } from '../support/terminal-process.js';

const HELLO = Buffer.from('000668656c6c6f00', 'hex');

/** A device that can be unplugged and comes back under the same path: a link, like those of udev. */
async function pluggable(): Promise<{ pty: Pty; link: string }> {
  const folder = await temporaryFolder();
  const pty = new Pty();
  onTestFinished(() => pty.end());
  return { pty, link: path.join(folder, 'ttyACM0') };
}

/** Resolves when the port is open: a delimiter arrives. */
async function hasOpened(pty: Pty): Promise<void> {
  // Until then, reading fails.
  while ((await pty.read().catch(() => [])).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.skipIf(!has('python3'))('a device that disconnects and comes back (needs python3)', () => {
  test('monitor reports both on stderr and continues', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    const monitor = start('monitor', `arm=${link}`, '--json', '--stats');
    await hasOpened(pty);
    await pty.write(HELLO);
    await monitor.printed(/"hex":"68656c6c6f"/);
    await pty.unlink();
    await pty.close();
    await monitor.complained(/^sercom: connection "arm" .*; reconnecting\n$/);
    await pty.open(link);
    await monitor.complained(/sercom: "arm" connected \(.*ttyACM0\)\n$/);
    await pty.write(HELLO);
    await monitor.printed(/("hex":"68656c6c6f".*\n.*)+"hex":"68656c6c6f"/);
    monitor.child.kill('SIGINT');
    const { code, stderr } = await monitor.outcome();
    expect(stderr).toMatch(/"arm": received \d+ packets .*, 1 reconnect\n/);
    expect(code).toBe(0);
  });

  test('monitor --await-port waits for a missing port', async () => {
    const { pty, link } = await pluggable();
    const monitor = start('monitor', link, '--await-port', '-n', '1', '--json');
    await monitor.complained(/^sercom: waiting for .*ttyACM0\n$/);
    await pty.open(link);
    await monitor.complained(/ connected \(/);
    await pty.write(HELLO);
    const { code, stdout } = await monitor.outcome();
    expect(jsonLines(stdout)).toMatchObject([{ hex: '68656c6c6f' }]);
    expect(code).toBe(0);
  });

  test('monitor --await-port says why a port that exists does not open', async () => {
    const { pty, link } = await pluggable();
    await writeFile(link, '');
    const monitor = start('monitor', link, '--await-port', '-n', '1', '--json');
    await monitor.complained(
      /^sercom: waiting .*\nsercom: connection ".*ttyACM0": not a serial port; .*; trying again\n$/,
    );
    await pty.open(link);
    await monitor.complained(/ connected \(/);
    await pty.write(HELLO);
    expect(await monitor.outcome()).toMatchObject({ code: 0 });
  });

  test('monitor says why a port that came back does not open', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    const monitor = start('monitor', link);
    await hasOpened(pty);
    await pty.unlink();
    await writeFile(link, '');
    await pty.close();
    await monitor.complained(/; reconnecting\nsercom: connection .*ttyACM0": not a serial port; .*; trying again\n$/);
    monitor.child.kill('SIGINT');
    expect(await monitor.outcome()).toMatchObject({ code: 0 });
  });

  test('monitor --await-port --input keeps its lines until the port opens', async () => {
    const { pty, link } = await pluggable();
    const monitor = start('monitor', link, '--await-port', '--input', 'text', '-n', '2', '--json');
    monitor.child.stdin!.end('one\ntwo\n');
    await monitor.complained(/^sercom: waiting for .*ttyACM0\n$/);
    await pty.open(link);
    await pty.echo(true);
    const { code, stdout, stderr } = await monitor.outcome();
    const hexOf = (dir: string) => jsonLines(stdout).flatMap((packet) => (packet.dir === dir ? [packet.hex] : []));
    expect(hexOf('tx')).toEqual(['6f6e65', '74776f']);
    expect(hexOf('rx')).toEqual(['6f6e65', '74776f']);
    expect(stderr).toMatch(/^sercom: waiting for .*\nsercom: .* connected .*\n$/);
    expect(code).toBe(0);
  });

  test('replay --await-port begins when the port opens', async () => {
    const { pty, link } = await pluggable();
    const folder = path.dirname(link);
    const [original, played] = [path.join(folder, 'a.log'), path.join(folder, 'b.log')];
    await writeFile(original, '(1.000000) arm tx#01\n(1.400000) arm tx#02\n');
    const replay = start('replay', original, link, '--await-port', '--linger', '0', '--log', played);
    await replay.complained(/^sercom: waiting for .*ttyACM0\n$/);
    await pty.open(link);
    const { code, stderr } = await replay.outcome();
    expect(stderr).toMatch(/^sercom: waiting for .*\nsercom: .* connected .*\n$/);
    expect(code).toBe(0);
    const times = [...(await readFile(played, 'utf8')).matchAll(/^\((\S+)\) \S+ tx#/gm)].map(([, time]) =>
      Number(time),
    );
    // The first may be late on a busy machine. Without the wait, the second would follow at once.
    expect(times[1]! - times[0]!).toBeGreaterThan(0.3);
  });

  test('Ctrl-C ends replay --await-port while it waits', async () => {
    const { link } = await pluggable();
    const original = path.join(path.dirname(link), 'a.log');
    await writeFile(original, '(1.000000) arm tx#01\n');
    const replay = start('replay', original, link, '--await-port');
    await replay.complained(/waiting for/);
    replay.child.kill('SIGINT');
    expect(await replay.outcome()).toMatchObject({ code: 130, stdout: '' });
  });

  test('send --input continues with the next line', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    await pty.echo(true);
    const send = start('send', link, '--input', 'text', '--wait', '1', '--json');
    send.child.stdin!.write('one\n');
    await send.printed(/"hex":"6f6e65"/);
    await pty.unlink();
    await pty.close();
    await send.complained(/; reconnecting/);
    send.child.stdin!.end('two\n');
    await pty.open(link);
    await pty.echo(true);
    const { code, stdout } = await send.outcome();
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(['6f6e65', '74776f']);
    expect(code).toBe(0);
  });

  test('send --wait ignores what a board sends before it has settled', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    await pty.echo(true);
    const send = start('send', link, '--input', 'text', '--wait', '1', '--settle', '1500', '--json');
    send.child.stdin!.write('one\n');
    await send.printed(/"hex":"6f6e65"/);
    await pty.unlink();
    await pty.close();
    await send.complained(/; reconnecting/);
    send.child.stdin!.end('what?\n');
    await pty.echo(false);
    await pty.open(link);
    await send.complained(/ connected \(/);
    await pty.write(HELLO);
    let arrived = '';
    while (!arrived.endsWith('06776861743f00')) {
      await new Promise((resolve) => setTimeout(resolve, 10));
      arrived += (await pty.read()).toString('hex');
    }
    await pty.write(Buffer.from('02aa00', 'hex'));
    const { code, stdout } = await send.outcome();
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(['6f6e65', 'aa']);
    expect(code).toBe(0);
  });

  test('send --wait misses no immediate reply', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    await pty.echo(true);
    const send = start('send', link, '--text', 'x', '--wait', '1', '--repeat', '200', '--timeout', '10', '--json');
    const { code, stdout } = await send.outcome();
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(Array(200).fill('78'));
    expect(code).toBe(0);
  });

  test('ping does not count the time until a device is connected and settled as a round trip', async () => {
    const { pty, link } = await pluggable();
    await pty.echo(true);
    const ping = start('ping', link, '-n', '2', '--await-port', '--settle', '300', '--json');
    await ping.complained(/waiting for/);
    // Longer than an echo may take.
    await new Promise((resolve) => setTimeout(resolve, 1_400));
    await pty.open(link);
    const { code, stdout } = await ping.outcome();
    const { sent, received, lost, rttMs, seconds } = JSON.parse(stdout);
    expect({ sent, received, lost, code }).toEqual({ sent: 2, received: 2, lost: 0, code: 0 });
    expect(rttMs.max).toBeLessThan(1_000);
    expect(seconds).toBeLessThan(1.4);
  });

  test('ping does not count the time that a device is disconnected as a round trip', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    const settings = ['--settle', '2000', '--interval', '0.2'];
    const ping = start('ping', `arm=${link}`, '-n', '3', '--json', ...settings);
    // The port is open, and the first packet is sent.
    await hasOpened(pty);
    await pty.unlink();
    await pty.close();
    await ping.complained(/; reconnecting/);
    await pty.echo(true);
    await pty.open(link);
    const { stdout } = await ping.outcome();
    const { sent, received, lost, rttMs } = JSON.parse(stdout);
    expect(sent).toBe(3);
    // Only the packet in flight is lost.
    expect({ received, lost }).toEqual({ received: 2, lost: 1 });
    expect(rttMs.max).toBeLessThan(1_000);
  });

  test('on a terminal, messages are above the status line, which counts the reconnect', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    const monitor = new TerminalProcess(['monitor', `arm=${link}`, '--stats'], { columns: 200 });
    await hasOpened(pty);
    await pty.unlink();
    await pty.close();
    await monitor.printed(/\r\x1b\[Jsercom: connection "arm" .*; reconnecting\r\n\x1b\[\?7l/);
    await monitor.printed(/1 of 1 disconnected/);
    await pty.open(link);
    await monitor.printed(/\r\x1b\[Jsercom: "arm" connected \(.*\)\r\n\x1b\[\?7l/);
    await pty.write(HELLO);
    await monitor.printed(/"hello"/);
    await monitor.printed(/1 received {2}0 rejected {2}1 reconnect {2}queue 0/);
    monitor.type('q');
    expect((await monitor.outcome()).code).toBe(0);
  });
});
