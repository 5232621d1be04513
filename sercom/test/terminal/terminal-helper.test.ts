import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../test/support/pty.js';
import { has } from '../../../test/support/tools.js';
import { temporaryFolder } from '../support/temporary-folder.js';
import { TerminalProcess } from '../support/terminal-process.js';

/** A frame with 200 bytes. */
const FRAME = Buffer.concat([Buffer.of(201), Buffer.alloc(200, 'x'), Buffer.of(0)]);

/** More than the terminal, the helper process and the output of the monitor hold. */
const FRAMES = 4_000;

/** `sercom` on a terminal that it cannot open again, as if it belonged to another user. */
async function startWithHelper(...commandLine: string[]) {
  const folder = await temporaryFolder();
  const [hook, denied] = [path.join(folder, 'hook.mjs'), path.join(folder, 'denied')];
  await writeFile(
    hook,
    `import fs from 'node:fs';
    import { syncBuiltinESMExports } from 'node:module';
    const { openSync } = fs;
    fs.openSync = (path, ...rest) => {
      if (path === '/proc/self/fd/1') {
        fs.writeFileSync(${JSON.stringify(denied)}, '');
        throw Object.assign(new Error('EACCES'), { code: 'EACCES' });
      }
      return openSync(path, ...rest);
    };
    syncBuiltinESMExports();`,
  );
  const terminal = new TerminalProcess(commandLine, { env: { NODE_OPTIONS: `--import ${hook}` } });
  return { terminal, folder, wasDenied: () => existsSync(denied) };
}

describe.skipIf(!has('python3') || process.platform === 'win32')(
  'a terminal that cannot be opened again is written by a helper process (needs python3)',
  () => {
    test('shows everything, to the last message', async () => {
      const { terminal, wasDenied } = await startWithHelper('monitor', 'sim:');
      await terminal.printed(/rx\x1b\[0m .*"hello 2"/);
      terminal.type('m');
      await terminal.printed(/marker 1/);
      terminal.type('q');
      const { code, stdout } = await terminal.outcome();
      expect(stdout).toMatch(/\r\nsercom: received \d+ packets .*\r\n$/);
      expect({ code, wasDenied: wasDenied() }).toEqual({ code: 0, wasDenied: true });
    });

    test.each([
      ['Ctrl-C', '\x03'],
      ['q', 'q'],
    ])('while it takes nothing, the log gets every packet, and %s ends the monitor', async (_, key) => {
      const device = new Pty();
      onTestFinished(() => device.end());
      const log = path.join(await temporaryFolder(), 'packets.log');
      const port = `arm=${await device.open()}`;
      const { terminal, wasDenied } = await startWithHelper('monitor', port, '--no-skip-first', '--log', log);
      await terminal.printed(/for keys/);
      terminal.read(false);
      let unsent = Buffer.concat(Array.from({ length: FRAMES }, () => FRAME));
      while (unsent.length > 0) {
        // It fails while the port takes nothing.
        unsent = unsent.subarray(await device.write(unsent.subarray(0, 4_096)).catch(() => 0));
        await delay(1);
      }
      while ((await readFile(log, 'latin1')).split('\n').length <= FRAMES) {
        await delay(50);
      }
      terminal.type(key);
      expect((await terminal.outcome()).code).toBe(0);
      expect((await readFile(log, 'latin1')).split('\n')).toHaveLength(FRAMES + 1);
      expect(wasDenied()).toBe(true);
    });
  },
);
