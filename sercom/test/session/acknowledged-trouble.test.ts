import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { startLinkDevice } from '../support/link-device.js';
import { expectMessageForm } from '../support/message-form.js';
import { run, start } from '../support/sercom-process.js';

const ACKNOWLEDGED = ['--delivery', 'acknowledged'];

describe.skipIf(!has('cc'))('what --delivery acknowledged says when something is wrong (needs cc)', () => {
  test('monitor says which version an incompatible device speaks, also at the end of --timeout', async () => {
    const device = await startLinkDevice({ version: 2 });
    const { code, stderr } = await run('monitor', device.path, ...ACKNOWLEDGED, '--timeout', '2', '--quiet');
    expect(code).toBe(3);
    expect(stderr).toMatch(/ within 2 seconds; no session: connection "\S+": the device speaks version 2 /);
    expect(stderr).not.toMatch('plain frames');
  });

  test('monitor says what to do if the device sends larger packets', async () => {
    const device = await startLinkDevice();
    const { stderr } = await run('monitor', device.path, ...ACKNOWLEDGED, '--timeout', '2', '--max-packet', '8');
    expect(stderr).toMatch(/ packets of 64 bytes; expected at most 8: raise --max-packet\n/);
  });

  test('monitor reports packets that were not acknowledged before Ctrl-C', async () => {
    const device = await startLinkDevice();
    await device.tell('busy on');
    const monitor = start('monitor', device.path, ...ACKNOWLEDGED, '--input', 'hex');
    monitor.child.stdin!.write('01\n02\n');
    await device.process.printed(/refused/);
    monitor.child.kill('SIGINT');
    await monitor.complained(/^sercom: 2 packets not acknowledged before the end; they may have been delivered\n/m);
  });

  test('send says that a datagram or its reply may be lost', async () => {
    const device = await startLinkDevice();
    await device.tell('echo off');
    const options = ['--hex', '01', '--datagram', '--wait', '1', '--timeout', '0.5'];
    const { code, stderr } = await run('send', device.path, ...ACKNOWLEDGED, ...options);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      /^sercom: no reply from .*; the datagram or its reply may be lost; if not, does the device /,
    );
  });

  test('send reports a packet that was not acknowledged before Ctrl-C', async () => {
    const device = await startLinkDevice();
    await device.tell('busy on');
    const send = start('send', device.path, ...ACKNOWLEDGED, '--hex', '01');
    await device.process.printed(/refused/);
    send.child.kill('SIGINT');
    await send.complained(/^sercom: 1 packet not acknowledged before the end; it may have been delivered\n/m);
    expect((await send.outcome()).code).toBe(130);
  });

  test('ping does not say that nothing was sent if Ctrl-C comes before the first echo', async () => {
    const device = await startLinkDevice();
    await device.tell('busy on');
    const ping = start('ping', device.path, ...ACKNOWLEDGED);
    await device.process.printed(/refused/);
    ping.child.kill('SIGINT');
    expect(await ping.outcome()).toMatchObject({ code: 1, stderr: expect.stringMatching(/no packets counted: /) });
  });

  test('ping says that the device takes no packets', async () => {
    const device = await startLinkDevice();
    await device.tell('busy on');
    const { stderr } = await run('ping', device.path, ...ACKNOWLEDGED, '-n', '2', '--timeout', '0.3');
    expect(stderr).toMatch(/^sercom: the device has answered the handshake, but taken no packet in time: /);
    expectMessageForm(stderr);
  });
});
