import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator } from '../../../src/index.js';
import { descriptorsOf } from '../../support/direct-ports.js';
import { Inbox } from '../../support/inbox.js';
import { NATIVE_BINDINGS } from '../../support/native-bindings.js';
import { Pty } from '../../support/pty.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { has } from '../../support/tools.js';

const PACKET = Uint8Array.of(1, 2, 3);

/** Opens the port, locks it, and keeps it until its stdin ends. Exits with 1 if the port is locked. */
const OTHER_PROGRAM = `
import fcntl, os, sys
fd = os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY)
try:
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    sys.exit(1)
print('open', flush=True)
sys.stdin.read()
`;

function startOther(path: string) {
  const other = spawn('python3', ['-c', OTHER_PROGRAM, path]);
  onTestFinished(() => void other.kill());
  return other;
}

async function start(binding: (typeof NATIVE_BINDINGS)[number][1]) {
  const device = new Pty();
  onTestFinished(() => device.end());
  const path = await device.open();
  await device.echo(true);
  const serial = new SerialCommunicator({ binding });
  const inbox = new Inbox();
  serial.setReceiveHandler(inbox.handler);
  serial.addConnection('arm', { path, baudRate: 115_200, reconnect: { minDelayMs: 5, maxDelayMs: 20 } });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return { path, serial, arm: serial.connection('arm'), inbox, device };
}

describe.skipIf(process.platform !== 'linux' || !has('python3')).each(NATIVE_BINDINGS)(
  'release of a pty, through %s (needs python3, Linux)',
  (_, binding) => {
    test('lets another program open and lock the port; reopen waits for it', async () => {
      const { path, serial, arm, inbox } = await start(binding);
      const [code] = await once(startOther(path), 'close');
      expect(code).toBe(1);

      await arm.release();
      const other = startOther(path);
      expect(String((await once(other.stdout, 'data'))[0])).toMatch('open');
      const reopened = arm.reopen();
      await vi.waitFor(() => expect(serial.connectionError('arm')).toMatchObject({ code: 'PORT_BUSY' }));
      other.stdin.end();
      await reopened;
      await serial.send('arm', PACKET);
      expect(await inbox.next()).toEqual({ name: 'arm', packet: PACKET });
    });

    test('leaves no descriptor behind', async () => {
      const { path, serial, arm, inbox } = await start(binding);
      const terminal = realpathSync(path);
      const whenOpen = descriptorsOf(terminal);
      expect(whenOpen).toBeGreaterThan(0);
      for (let round = 1; round <= 20; round++) {
        expect(descriptorsOf(terminal)).toBe(whenOpen);
        const sent = serial.send('arm', PACKET);
        await arm.release();
        await sent;
        expect(descriptorsOf(terminal)).toBe(0);
        await arm.reopen();
      }
      await serial.send('arm', Uint8Array.of(9));
      await vi.waitFor(() => expect(inbox.packets('arm')).toContainEqual(Uint8Array.of(9)));
      expect(serial.stats('arm')).toMatchObject({ opens: 21, losses: 0, packetsSent: 21 });
      expectNothingUncounted(serial.stats('arm'));
    });

    test('ends in time if the device is stalled, and if the port is lost meanwhile', async () => {
      const { serial, arm, device } = await start(binding);
      await device.echo(false);
      const sent = serial.send('arm', new Uint8Array(60_000)).catch((error) => error.code);
      const released = arm.release();
      await device.close();
      await released;
      expect(['CONNECTION_LOST', 'CONNECTION_RELEASED']).toContain(await sent);
      expect(serial.connectionError('arm')).toMatchObject({ code: 'CONNECTION_RELEASED' });
      expectNothingUncounted(serial.stats('arm'));
    });
  },
);
