import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { jsonLines, start } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TerminalProcess } from '../../support/terminal-process.js';
import { openTestPort, write } from '../../support/test-port.js';

/** The packet "hi" as a frame between delimiters. */
const HI = '00 03 68 69 00';

/** A program that opens the port as an uploader does, and reports its process id. Waits until the file `end` exists. */
const UPLOADER = `
import fcntl, os, sys, time
path, end = sys.argv[1], sys.argv[2]
fd = os.open(path, os.O_RDWR | os.O_NOCTTY)
fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
print('uploading', os.getpid(), flush=True)
while not os.path.exists(end):
    time.sleep(0.01)
sys.exit(int(open(end).read()))
`;

/** An uploader in a folder whose name has a space, as the command for `--release-for`. */
async function uploader(port: string) {
  const folder = path.join(await temporaryFolder(), 'my tools');
  await mkdir(folder);
  const program = path.join(folder, 'upload.py');
  await writeFile(program, UPLOADER);
  const end = path.join(folder, 'end');
  const endWith = async (code: number) => {
    // The uploader must not read a file that is still empty.
    await writeFile(`${end}.new`, String(code));
    await rename(`${end}.new`, end);
  };
  return { command: `python3 '${program}' ${port} "${end}"`, end: endWith };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const lacksTools = !has('python3') || !has('socat') || process.platform !== 'linux';

describe.skipIf(lacksTools)('monitor --release-for without a terminal (needs python3 and socat, Linux)', () => {
  test('runs the command at the start with the port released, reopens it, and says so on stderr and in the log', async () => {
    const { path: port, device } = await openTestPort();
    const { command, end } = await uploader(port);
    const log = path.join(await temporaryFolder(), 'packets.log');
    const options = ['--json', '-n', '1', '--no-skip-first', '--log', log];
    const monitor = start('monitor', `arm=${port}`, '--release-for', command, ...options);
    await monitor.complained(/uploading \d+\n/);
    await end(4);
    await monitor.complained(/sercom: "arm" connected/);
    write(device, HI);
    const { code, stdout, stderr } = await monitor.outcome();
    expect(code).toBe(0);
    expect(jsonLines(stdout)).toMatchObject([{ name: 'arm', hex: '6869' }]);
    expect(stderr.split('\n').map((line) => line.replaceAll(command, 'COMMAND').replace(/\d\d+/, 'PID'))).toEqual([
      'sercom: released "arm" for "COMMAND"',
      'uploading PID',
      'sercom: "COMMAND" ended with exit code 4; reopening "arm"',
      expect.stringMatching(/^sercom: "arm" connected \(/),
      '',
    ]);
    const remarks = (await readFile(log, 'utf8')).match(/^# .*$/gm)!.map((line) => line.replaceAll(command, 'COMMAND'));
    expect(remarks).toEqual([
      expect.stringMatching(/^# \(\d+\.\d{6}\) arm disconnected: released$/),
      expect.stringMatching(/^# released "arm" for "COMMAND" {2}\d{4}-\d\d-\d\dT\S+Z$/),
      expect.stringMatching(/^# "COMMAND" ended with exit code 4; reopening "arm" {2}\d{4}-\d\d-\d\dT\S+Z$/),
      `# ${remarks.at(-1)!.slice(2, 21)} arm connected (${port})`,
    ]);
  });

  test('the time of --timeout starts when the command has ended', async () => {
    const { path: port } = await openTestPort();
    const { command, end } = await uploader(port);
    const monitor = start('monitor', port, '--release-for', command, '--timeout', '0.1');
    await monitor.complained(/uploading \d+\n/);
    await new Promise((resolve) => setTimeout(resolve, 300));
    await end(0);
    const { code, stderr } = await monitor.outcome();
    expect(code).toBe(3);
    expect(stderr).toMatch(/ended with exit code 0; reopening [^]*received 0 packets/);
  });

  test('SIGINT ends the command first, and the next one the monitor', async () => {
    const { path: port, device } = await openTestPort();
    const { command } = await uploader(port);
    const monitor = start('monitor', `arm=${port}`, '--release-for', command, '--no-skip-first');
    await monitor.complained(/uploading \d+\n/);
    monitor.child.kill('SIGINT');
    await monitor.complained(/" (was ended by SIGINT|ended with exit code 1); reopening "arm"\n[^]*connected/);
    write(device, HI);
    await monitor.printed(/"hi"/);
    monitor.child.kill('SIGINT');
    expect((await monitor.outcome()).code).toBe(0);
  });

  test('SIGTERM ends both', async () => {
    const { path: port } = await openTestPort();
    const { command } = await uploader(port);
    const monitor = start('monitor', `arm=${port}`, '--release-for', command);
    await monitor.complained(/uploading \d+\n/);
    const pid = Number(/uploading (\d+)/.exec(monitor.stderr)![1]);
    expect(isRunning(pid)).toBe(true);
    monitor.child.kill('SIGTERM');
    const { code, stderr } = await monitor.outcome();
    expect(code).toBe(143);
    expect(isRunning(pid)).toBe(false);
    expect(stderr).toMatch(/" was ended by SIGTERM\n$/);
  });

  test('all ports are released', async () => {
    const ports = [await openTestPort(), await openTestPort()];
    const { command, end } = await uploader(ports[1]!.path);
    const names = ports.map(({ path: port }, index) => `p${index}=${port}`);
    const monitor = start('monitor', ...names, '--release-for', command, '-n', '2', '--no-skip-first');
    await monitor.complained(/released "p0", "p1" for [^]*uploading \d+\n/);
    await end(0);
    await monitor.complained(/reopening "p0", "p1"\n/);
    await Promise.all([monitor.complained(/"p0" connected/), monitor.complained(/"p1" connected/)]);
    for (const { device } of ports) {
      write(device, HI);
    }
    expect((await monitor.outcome()).code).toBe(0);
  });

  test('lines of stdin wait until the port is open again', async () => {
    const { path: port, arrived } = await openTestPort();
    const { command, end } = await uploader(port);
    const monitor = start('monitor', `arm=${port}`, '--release-for', command, '--input', 'hex', '--no-sync');
    monitor.child.stdin!.write('0102\n');
    await monitor.complained(/uploading \d+\n/);
    await end(0);
    expect(await arrived(4)).toBe('03010200');
    monitor.child.kill('SIGINT');
    expect((await monitor.outcome()).stderr).not.toMatch(/cannot send/);
  });

  test('a port that does not return is reported', async () => {
    const { path: port, unplug } = await openTestPort();
    const { command, end } = await uploader(port);
    const monitor = start('monitor', `arm=${port}`, '--release-for', command);
    await monitor.complained(/uploading \d+\n/);
    await unplug();
    await end(0);
    await monitor.complained(/reopening "arm"\nsercom: [^\n]*"arm"[^\n]*no such port[^\n]*; trying again\n/);
    monitor.child.kill('SIGINT');
    expect((await monitor.outcome()).stderr.match(/no such port/g)).toHaveLength(1);
  });

  test('a command that cannot be run ends the monitor', async () => {
    const { path: port } = await openTestPort();
    const { code, stderr } = await start('monitor', `arm=${port}`, '--release-for', 'no-such-program x').outcome();
    expect(code).toBe(1);
    expect(stderr).toMatch(/\nsercom: --release-for: cannot run "no-such-program": no such program; check its name\n$/);
  });
});

describe.skipIf(lacksTools)('keys of the monitor that release the port (needs python3 and socat, Linux)', () => {
  test('o releases the port, so that another program can lock it, and reopens it', async () => {
    const { path: port, device } = await openTestPort();
    const log = path.join(await temporaryFolder(), 'packets.log');
    const terminal = new TerminalProcess(['monitor', `uno=${port}`, '--log', log, '--no-skip-first'], { columns: 200 });
    await terminal.printed(/press \? for keys/);
    terminal.type('o');
    await terminal.printed(/sercom: released "uno"; press o to reopen\r\n/);
    await terminal.printed(/released: press o to reopen the ports/);
    terminal.type(':hello\r');
    await terminal.printed(/sercom: cannot send to "uno": the port is released; press o to reopen it\r\n/);
    terminal.type('r');
    await terminal.printed(/sercom: cannot reset "uno": the port is released; press o to reopen it\r\n/);
    const { command, end } = await uploader(port);
    const other = start('monitor', 'sim:', '--release-for', command, '-n', '1');
    await other.complained(/uploading \d+\n/);
    await end(0);
    expect((await other.outcome()).stderr).toMatch(/exit code 0/);
    terminal.type('o');
    await terminal.printed(/sercom: reopening "uno"\r\n/);
    await terminal.printed(/sercom: "uno" connected/);
    write(device, HI);
    await terminal.printed(/"hi"/);
    terminal.type('u');
    await terminal.printed(/sercom: no command to run; start the monitor with --release-for COMMAND\r\n/);
    terminal.type('q');
    expect((await terminal.outcome()).code).toBe(0);
    expect(await readFile(log, 'utf8')).toMatch(/^# released "uno" {2}\S+Z\n# reopening "uno" {2}\S+Z\n/m);
  });

  test.each([
    ['is tried again until the next o', [], /reopening "uno"\r\n[^]*released "uno"/],
    [
      'stays released without reconnecting',
      ['--no-reconnect'],
      /no such port[^]*released: press o to reopen the ports/,
    ],
  ])('a port that o cannot reopen %s', async (_, options, printed) => {
    const { path: port, unplug } = await openTestPort();
    const terminal = new TerminalProcess(['monitor', `uno=${port}`, ...options], { columns: 200 });
    await terminal.printed(/press \? for keys/);
    terminal.type('o');
    await terminal.printed(/released: press o to reopen the ports/);
    await unplug();
    terminal.type('o');
    await terminal.printed(/reopening "uno"/);
    if (options.length === 0) {
      terminal.type('o');
    }
    await terminal.printed(printed);
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/call reopen/);
  });

  test('keys that the command did not read have no effect', async () => {
    const { path: port } = await openTestPort();
    const { command, end } = await uploader(port);
    const terminal = new TerminalProcess(['monitor', `uno=${port}`, '--release-for', command], { columns: 200 });
    await terminal.printed(/\nuploading \d+\r\n/);
    terminal.type('q');
    // The terminal itself echoes it.
    await terminal.printed(/\nuploading \d+\r\nq/);
    await end(0);
    await terminal.printed(/sercom: "uno" connected/);
    terminal.type('m');
    await terminal.printed(/marker 1/);
    terminal.type('q');
    expect((await terminal.outcome()).code).toBe(0);
  });

  test('a last line of the command without a line end is kept, and its color ends', async () => {
    const { path: port } = await openTestPort();
    const command = String.raw`printf '\033[31mhalf'`;
    const options = ['--stats', '--release-for', command];
    const terminal = new TerminalProcess(['monitor', `uno=${port}`, ...options], { columns: 90 });
    // In column 0, the spaces stay in one line; elsewhere, they wrap into the next one.
    await terminal.printed(/\x1b\[31mhalf\x1b\[0m {90}\r\x1b\[K/);
    await terminal.printed(/sercom: "uno" connected/);
    terminal.type('q');
    expect((await terminal.outcome()).code).toBe(0);
  });

  test('u runs the command again, with the terminal; Ctrl-C ends the command only', async () => {
    const { path: port, device } = await openTestPort();
    const command = `sh -c 'test -t 0 && test -t 1 && echo asking && read line && echo "got $line"'`;
    const terminal = new TerminalProcess(['monitor', `uno=${port}`, '--release-for', command, '--no-skip-first'], {
      columns: 200,
    });
    await terminal.printed(/\nasking/);
    terminal.type('first\r');
    await terminal.printed(/\ngot first\r\n/);
    await terminal.printed(/ended with exit code 0; reopening "uno"/);
    await terminal.printed(/"uno" connected/);
    write(device, HI);
    await terminal.printed(/"hi"/);

    terminal.type('u');
    await terminal.printed(/\nasking[^]*\nasking/);
    terminal.type('\x03');
    await terminal.printed(/(was ended by SIGINT|exit code 130); reopening "uno"/);
    terminal.type('m');
    await terminal.printed(/marker 1/);
    terminal.type('q');
    expect((await terminal.outcome()).code).toBe(0);
  });
});
