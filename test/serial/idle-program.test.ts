import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { IDLE_PROGRAM, PACKETS, printedBefore, QUIET_MS } from '../support/idle-program.js';
import { ROOT } from '../support/packages.js';
import { openPtyPair, PtyEchoDevice } from '../support/pty-pair.js';
import { has } from '../support/tools.js';

describe.skipIf(!has('socat'))('a program that does nothing else (needs socat)', () => {
  /** Since Node 26.4, promises that settle in a plain callback of native code do not continue by themselves. */
  test.each(['default', 'serialport'])('receives packets, and its event loop rests: %s binding', async (kind) => {
    const pair = await openPtyPair();
    const device = new PtyEchoDevice(pair.devicePath);
    const words = ['--input-type=module', '--eval', IDLE_PROGRAM, pair.hostPath, kind];
    const program = spawn(process.execPath, words, { cwd: ROOT, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(program, 'exit');
    onTestFinished(async () => {
      program.kill();
      await exited;
      await device.close();
      await pair.close();
    });
    let printed = '';
    let sent = 0;
    for await (const text of program.stdout.setEncoding('utf8')) {
      printed += text;
      if (sent < PACKETS && printed === printedBefore(sent)) {
        await delay(QUIET_MS);
        device.send(Uint8Array.of(sent++));
      }
    }
    expect(printed).toBe(`${printedBefore(PACKETS)}rests\n`);
    expect(await exited).toEqual([0, null]);
  });
});
