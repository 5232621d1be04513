import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { run, start } from '../support/sercom-process.js';
import { TerminalProcess } from '../support/terminal-process.js';

async function openPty(): Promise<string> {
  const pty = new Pty();
  onTestFinished(() => pty.end());
  return pty.open();
}

describe.skipIf(!has('python3'))('a port that cannot do what it is asked for (needs python3)', () => {
  test('--dtr and --rts fail on a port without control lines', async () => {
    const path = await openPty();
    for (const option of ['--dtr', '--rts']) {
      const { code, stderr } = await run('monitor', path, option, 'off');
      expect(stderr).toBe(`sercom: connection "${path}": this port has no control lines; omit dtr and rts\n`);
      expect(code).toBe(1);
    }
  });

  test('the key r of the monitor says that the port has no control lines', async () => {
    const path = await openPty();
    const terminal = new TerminalProcess(['monitor', path]);
    await terminal.printed(/press \? for keys/);
    terminal.type('r');
    await terminal.printed(/sercom: connection "\S+ttyACM0": this port has no control lines\r\n/);
    terminal.type('q');
    const { code, stdout } = await terminal.outcome();
    expect(stdout).not.toMatch(/setSignals|ioctl/);
    expect(code).toBe(0);
  });

  test.skipIf(process.platform === 'win32')('--parity and --stop-bits name what works', async () => {
    const path = await openPty();
    const parity = await run('monitor', path, '--parity', 'space');
    expect(parity.stderr).toMatch(
      /parity is "space", which works on Windows only; on \w+ use "none", "even" or "odd"\n$/,
    );
    const stopBits = await run('monitor', path, '--stop-bits', '1.5');
    expect(stopBits.stderr).toMatch(/stopBits is 1.5, which works on Windows only; on \w+ use 1 or 2\n$/);
    expect([parity.code, stopBits.code]).toEqual([2, 2]);
  });

  test.skipIf(process.platform !== 'linux')('--no-lock warns if another program has the port open', async () => {
    const pty = new Pty();
    onTestFinished(() => pty.end());
    const path = await pty.open();
    const first = start('monitor', path, '--no-lock');
    // It writes a delimiter when the port is open. Until then, reading fails.
    while ((await pty.read().catch(() => [])).length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    const second = start('monitor', path, '--no-lock');
    await second.complained(
      /sercom: warning: \S+ttyACM0 is open without a lock, and process \d+ \(\S+\) has it open, too/,
    );
    for (const each of [first, second]) {
      each.child.kill('SIGINT');
      expect((await each.outcome()).code).toBe(0);
    }
  });
});
