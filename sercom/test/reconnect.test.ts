import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../test/support/pty.js';
import { has } from '../../test/support/tools.js';
import { jsonLines, start } from './support/sercom-process.js';
import { TerminalProcess } from './support/terminal-process.js';

const HELLO = Buffer.from('000668656c6c6f00', 'hex');

/** A device that can be unplugged, and comes back under the same path: a link, as udev makes them. */
async function pluggable(): Promise<{ pty: Pty; link: string }> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sercom-'));
  const pty = new Pty();
  onTestFinished(async () => {
    pty.end();
    await rm(folder, { recursive: true });
  });
  return { pty, link: path.join(folder, 'ttyACM0') };
}

/** The delimiter that comes first tells that the port is open. */
async function hasOpened(pty: Pty): Promise<void> {
  // Until then there is nobody to be read from.
  while ((await pty.read().catch(() => [])).length === 0) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

describe.skipIf(!has('python3'))('a device that goes and comes back (needs python3)', () => {
  test('monitor says so on stderr, and goes on', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    const monitor = start('monitor', `arm=${link}`, '--json', '--stats');
    await hasOpened(pty);
    await pty.write(HELLO);
    await monitor.printed(/"hex":"68656c6c6f"/);
    await pty.unlink();
    await pty.close();
    await monitor.complained(/^sercom: connection "arm" .*lost.* Trying again\n$/);
    await pty.open(link);
    await monitor.complained(/sercom: "arm" is here \(.*ttyACM0\)\n$/);
    await pty.write(HELLO);
    await monitor.printed(/("hex":"68656c6c6f".*\n.*)+"hex":"68656c6c6f"/);
    monitor.child.kill('SIGINT');
    const { code, stderr } = await monitor.outcome();
    expect(stderr).toMatch(/"arm": received \d+ packets .*, 1 reconnect\n/);
    expect(code).toBe(0);
  });

  test('monitor --await-port waits for one that is not there yet', async () => {
    const { pty, link } = await pluggable();
    const monitor = start('monitor', link, '--await-port', '-n', '1', '--json');
    await monitor.complained(/^sercom: waiting for .*ttyACM0\n$/);
    await pty.open(link);
    await monitor.complained(/is here/);
    await pty.write(HELLO);
    const { code, stdout } = await monitor.outcome();
    expect(jsonLines(stdout)).toMatchObject([{ hex: '68656c6c6f' }]);
    expect(code).toBe(0);
  });

  test('monitor --await-port --input holds its lines until then', async () => {
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
    expect(stderr).toMatch(/^sercom: waiting for .*\nsercom: .* is here .*\n$/);
    expect(code).toBe(0);
  });

  test('replay --await-port begins then', async () => {
    const { pty, link } = await pluggable();
    const folder = path.dirname(link);
    const [original, played] = [path.join(folder, 'a.log'), path.join(folder, 'b.log')];
    await writeFile(original, '(1.000000) arm tx#01\n(1.400000) arm tx#02\n');
    const replay = start('replay', original, link, '--await-port', '--linger', '0', '--log', played);
    await replay.complained(/^sercom: waiting for .*ttyACM0\n$/);
    await pty.open(link);
    const { code, stderr } = await replay.outcome();
    expect(stderr).toMatch(/^sercom: waiting for .*\nsercom: .* is here .*\n$/);
    expect(code).toBe(0);
    const times = [...(await readFile(played, 'utf8')).matchAll(/^\((\S+)\) \S+ tx#/gm)].map(([, time]) =>
      Number(time),
    );
    // The first may be late, when the machine is; without the wait the second would follow at once.
    expect(times[1]! - times[0]!).toBeGreaterThan(0.3);
  });

  test('Ctrl-C ends replay --await-port, which waits', async () => {
    const { link } = await pluggable();
    const original = path.join(path.dirname(link), 'a.log');
    await writeFile(original, '(1.000000) arm tx#01\n');
    const replay = start('replay', original, link, '--await-port');
    await replay.complained(/waiting for/);
    replay.child.kill('SIGINT');
    expect(await replay.outcome()).toMatchObject({ code: 130, stdout: '' });
  });

  test('send --input goes on with the next line, and says how many may not have arrived', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    await pty.echo(true);
    const send = start('send', link, '--input', 'text', '--wait', '1', '--json');
    send.child.stdin!.write('one\n');
    await send.printed(/"hex":"6f6e65"/);
    await pty.unlink();
    await pty.close();
    await send.complained(/Trying again/);
    send.child.stdin!.end('two\n');
    await pty.open(link);
    await pty.echo(true);
    const { code, stdout } = await send.outcome();
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(['6f6e65', '74776f']);
    expect(code).toBe(0);
  });

  test('send --wait does not take for the answer what a board says before it has settled', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    await pty.echo(true);
    const send = start('send', link, '--input', 'text', '--wait', '1', '--settle', '1500', '--json');
    send.child.stdin!.write('one\n');
    await send.printed(/"hex":"6f6e65"/);
    await pty.unlink();
    await pty.close();
    await send.complained(/Trying again/);
    send.child.stdin!.end('what?\n');
    await pty.echo(false);
    await pty.open(link);
    await send.complained(/is here/);
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

  test('send --wait misses no answer that comes at once', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    await pty.echo(true);
    const send = start('send', link, '--text', 'x', '--wait', '1', '--repeat', '200', '--timeout', '10', '--json');
    const { code, stdout } = await send.outcome();
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(Array(200).fill('78'));
    expect(code).toBe(0);
  });

  test('ping counts the time until a device is there and has settled for no round trip', async () => {
    const { pty, link } = await pluggable();
    await pty.echo(true);
    const ping = start('ping', link, '-n', '2', '--await-port', '--settle', '300', '--json');
    await ping.complained(/waiting for/);
    // It comes later than an echo may.
    await new Promise((resolve) => setTimeout(resolve, 1_400));
    await pty.open(link);
    const { code, stdout } = await ping.outcome();
    const { sent, received, lost, rttMs, seconds } = JSON.parse(stdout);
    expect({ sent, received, lost, code }).toEqual({ sent: 2, received: 2, lost: 0, code: 0 });
    expect(rttMs.max).toBeLessThan(1_000);
    expect(seconds).toBeLessThan(1.4);
  });

  test('ping counts the time that a device is away for no round trip', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    const settings = ['--settle', '2000', '--interval', '0.2'];
    const ping = start('ping', `arm=${link}`, '-n', '3', '--json', ...settings);
    // The delimiter that comes first, and the first packet.
    await hasOpened(pty);
    await pty.unlink();
    await pty.close();
    await ping.complained(/Trying again/);
    await pty.echo(true);
    await pty.open(link);
    const { stdout } = await ping.outcome();
    const { sent, received, lost, rttMs } = JSON.parse(stdout);
    expect(sent).toBe(3);
    // Only what was under way is lost.
    expect({ received, lost }).toEqual({ received: 2, lost: 1 });
    expect(rttMs.max).toBeLessThan(1_000);
  });

  test('on a terminal the notices stand above the line of statistics, which counts the reconnect', async () => {
    const { pty, link } = await pluggable();
    await pty.open(link);
    const monitor = new TerminalProcess(['monitor', `arm=${link}`, '--stats'], { columns: 200 });
    await hasOpened(pty);
    await pty.unlink();
    await pty.close();
    await monitor.printed(/\r\x1b\[Jsercom: connection "arm" .*lost.* Trying again\r\n\x1b\[\?7l/);
    await monitor.printed(/1 of 1 away/);
    await pty.open(link);
    await monitor.printed(/\r\x1b\[Jsercom: "arm" is here \(.*\)\r\n\x1b\[\?7l/);
    await pty.write(HELLO);
    await monitor.printed(/"hello"/);
    await monitor.printed(/1 received {2}0 rejected {2}1 reconnect {2}queue 0/);
    monitor.type('q');
    expect((await monitor.outcome()).code).toBe(0);
  });
});
