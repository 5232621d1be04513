import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../../test/support/pty.js';
import { has } from '../../../../test/support/tools.js';
import { serve } from '../../support/serve-rig.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { TerminalProcess } from '../../support/terminal-process.js';

/** What ends a cut frame so that it cannot decode. */
const RESYNC = `01${'ff'.repeat(254)}00`;

const HI = '03686900';

/** A frame of 300 bytes and its delimiter. */
const LONG = `ff${'22'.repeat(254)}2e${'22'.repeat(45)}00`;

/** A device on a pty that can be unplugged and comes back under the same path. */
async function pluggable(): Promise<{ pty: Pty; link: string }> {
  const folder = await temporaryFolder();
  const pty = new Pty();
  onTestFinished(() => pty.end());
  const link = path.join(folder, 'ttyACM0');
  await pty.open(link);
  return { pty, link };
}

/** Everything that a device has received, in hex, once that matches. */
async function readUntil(pty: Pty, pattern: RegExp): Promise<string> {
  let hex = '';
  while (!pattern.test(hex)) {
    hex += (await pty.read().catch(() => Buffer.alloc(0))).toString('hex');
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return hex;
}

describe.skipIf(!has('python3'))('trouble with the device of sercom serve (needs python3)', () => {
  test('a device that accepts nothing is reported, and a frame that its end cuts is made invalid', async () => {
    const { pty, link } = await pluggable();
    const { client, process } = await serve(`arm=${link}`);
    await readUntil(pty, /^00$/);
    const one = await client();
    // More than the kernel accepts for a device that does not read.
    one.send(LONG.repeat(1_000));
    await process.complained(
      /^sercom: "arm": the device accepts no bytes, so its clients wait: check that its program reads /m,
    );
    await pty.unlink();
    await pty.close();
    await process.complained(/; reconnecting\n/);
    await pty.open(link);
    await process.complained(/"arm" connected/);
    expect(await readUntil(pty, /00$/)).toBe(RESYNC);
    one.send(HI);
    expect(await readUntil(pty, /00$/)).toBe(HI);
    process.child.kill('SIGINT');
    const { code, stderr } = await process.outcome();
    const [, sent, lost] =
      /served 1 client; sent (\d+) frames?, .*, (\d+) frames lost with the port/.exec(stderr) ?? [];
    // Of what was sent while the port was lost, the rest is discarded.
    const discarded = Number(/, (\d+) frames? discarded while the port was disconnected/.exec(stderr)?.[1] ?? 0);
    expect(Number(sent) + Number(lost) + discarded).toBe(1_001);
    expect(code).toBe(0);
  });

  test('a port that comes back gets the baud rate that a client has set', async () => {
    const { pty, link } = await pluggable();
    const { client, process } = await serve(`arm=${link}`, '--rfc2217', '--no-sync');
    const one = await client();
    one.send('fffa2c01 00002580 fff0');
    await one.received(/fffa2c6500002580fff0$/);
    await pty.unlink();
    await pty.close();
    await process.complained(/; reconnecting\n/);
    await pty.open(link);
    await process.complained(/"arm" connected/);
    one.send(HI);
    expect(await readUntil(pty, /00$/)).toBe(HI);
    one.send('fffa2c01 00000000 fff0');
    await one.received(/fffa2c6500002580fff0.*fffa2c6500002580fff0$/);
  });

  test('Ctrl-C does not wait for a device that accepts nothing', async () => {
    const { pty, link } = await pluggable();
    const { client, process } = await serve(link);
    await readUntil(pty, /^00$/);
    (await client()).send(LONG.repeat(1_000));
    await process.complained(/the device accepts no bytes/);
    const before = performance.now();
    process.child.kill('SIGINT');
    const { code, stderr } = await process.outcome();
    expect(code).toBe(0);
    const [, sent, lost] =
      /sent (\d+) frames?, received 0 frames, .*(\d{3}) frames lost with the port\n$/.exec(stderr) ?? [];
    // It was not read any more when more than 64 KiB waited.
    expect(Number(sent) + Number(lost)).toBeGreaterThan(200);
    // Without a limit, it would wait until the device accepts the rest.
    expect(performance.now() - before).toBeLessThan(15_000);
  });

  test('what clients have left behind keeps nobody out', async () => {
    const { pty, link } = await pluggable();
    const { client, process } = await serve(link, '--max-clients', '2');
    await readUntil(pty, /^00$/);
    // Each sends less than is read ahead, but together it is more than the device accepts.
    for (let number = 1; number <= 6; number++) {
      const one = await client();
      one.send(LONG.repeat(200));
      one.socket.end();
      await process.complained(new RegExp(`^sercom: client ${number} \\S+ disconnected`, 'm'));
    }
    await process.complained(
      /^sercom: client \d \S+: dropping 200 frames that the device has not accepted: others want to connect$/m,
    );
    expect(process.stderr).not.toContain('refused');
    process.child.kill('SIGINT');
    expect((await process.outcome()).stderr).toMatch(
      /served 6 clients; .*, \d+ frames dropped after their clients had left/,
    );
  });

  test('--stats shows a status line on a terminal', async () => {
    const terminal = new TerminalProcess(['serve', 'sim:', '--tcp', '0', '--stats'], { env: { NO_COLOR: '1' } });
    await terminal.printed(/serving sim: on 127\.0\.0\.1:\d+; press Ctrl-C to stop/);
    await terminal.printed(/0 clients {2}from the device 0 B\/s {2}to the device 0 B\/s {2}0 frames\/s/);
    terminal.type('\x03');
    expect((await terminal.outcome()).code).toBe(0);
  });
});
