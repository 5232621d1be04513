import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { startLinkDevice } from '../support/link-device.js';
import { expectMessageForm } from '../support/message-form.js';
import { jsonLines, run, start } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const ACKNOWLEDGED = ['--delivery', 'acknowledged'];

/** What `--json` printed: events, and packets as hex. */
const shown = (stdout: string) => jsonLines(stdout).map(({ dir, event, hex }) => event ?? `${dir} ${hex}`);

describe.skipIf(!has('cc'))('--delivery acknowledged (needs cc)', () => {
  describe('monitor', () => {
    test('exchanges packets in a session, and keeps its events in the log', async () => {
      const device = await startLinkDevice();
      const log = path.join(await temporaryFolder(), 'bench.log');
      const options = ['--input', 'hex', '--json', '-n', '2', '--log', log];
      const monitor = start('monitor', `arm=${device.path}`, ...ACKNOWLEDGED, ...options);
      await monitor.printed(/sessionStarted/);
      monitor.child.stdin!.write('01 02\n');
      await monitor.printed(/"dir":"rx"/);
      await device.tell('send 1b5b33316d');
      const { code, stdout, stderr } = await monitor.outcome();
      expect(shown(stdout)).toEqual(['sessionStarted', 'tx 0102', 'rx 0102', 'rx 1b5b33316d']);
      expect(jsonLines(stdout)[0]).toMatchObject({ name: 'arm', sendWindow: 4, sendMaxPacketBytes: 64 });
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      const kept = await readFile(log, 'utf8');
      expect(kept).toMatch(/^# "arm": session started: the device holds 4 packets of up to 64 bytes, .*Z\n/);
      expect(kept.replace(/^#.*\n/gm, '').replace(/^\(\S+ /gm, '')).toBe(
        'arm tx#0102\narm rx#0102\narm rx#1b5b33316d\n',
      );
    });

    test('shows events and escaped packets in text', async () => {
      const device = await startLinkDevice();
      const monitor = start('monitor', `arm=${device.path}`, ...ACKNOWLEDGED, '--columns', 'name,dir,text', '-n', '1');
      await monitor.printed(/session started/);
      await device.tell('send 1b5b33316d');
      expect((await monitor.outcome()).stdout).toBe(
        'arm      session started: the device holds 4 packets of up to 64 bytes, and sends 4 of up to 64 bytes\n' +
          'arm  rx  "\\x1b[31m"\n',
      );
    });

    test('reports that the device restarted, and goes on in another session', async () => {
      const device = await startLinkDevice();
      const monitor = start('monitor', device.path, ...ACKNOWLEDGED, '--json', '-n', '1', '--stats');
      await device.process.printed(/^session 0$/m);
      await device.tell('reset');
      await monitor.printed(/peerReset[^]*sessionStarted/);
      await device.tell('send 07');
      const { code, stdout, stderr } = await monitor.outcome();
      expect(shown(stdout)).toEqual(['sessionStarted', 'peerReset', 'sessionStarted', 'rx 07', 'delivery']);
      expect(jsonLines(stdout).at(-1)).toMatchObject({ sessions: 2, peerResets: 1, window: 4 });
      expect(stderr).toMatch(/, window 4 of 4, 2 sessions, 1 device reset\n$/);
      expect(code).toBe(0);
    });

    test('reports that the device is silent, and that it is not any more', async () => {
      const device = await startLinkDevice();
      const monitor = start('monitor', device.path, ...ACKNOWLEDGED, '--json', '-n', '2', '--keep-alive', '300');
      // Until the device has said something, a silent one gets a new session.
      await device.tell('send 06');
      await monitor.printed(/"hex":"06"/);
      await device.tell('mute on');
      await monitor.printed(/"isSilent":true/);
      await device.tell('mute off');
      await monitor.printed(/"isSilent":false/);
      await device.tell('send 07');
      const { stdout } = await monitor.outcome();
      expect(shown(stdout)).toEqual(['sessionStarted', 'rx 06', 'peerSilent', 'peerSilent', 'rx 07']);
    });

    test('counts packets that were sent again', async () => {
      const device = await startLinkDevice();
      const options = ['--json', '--stats', '--input', 'hex', '-n', '8'];
      const monitor = start('monitor', device.path, ...ACKNOWLEDGED, ...options);
      await device.process.printed(/^session 0$/m);
      await device.tell('lose 3');
      monitor.child.stdin!.write('01\n02\n03\n04\n05\n06\n07\n08\n');
      const { stdout } = await monitor.outcome();
      const received = shown(stdout).filter((each) => `${each}`.startsWith('rx'));
      expect(received).toEqual([1, 2, 3, 4, 5, 6, 7, 8].map((byte) => `rx 0${byte}`));
      const { event, resent, roundTripMs, windowLimit } = jsonLines(stdout).at(-1)!;
      expect({ event, resent: Number(resent) >= 1 }).toEqual({ event: 'delivery', resent: true });
      expect({ roundTripMs, windowLimit }).toEqual({
        roundTripMs: expect.any(Number),
        windowLimit: expect.any(Number),
      });
    });

    test('says that a session was given up, and what was not sent', async () => {
      const device = await startLinkDevice();
      const options = ['--json', '--input', 'hex', '--ack-timeout', '300'];
      const monitor = start('monitor', device.path, ...ACKNOWLEDGED, ...options);
      await monitor.printed(/sessionStarted/);
      await device.tell('busy on');
      monitor.child.stdin!.write('01\n');
      await monitor.printed(/sessionFailed[^]*sessionStarted/);
      await monitor.complained(/not acknowledged within --ack-timeout \(300 ms\); .*; it may have been delivered\n/);
    });

    test('says why there is no session', async () => {
      const device = await startLinkDevice();
      await device.tell('mute on');
      const { code, stderr } = await run('monitor', device.path, ...ACKNOWLEDGED, '--timeout', '0.5');
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /; no session: no bytes received: check that the device runs, that its firmware uses link\.h/,
      );
      expectMessageForm(stderr);
    });

    test('reports a device that answers no handshake', { timeout: 60_000 }, async () => {
      const device = await startLinkDevice();
      await device.tell('mute on');
      const monitor = start('monitor', `arm=${device.path}`, ...ACKNOWLEDGED);
      await monitor.complained(/^sercom: "arm": no session yet: no bytes received: check that /);
    });
  });

  test('a device with acknowledged delivery that gets plain packets is recognized', async () => {
    const device = await startLinkDevice();
    const { stderr } = await run('ping', `arm=${device.path}`, '-n', '3', '--timeout', '0.3');
    expect(
      stderr.match(/^sercom: "arm": the device answers with frames of acknowledged delivery: use /gm),
    ).toHaveLength(1);
  });

  describe('send', () => {
    test('delivers a packet, and prints the reply', async () => {
      const device = await startLinkDevice();
      const { code, stdout } = await run(
        'send',
        device.path,
        ...ACKNOWLEDGED,
        '--hex',
        '0102',
        '--wait',
        '1',
        '--json',
      );
      expect(shown(stdout)).toEqual(['rx 0102']);
      expect(code).toBe(0);
      await device.process.printed(/session 0\npacket 0102\n/);
    });

    test('delivers packets over a line that loses some, in order', async () => {
      const device = await startLinkDevice();
      await device.tell('lose 2');
      const sending = start('send', device.path, ...ACKNOWLEDGED, '--input', 'hex');
      sending.child.stdin!.end('01\n02\n03\n');
      expect(await sending.outcome()).toMatchObject({ code: 0, stderr: '' });
      await device.process.printed(/packet 01\npacket 02\npacket 03\n/);
    });

    test('sends a datagram', async () => {
      const device = await startLinkDevice();
      const options = ['--hex', '07', '--datagram', '--wait', '1', '--json'];
      const { code, stdout } = await run('send', device.path, ...ACKNOWLEDGED, ...options);
      expect({ code, shown: shown(stdout) }).toEqual({ code: 0, shown: ['rx 07'] });
      await device.process.printed(/datagram 07\n/);
    });

    test('exits with 3 if the device does not take the packet, and says why', async () => {
      const device = await startLinkDevice();
      await device.tell('busy on');
      const options = ['--hex', '07', '--ack-timeout', '500'];
      const { code, stderr } = await run('send', device.path, ...ACKNOWLEDGED, ...options);
      expect(code).toBe(3);
      expect(stderr).toMatch(
        /^sercom: send to ".*": not acknowledged within --ack-timeout \(500 ms\); the device has received it/,
      );
      expectMessageForm(stderr);
    });

    test('exits with 3 if there is no session, and says why', async () => {
      const device = await startLinkDevice();
      await device.tell('mute on');
      for (const more of [[], ['--datagram']]) {
        const options = ['--hex', '07', '--ack-timeout', '500', ...more];
        const { code, stderr } = await run('send', device.path, ...ACKNOWLEDGED, ...options);
        expect(code).toBe(3);
        expect(stderr).toMatch(/nothing has arrived from it; check |; no bytes received: check /);
        expectMessageForm(stderr);
      }
    });

    test('exits with 1 if the device restarts before it takes the packet', async () => {
      const device = await startLinkDevice();
      await device.tell('busy on');
      const sending = start('send', device.path, ...ACKNOWLEDGED, '--hex', '07');
      await device.process.printed(/refused\n/);
      await device.tell('reset');
      const { code, stderr } = await sending.outcome();
      expect(code).toBe(1);
      expect(stderr).toMatch(
        /the device restarted before it acknowledged the packet; it may have been delivered; check /,
      );
    });

    test('exits with 3 if the device takes the packet, but does not reply', async () => {
      const device = await startLinkDevice();
      await device.tell('echo off');
      const options = ['--hex', '07', '--wait', '1', '--timeout', '0.3'];
      const { code, stderr } = await run('send', device.path, ...ACKNOWLEDGED, ...options);
      expect(code).toBe(3);
      expect(stderr).toMatch('; the device has taken the packet: does it reply to it? If so, increase --timeout\n');
      expectMessageForm(stderr);
    });

    test('rejects a packet that is too large for the device', async () => {
      const device = await startLinkDevice();
      const { code, stderr } = await run('send', device.path, ...ACKNOWLEDGED, '--text', 'x'.repeat(65));
      expect(code).toBe(2);
      expect(stderr).toMatch(
        'the packet has 65 bytes, the device accepts 64; split it, or raise LINK_MAX_PACKET_BYTES in the firmware\n',
      );
      expectMessageForm(stderr);
    });
  });

  describe('ping', () => {
    test('reports round trips, and how delivery went', async () => {
      const device = await startLinkDevice();
      await device.tell('lose 2');
      const { code, stdout } = await run(
        'ping',
        device.path,
        ...ACKNOWLEDGED,
        '-n',
        '20',
        '--window',
        '4',
        '--timeout',
        '10',
      );
      expect(stdout).toMatch(/^20 packets sent to \S+, 20 received, 0 lost, 0 corrupted, 0 reordered\n/);
      expect(stdout).toMatch(
        /^delivered 20 packets, resent \d+, received \d+ duplicates?, round trip \d+\.\d ms, window \d of 4, 1 session$/m,
      );
      expect(stdout).toMatch(/^round trip: p50 /m);
      expect(code).toBe(0);
    });

    test('reports the same as JSON', async () => {
      const device = await startLinkDevice();
      const { stdout } = await run('ping', device.path, ...ACKNOWLEDGED, '-n', '5', '--json');
      expect(JSON.parse(stdout)).toMatchObject({
        sent: 5,
        received: 5,
        delivery: { delivered: 5, failed: 0, window: 4, sessions: 1, peerResets: 0, roundTripMs: expect.any(Number) },
      });
    });

    test('exits with 3 if there is no session', async () => {
      const device = await startLinkDevice();
      await device.tell('mute on');
      const { code, stderr } = await run('ping', device.path, ...ACKNOWLEDGED, '--ack-timeout', '500');
      expect(code).toBe(3);
      expect(stderr).toMatch(/^sercom: no session with ".*" within 0.5 seconds; no bytes received: check /);
      expectMessageForm(stderr);
    });

    test('says that the device takes packets, but does not echo', async () => {
      const device = await startLinkDevice();
      await device.tell('echo off');
      const { code, stderr } = await run('ping', device.path, ...ACKNOWLEDGED, '-n', '2', '--timeout', '0.3');
      expect(code).toBe(1);
      expect(stderr).toBe(
        'sercom: the device has taken 2 packets, but returned none: does it echo? If so, increase --timeout\n',
      );
    });

    test('counts packets that a restart has cost', async () => {
      const device = await startLinkDevice();
      await device.tell('busy on');
      const ping = start('ping', device.path, ...ACKNOWLEDGED, '-n', '3', '--window', '3', '--json', '--timeout', '30');
      await device.process.printed(/refused\n/);
      await device.tell('reset');
      await device.tell('busy off');
      const { code, stdout } = await ping.outcome();
      const { lost, received, delivery } = JSON.parse(stdout);
      expect({ sum: lost + received, resets: delivery.peerResets, code }).toEqual({ sum: 3, resets: 1, code: 1 });
    });
  });
});

describe('--delivery acknowledged on a simulated board that runs link.c', () => {
  /** A sketch with ids of one byte, which echoes packets that are neither requests nor replies. */
  const BOARD = `sim:${path.resolve(import.meta.dirname, '../../../test/testing/fixtures/link-device.hex')}`;

  test('send delivers packets, and prints the replies', { timeout: 120_000 }, async () => {
    const options = ['--input', 'hex', '--request-ids', '1', '--wait', '1', '--timeout', '60', '--json'];
    const sending = start('send', BOARD, ...ACKNOWLEDGED, '--ack-timeout', '60000', ...options);
    sending.child.stdin!.end('01\n02 03\n');
    const { code, stdout, stderr } = await sending.outcome();
    expect({ code, shown: shown(stdout), stderr }).toEqual({ code: 0, shown: ['rx 01', 'rx 0203'], stderr: '' });
  });

  test('a board that echoes plain packets is recognized', { timeout: 120_000 }, async () => {
    const { code, stderr } = await run('send', 'sim:', ...ACKNOWLEDGED, '--text', 'hi', '--ack-timeout', '3000');
    expect(stderr).toMatch(
      /something else arrived from it; its firmware probably speaks plain COBS \(use --delivery plain, /,
    );
    expectMessageForm(stderr);
    expect(code).toBe(3);
  });
});

describe('usage', () => {
  test.each([
    [['send', '/dev/null', ...ACKNOWLEDGED, '--hex', '01', '--checksum', 'crc16'], '--checksum crc16 cannot be used'],
    [['send', '/dev/null', '--hex', '01', '--datagram'], '--datagram requires --delivery acknowledged'],
    [['send', '/dev/null', '--hex', '01', '--ack-timeout', '9'], '--ack-timeout requires --delivery acknowledged'],
    [['ping', '/dev/null', ...ACKNOWLEDGED, '--settle', '6000'], '--ack-timeout: 5000 ms are over before --settle'],
    [['ping', '/dev/null', '--delivery', 'listen'], '--delivery: invalid value "listen"'],
    [['replay', 'bench.log', '/dev/null', ...ACKNOWLEDGED], '--delivery: invalid value "acknowledged"'],
    [['extcap', ...ACKNOWLEDGED], "unknown option '--delivery'"],
  ])('%j is refused', async (commandLine, problem) => {
    const { code, stderr } = await run(...commandLine);
    expect(stderr).toMatch(problem);
    expect(code).toBe(2);
    expectMessageForm(stderr);
  });
});
