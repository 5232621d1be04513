import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { openPtyPair, PtyEchoDevice } from '../../../test/support/pty-pair.js';
import { has } from '../../../test/support/tools.js';
import { RunningProcess, SERCOM } from '../support/sercom-process.js';

const FAKE_USB = path.resolve(import.meta.dirname, '../support/fake-usb.sh');
const NO_NODE = '-';

/** Only root, with the right to mount, can show another /sys and /dev to a process. */
const canMount =
  process.platform === 'linux' && spawnSync('unshare', ['-m', 'mount', '--make-rprivate', '/']).status === 0;

/** Runs `sercom` on a machine with a USB device that has these two ports. */
async function runWith(ports: readonly [string, string], ...args: string[]) {
  return new RunningProcess('unshare', ['-m', 'sh', FAKE_USB, ...ports, process.execPath, SERCOM, ...args]).outcome();
}

/** A device that echoes, on a port that can be given to {@link runWith}. */
async function openEcho(): Promise<string> {
  const pair = await openPtyPair();
  const device = new PtyEchoDevice(pair.devicePath);
  onTestFinished(async () => {
    await device.close();
    await pair.close();
  });
  return pair.hostPath;
}

/** A device that sends nothing. */
async function openSilent(): Promise<string> {
  const pair = await openPtyPair();
  onTestFinished(() => pair.close());
  return pair.hostPath;
}

describe.skipIf(!canMount || !has('socat'))('with another /sys and /dev (needs socat and unshare)', () => {
  describe('two ports of one USB device', () => {
    test('are listed with their interfaces', async () => {
      const ports = [await openSilent(), await openSilent()] as const;
      const { stdout } = await runWith(ports, 'list');
      expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
        ['PATH', 'VENDOR', 'PRODUCT', 'SERIAL NUMBER', 'LOCATION', 'MANUFACTURER', 'INTERFACE'],
        ['/dev/ttyACM0', '239a', '80f4', 'E6614C31', '1-1', '-', '#0 CDC0'],
        ['/dev/ttyACM1', '239a', '80f4', 'E6614C31', '1-1', '-', '#2 CDC1'],
        [''],
      ]);
    });

    test('are opened by their interface', async () => {
      const ports = [await openSilent(), await openEcho()] as const;
      const { code, stdout, stderr } = await runWith(
        ports,
        'send',
        'usb:239a:80f4#2',
        '--text',
        'hello',
        '--wait',
        '1',
      );
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout).toContain('"hello"');
    });

    test.each([
      ['usb:239a:80f4', 'usb:239a:80f4#0 (/dev/ttyACM0), usb:239a:80f4#2 (/dev/ttyACM1)'],
      ['usb:239a:80f4:e6614c31', 'usb:239a:80f4:E6614C31#0 (/dev/ttyACM0), usb:239a:80f4:E6614C31#2 (/dev/ttyACM1)'],
      ['usb:1-1', 'usb:1-1#0 (/dev/ttyACM0), usb:1-1#2 (/dev/ttyACM1)'],
    ])('are named if %s matches both', async (port, names) => {
      const ports = [await openSilent(), await openSilent()] as const;
      expect(await runWith(ports, 'monitor', port, '--timeout', '1')).toMatchObject({
        code: 1,
        stderr: `sercom: port "${port}": 2 ports match; name one of: ${names}\n`,
      });
    });

    test('are named if a port is needed and none was given', async () => {
      const ports = [await openSilent(), await openSilent()] as const;
      expect(await runWith(ports, 'ping')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(
          'name one of: /dev/ttyACM0 (239a:80f4 E6614C31 #0 CDC0), /dev/ttyACM1 (239a:80f4 E6614C31 #2 CDC1)',
        ),
      });
    });

    test('are offered by completion', async () => {
      const ports = [await openSilent(), await openSilent()] as const;
      const { stdout } = await runWith(ports, 'completion', 'ports');
      expect(stdout).toMatch(/^\/dev\/ttyACM0\n\/dev\/ttyACM1\nusb:239a:80f4#0\nusb:239a:80f4#2\nsim:\n/);
    });
  });

  describe('a port without a node in /dev', () => {
    test('is listed as one', async () => {
      const { stdout } = await runWith([NO_NODE, await openSilent()], 'list', '--json');
      expect(JSON.parse(stdout)).toMatchObject([
        { path: '/dev/ttyACM0', vendorId: '239a', hasNode: false },
        { path: '/dev/ttyACM1', vendorId: '239a', hasNode: true },
      ]);
    });

    test.each(['/dev/ttyACM0', 'usb:239a:80f4#0'])(
      '%s: the error says how to pass it to the container',
      async (port) => {
        const { code, stderr } = await runWith([NO_NODE, NO_NODE], 'monitor', port, '--timeout', '1');
        expect(code).toBe(1);
        expect(stderr).toMatch(
          /^sercom: connection .*: the port exists, but .* no node for it; .* "--device \/dev\/ttyACM0"\n$/,
        );
        expect(stderr).not.toContain('Did you mean');
      },
    );

    test('leaves the other port as the only one', async () => {
      const ports = [NO_NODE, await openEcho()] as const;
      for (const port of [[], ['usb:239a:80f4']]) {
        const { code, stdout } = await runWith(ports, 'send', ...port, '--text', 'hello', '--wait', '1');
        expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('"hello"') });
      }
    });
  });

  test('a device without a driver is reported as plugged in', async () => {
    expect(await runWith([NO_NODE, NO_NODE], 'monitor', 'usb:1a86:7523')).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/: the device is plugged in \(at 1-2\), but has no serial port: .*modprobe ch341"/),
    });
  });

  describe('a node with a name of its own', () => {
    test('is found by its device number', async () => {
      const ports = [NO_NODE, `${await openEcho()}=modem`] as const;
      const { stdout } = await runWith(ports, 'list', '--json');
      expect(JSON.parse(stdout)).toMatchObject([
        { path: '/dev/modem', vendorId: '239a', interface: 2 },
        { hasNode: false },
      ]);
      const sent = await runWith(ports, 'send', 'usb:239a:80f4#2', '--text', 'hello', '--wait', '1');
      expect(sent).toMatchObject({ code: 0, stdout: expect.stringContaining('"hello"') });
    });
  });
});
