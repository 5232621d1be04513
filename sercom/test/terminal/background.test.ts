import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { SERCOM } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TerminalProcess } from '../support/terminal-process.js';

const MONITOR = `"${process.execPath}" "${SERCOM}" monitor sim:`;

/** A shell with job control. */
function startShell(): TerminalProcess {
  return new TerminalProcess(['--norc', '--noprofile', '--noediting', '-i'], {
    command: ['bash'],
    columns: 300,
    env: { PS1: '> ' },
  });
}

/** Resolves when a log has more received packets than before. */
async function grown(log: string, before = 0): Promise<number> {
  for (;;) {
    const packets = (await readFile(log, 'latin1').catch(() => '')).split(' rx#').length - 1;
    if (packets > before) {
      return packets;
    }
    await delay(50);
  }
}

describe.skipIf(!has('python3') || !has('bash'))('a job of a shell (needs python3 and bash)', () => {
  test('monitor records in the background, and reads keys in the foreground', async () => {
    const log = path.join(await temporaryFolder(), 'packets.log');
    const shell = startShell();
    shell.type(`${MONITOR} -q --log ${log} &\n`);
    await grown(log, 1);
    shell.type('jobs\n');
    await shell.printed(/\[1\]\+ {2}Running/);
    shell.type('fg\n');
    // It is not notified that it is in the foreground.
    while (!/marker 1/.test(shell.stdout)) {
      shell.type('m');
      await delay(100);
    }
    shell.type('q');
    await shell.printed(/received \d+ packets/);
    shell.type('echo code $?; exit\n');
    await shell.printed(/code 0\r?\n/);
  });

  test('monitor records after Ctrl-Z and bg, and reads keys again after fg', async () => {
    const log = path.join(await temporaryFolder(), 'packets.log');
    const shell = startShell();
    shell.type(`${MONITOR} --log ${log}\n`);
    await grown(log);
    shell.type('\x1a');
    await shell.printed(/Stopped/);
    const before = await grown(log);
    shell.type('bg\n');
    await grown(log, before + 1);
    shell.type('fg\n');
    while (!/marker 1/.test(shell.stdout)) {
      shell.type('m');
      await delay(100);
    }
    shell.type('\x1a');
    await shell.printed(/Stopped[^]*Stopped/);
    shell.type('bg; kill %1; wait %1; echo code $?; exit\n');
    await shell.printed(/code 143\r?\n/);
  });

  test('monitor ends with its own exit code after Ctrl-Z and bg', async () => {
    const shell = startShell();
    shell.type(`${MONITOR}\n`);
    await shell.printed(/"hello 1"/);
    shell.type('\x1a');
    await shell.printed(/Stopped/);
    shell.type('bg; kill -INT %1; wait %1; echo code $?; exit\n');
    await shell.printed(/code 0\r?\n/);
  });

  test('the status line is drawn in the foreground only, and erased before Ctrl-Z stops the process', async () => {
    const STATUS = /\x1b\[\?7l/;
    const shell = startShell();
    // The packets that are shown in the background.
    const shown = (from: number) => shell.stdout.slice(from).split('"hello').length - 1;
    shell.type(`${MONITOR} --stats &\n`);
    await shell.printed(/"hello 2"[^]*"hello 3"/);
    expect(shell.stdout).not.toMatch(STATUS);
    shell.type('fg\n');
    await shell.printed(STATUS);
    shell.type('\x1a');
    await shell.printed(/Stopped/);
    expect(shell.stdout).toMatch(/\r\x1b\[J(?:(?!\x1b\[\?7l)[^])*Stopped/);
    const stopped = shell.stdout.length;
    shell.type('bg\n');
    while (shown(stopped) < 4) {
      await delay(50);
    }
    expect(shell.stdout.slice(stopped)).not.toMatch(STATUS);
    shell.type('fg\n');
    while (!STATUS.test(shell.stdout.slice(stopped))) {
      await delay(50);
    }
    shell.type('q');
    await shell.printed(/received \d+ packets/);
    shell.type('exit\n');
    await shell.outcome();
  });

  test('the status line of ping is erased before Ctrl-Z stops it', async () => {
    const shell = startShell();
    shell.type(`"${process.execPath}" "${SERCOM}" ping sim: -n 1000 --interval 0.1\n`);
    await shell.printed(/\x1b\[\?7l\d+ of 1000 sent/);
    shell.type('\x1a');
    await shell.printed(/Stopped/);
    expect(shell.stdout).toMatch(/\r\x1b\[J(?:(?!\x1b\[\?7l)[^])*Stopped/);
    const stopped = shell.stdout.length;
    shell.type('fg\n');
    while (!/\x1b\[\?7l\d+ of 1000 sent, [1-9]/.test(shell.stdout.slice(stopped))) {
      await delay(50);
    }
    shell.type('\x03');
    await shell.printed(/throughput/);
    shell.type('exit\n');
    await shell.outcome();
  });
});
