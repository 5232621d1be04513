import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { RunningProcess, SERCOM, start } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const RECORDING = `(1700000000.000000) arm tx#01\n(1700000000.100000) arm tx#02\n`;

/** Command lines that run until they are stopped, and what they print once they run. */
const COMMANDS: readonly (readonly [name: string, commandLine: string[], running: RegExp, report: RegExp])[] = [
  ['monitor', ['monitor', 'sim:'], /rx/, /^sercom: received \d+ packets? .*, sent .*\n$/],
  ['send --repeat', ['send', 'sim:', '--text', 'x', '--repeat', '1000', '--wait', '1'], /rx/, /^sercom: received/],
  ['replay to a port', ['replay', 'LOG', 'sim:', '--loop'], /rx/, /^sercom: received/],
  ['replay', ['replay', 'LOG', '--loop', '--speed', '1'], /tx/, /^$/],
];

describe.each([
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)('%s ends a command as Ctrl-C does, but with exit code %i:', (signal, exitCode) => {
  test.each(COMMANDS)('%s', async (_, commandLine, running, report) => {
    const log = path.join(await temporaryFolder(), 'recording.log');
    await writeFile(log, RECORDING);
    const command = start(...commandLine.map((word) => (word === 'LOG' ? log : word)));
    await command.printed(running);
    command.child.kill(signal);
    const { code, stdout, stderr } = await command.outcome();
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: expect.stringMatching(report) });
    expect(stdout).toMatch(/\n$/);
  });

  test('list --watch', async () => {
    const list = start('list', '--watch');
    await catchesSignals(list.child.pid!);
    list.child.kill(signal);
    expect(await list.outcome()).toMatchObject({ code: exitCode, stderr: '' });
  });

  test.skipIf(!has('python3'))('ping prints its report (needs python3)', async () => {
    const device = new Pty();
    onTestFinished(() => device.end());
    const ping = start('ping', await device.open(), '--json', '--timeout', '60');
    const sent = await bytesSent(device, 65);
    await device.write(sent);
    // The next packet is only sent after the echo has arrived.
    await bytesSent(device, 65);
    ping.child.kill(signal);
    const { code, stdout } = await ping.outcome();
    expect(JSON.parse(stdout)).toMatchObject({ sent: 1, received: 1, lost: 0, corrupted: 0 });
    expect(code).toBe(exitCode);
  });

  test('monitor --log completes its files', async () => {
    const folder = await temporaryFolder();
    const [log, capture] = [path.join(folder, 'a.log'), path.join(folder, 'a.pcapng')];
    const monitor = start('monitor', 'sim:', '--json', '--log', log, '--pcapng', capture);
    await monitor.printed(/rx/);
    monitor.child.kill(signal);
    const { code, stdout } = await monitor.outcome();
    const shown = stdout.split('\n').length;
    expect((await readFile(log, 'utf8')).split('\n')).toHaveLength(shown);
    expect(execFileSync(process.execPath, [SERCOM, 'replay', capture, '--json']).toString().split('\n')).toHaveLength(
      shown,
    );
    expect(code).toBe(exitCode);
  });
});

const CONTAINER = ['--user', '--map-root-user', '--pid', '--fork', '--mount-proc'];

describe.skipIf(spawnSync('unshare', [...CONTAINER, 'true']).status !== 0)('as process 1 (needs unshare)', () => {
  test.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
    ['SIGINT', 0],
  ] as const)('%s ends monitor', async (signal, exitCode) => {
    const container = new RunningProcess('unshare', [...CONTAINER, process.execPath, SERCOM, 'monitor', 'sim:']);
    await container.printed(/rx/);
    process.kill(await childOf(container.child.pid!), signal);
    const { code, stderr } = await container.outcome();
    expect({ code, stderr }).toEqual({ code: exitCode, stderr: expect.stringMatching(/^sercom: received/) });
  });

  test('SIGTERM ends a command that has nothing to complete', async () => {
    const container = new RunningProcess('unshare', [
      ...CONTAINER,
      process.execPath,
      SERCOM,
      'send',
      'sim:',
      '--stdin',
    ]);
    const first = await childOf(container.child.pid!);
    await catchesSignals(first);
    process.kill(first, 'SIGTERM');
    expect((await container.outcome()).code).toBe(143);
  });
});

describe('a named pipe that has no writer', () => {
  test.each([
    ['replay', ['replay', 'PIPE']],
    ['replay to a port', ['replay', 'PIPE', 'sim:']],
    ['send --file', ['send', 'sim:', '--file', 'PIPE']],
  ])('the first Ctrl-C ends %s', async (_, commandLine) => {
    const pipe = path.join(await temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const command = start(...commandLine.map((word) => (word === 'PIPE' ? pipe : word)));
    await catchesSignals(command.child.pid!);
    command.child.kill('SIGINT');
    expect(await command.outcome()).toMatchObject({ code: 130, signal: null, stdout: '' });
  });

  test('replay waits for the writer', async () => {
    const pipe = path.join(await temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    const replay = start('replay', pipe, '--format', '%x');
    await catchesSignals(replay.child.pid!);
    await writeFile(pipe, RECORDING);
    expect(await replay.outcome()).toMatchObject({ code: 0, stdout: '01\n02\n', stderr: '' });
  });
});

/** Resolves when a process has a handler for SIGHUP, which Node.js does not install on its own. */
async function catchesSignals(pid: number): Promise<void> {
  while (!/^SigCgt:.*[13579bdf]$/m.test(readFileSync(`/proc/${pid}/status`, 'latin1'))) {
    await delay(10);
  }
}

/** Resolves with all bytes that the device has received, once there are this many. */
async function bytesSent(device: Pty, bytes: number): Promise<Buffer> {
  let sent = Buffer.alloc(0);
  while (sent.length < bytes) {
    // Until the port is open, reading fails.
    sent = Buffer.concat([sent, await device.read().catch(() => Buffer.alloc(0))]);
    await delay(10);
  }
  return sent;
}

async function childOf(pid: number): Promise<number> {
  for (;;) {
    const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1').split(' ');
    if (child !== '' && child !== undefined) {
      return Number(child);
    }
    await delay(10);
  }
}
