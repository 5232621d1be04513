import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TerminalProcess } from '../support/terminal-process.js';

/** A frame with 200 bytes. */
const FRAME = Buffer.concat([Buffer.of(201), Buffer.alloc(200, 'x'), Buffer.of(0)]);

/** More than the terminal and the output of the monitor hold. */
const FRAMES = 4_000;

/** A monitor on a terminal that has stopped to read, and its device, which has sent everything. */
async function stalledMonitor(...options: string[]) {
  const device = new Pty();
  onTestFinished(() => device.end());
  const log = path.join(await temporaryFolder(), 'packets.log');
  const monitor = new TerminalProcess([
    'monitor',
    `arm=${await device.open()}`,
    '--no-skip-first',
    ...['--log', log],
    ...options,
  ]);
  await monitor.printed(/for keys/);
  monitor.read(false);
  let unsent = Buffer.concat(Array.from({ length: FRAMES }, () => FRAME));
  while (unsent.length > 0) {
    // It fails while the port takes nothing.
    unsent = unsent.subarray(await device.write(unsent.subarray(0, 4_096)).catch(() => 0));
    await delay(1);
  }
  while ((await readFile(log, 'latin1')).split('\n').length <= FRAMES) {
    await delay(50);
  }
  return { monitor, log };
}

describe.skipIf(!has('python3'))('a terminal that takes no output (needs python3)', () => {
  test.each([[[]], [['--drop']]])(
    'the log gets every packet, and what was not shown is counted: %j',
    async (options) => {
      const { monitor } = await stalledMonitor(...options);
      monitor.read(true);
      // It reads keys.
      monitor.type('m');
      await monitor.printed(/marker 1/);
      monitor.type('q');
      const { code, stdout } = await monitor.outcome();
      const [, notShown] = /received 4000 packets \(800000 bytes\), (\d+) not shown/.exec(stdout)!;
      expect(stdout.match(/\[32mrx/g)).toHaveLength(FRAMES - Number(notShown));
      expect(code).toBe(0);
    },
  );

  test('--changes draws its lines, without storing old ones', async () => {
    const { monitor } = await stalledMonitor('--changes');
    monitor.read(true);
    await monitor.printed(/4000 .* 200 {2}78/);
    monitor.type('q');
    expect((await monitor.outcome()).code).toBe(0);
  });

  test.each([
    ['Ctrl-C', '\x03'],
    ['q', 'q'],
  ])('%s ends the monitor', async (_, key) => {
    const { monitor, log } = await stalledMonitor();
    monitor.type(key);
    expect((await monitor.outcome()).code).toBe(0);
    expect((await readFile(log, 'latin1')).split('\n')).toHaveLength(FRAMES + 1);
  });
});
