import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { RunningProcess, run, SERCOM } from '../support/sercom-process.js';

/** Runs a shell command whose stdin, stdout and stderr are a terminal. Everything it prints appears on stdout. */
function onTerminal(command: string, env: NodeJS.ProcessEnv = {}): RunningProcess {
  return new RunningProcess('script', ['-qec', command, '/dev/null'], { TERM: 'xterm-256color', ...env });
}

const MONITOR = `"${process.execPath}" "${SERCOM}" monitor sim:`;
const SEND = `"${process.execPath}" "${SERCOM}" send sim:`;
const ESCAPE_SEQUENCE = /\x1b/;

// Of util-linux: other programs of that name have other options.
describe.skipIf(!has('script') || process.platform !== 'linux')(
  'sercom on a terminal (needs script of util-linux)',
  () => {
    test('uses colors and says how to quit', async () => {
      const { code, stdout } = await onTerminal(`${MONITOR} -n 1`).outcome();
      expect(stdout).toContain('\x1b[32mrx\x1b[0m');
      expect(stdout).toMatch(/^sercom: monitoring sim:.*q to quit\r\n/);
      expect(code).toBe(0);
    });

    test.each([
      ['NO_COLOR is set', { NO_COLOR: '1' }],
      ['the terminal is dumb', { TERM: 'dumb' }],
    ])('uses no colors when %s', async (_, env) => {
      const { stdout } = await onTerminal(`${MONITOR} -n 1`, env).outcome();
      expect(stdout).toContain('"hello 1"');
      expect(stdout).not.toMatch(ESCAPE_SEQUENCE);
    });

    test('Ctrl-C ends the monitor with exit code 0 and one line of totals', async () => {
      const monitor = onTerminal(MONITOR);
      await monitor.printed(/rx/);
      monitor.child.stdin!.write('\x03');
      const { code, stdout } = await monitor.outcome();
      expect(stdout).toMatch(/\r\n(\^C)?sercom: received \d+ packets? .*\r\n$/);
      expect(code).toBe(0);
    });

    test('Ctrl-C ends send with 130', async () => {
      const send = onTerminal(`${SEND} --text x --wait 2 --timeout 20`);
      await send.printed(/rx/);
      send.child.stdin!.write('\x03');
      expect((await send.outcome()).code).toBe(130);
    });

    test('send --stdin asks for the packet; Ctrl-D ends it', async () => {
      const send = onTerminal(`${SEND} --stdin --wait 1`);
      await send.printed(/type the packet/);
      send.child.stdin!.write('typed\n\x04');
      const { code, stdout } = await send.outcome();
      expect(stdout).toContain('"typed\\n"');
      expect(code).toBe(0);
    });

    test('send --stdin: Ctrl-C exits with 130, and sends nothing', async () => {
      const send = onTerminal(`${SEND} --stdin --wait 1`);
      await send.printed(/type the packet/);
      send.child.stdin!.write('typed\n\x03');
      const { code, stdout } = await send.outcome();
      expect(stdout).not.toContain('rx');
      expect(code).toBe(130);
    });

    test('prints an error as one line without colors', async () => {
      const { code, stdout } = await onTerminal(`"${process.execPath}" "${SERCOM}" monitor /dev/nowhere`).outcome();
      expect(stdout).toMatch(/^sercom: [^\x1b\n]*no such port[^\x1b\n]*\r\n$/);
      expect(code).toBe(1);
    });

    test('exits silently with 0 when head closes the pipe', async () => {
      const { stdout } = await onTerminal(`bash -c '${MONITOR} | head -n 1; echo "\${PIPESTATUS[0]}"'`).outcome();
      expect(stdout.split('\r\n').slice(1)).toEqual(['0', '']);
    });
  },
);

test('prints no colors and no messages in a pipe', async () => {
  const { stdout, stderr } = await run('monitor', 'sim:', '-n', '1');
  expect(stdout).not.toMatch(ESCAPE_SEQUENCE);
  expect(stderr).toBe('');
});
