import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, test } from 'vitest';
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
});
