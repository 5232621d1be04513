import { describe, expect, onTestFailed, onTestFinished, test, vi } from 'vitest';
import { directBinding, SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import {
  FaultyLine,
  MockDevice,
  mockBinding,
  SimulatedBoard,
  simulatedBinding,
  unoEchoImage,
} from '../../../src/testing/index.js';
import { Inbox } from '../../support/inbox.js';
import { Pty } from '../../support/pty.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { has } from '../../support/tools.js';
import { errorOf, expectEquation, type LineSettings, NOISE, PATH } from './rig.js';

describe('a communicator on a faulty line', () => {
  async function start(options: LineSettings, settings: Partial<SerialConnection> = {}) {
    const device = new MockDevice({ path: PATH, echo: true, checksum: 'crc32', serialNumber: 'A1' });
    const line = new FaultyLine(mockBinding(device), { path: PATH, ...options });
    onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
    const serial = new SerialCommunicator({ binding: line.binding });
    serial.addConnection('arm', {
      baudRate: 9_600,
      checksum: 'crc32',
      reconnect: { minDelayMs: 2, maxDelayMs: 4 },
      ...(settings.device ? {} : { path: PATH }),
      ...settings,
    });
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    onTestFinished(() => serial[Symbol.asyncDispose]());
    await serial.initialize();
    return { device, line, serial, inbox };
  }

  test('receives packets intact or not at all, and every byte is counted at both ends', async () => {
    const faults = { ...NOISE, cutRate: 0.05 };
    const { line, serial, inbox } = await start({ toDevice: faults, toHost: faults });
    const sent = Array.from({ length: 2_000 }, (_, index) => Buffer.from(`packet ${index}`));
    await Promise.all(sent.map((packet) => serial.send('arm', packet)));
    const rejectedFrames = () => serial.stats('arm').checksumFrames + serial.stats('arm').malformedFrames;
    // The device may reply late.
    await vi.waitFor(() => expect(rejectedFrames()).toBeGreaterThan(0), { timeout: 10_000 });
    // On the repaired line, the first delimiter ends the frame that noise has left unfinished.
    line.setFaults({});
    await serial.send('arm', new Uint8Array(0));
    const last = new Uint8Array(Buffer.from('last'));
    await serial.send('arm', last);
    await vi.waitFor(() => expect(String(inbox.packets('arm').at(-1))).toBe(String(last)), { timeout: 10_000 });
    await serial.shutdown();

    const got = inbox.packets('arm').map((packet) => Buffer.from(packet).toString());
    const all = [...sent.map(String), '', 'last'];
    let from = 0;
    for (const packet of got) {
      const index = all.indexOf(packet, from);
      expect(index, `"${packet}" was sent, and in this order`).toBeGreaterThanOrEqual(0);
      from = index + 1;
    }
    expect(got.length).toBeGreaterThan(50);
    expect(got.length).toBeLessThan(all.length);
    const stats = serial.stats('arm');
    expectNothingUncounted(stats);
    const { toDevice, toHost } = line.stats;
    expect(stats.bytesRead).toBe(toHost.bytesOut);
    expect(stats.bytesWritten).toBe(toDevice.bytesIn);
    expectEquation(toDevice);
    expectEquation(toHost);
  });

  test('finds its device again under another path', async () => {
    const { line, serial, device } = await start({}, { device: { serialNumber: 'A1' }, whenDisconnected: 'wait' });
    const paths: string[] = [];
    serial.on('connected', ({ path }) => paths.push(path));
    for (const path of ['/dev/mock1', '/dev/mock2', PATH]) {
      const lost = new Promise((resolve) => serial.once('disconnected', resolve));
      line.unplug();
      await lost;
      line.plug(path);
      await serial.send('arm', Buffer.from(path));
      expect(await device.nextPacket()).toEqual(new Uint8Array(Buffer.from(path)));
    }
    expect(paths).toEqual(['/dev/mock1', '/dev/mock2', PATH]);
    expect(serial.stats('arm')).toMatchObject({ opens: 4, losses: 3 });
    expect(line.stats.unplugs).toBe(3);
  });

  test('reaches a simulated board', async () => {
    const board = new SimulatedBoard({ path: PATH, image: await unoEchoImage() });
    const line = new FaultyLine(simulatedBinding(board), { path: PATH, toHost: { cutRate: 0.2, maxDelayMs: 1 } });
    await using serial = new SerialCommunicator({ binding: line.binding });
    serial.addConnection('uno', {
      path: PATH,
      baudRate: 115_200,
      settleMs: 5,
      reconnect: { minDelayMs: 2, maxDelayMs: 4 },
      whenDisconnected: 'wait',
    });
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    await serial.initialize();
    for (const value of [1, 2]) {
      await serial.send('uno', Uint8Array.of(value, value, value));
      expect((await inbox.next()).packet).toEqual(Uint8Array.of(value, value, value));
      const lost = new Promise((resolve) => serial.once('disconnected', resolve));
      line.unplug();
      await lost;
      line.plug();
    }
    await vi.waitFor(() => expect(serial.connectionState('uno')).toBe('connected'));
    expect(board.stats.resets).toBe(3);
  });
});

describe.skipIf(process.platform !== 'linux' || !has('python3'))('on a pty (needs python3, Linux)', () => {
  test('reconnects after an unplug in the middle of a frame', async () => {
    const device = new Pty();
    onTestFinished(() => device.end());
    const line = new FaultyLine(directBinding, { path: await device.open(), toDevice: { cutRate: 0.01 } });
    onTestFailed(() => console.log(`FaultyLine seed ${line.seed}`));
    await using serial = new SerialCommunicator({ binding: line.binding });
    serial.addConnection('arm', { path: line.path, baudRate: 115_200, reconnect: { minDelayMs: 2, maxDelayMs: 4 } });
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    await serial.initialize();
    const long = errorOf(serial.send('arm', new Uint8Array(60_000).fill(1)));
    await vi.waitFor(() => expect(line.stats.toDevice.bytesOut).toBeGreaterThan(1_000), { interval: 1 });
    const again = new Promise((resolve) => serial.on('connected', resolve));
    line.unplug();
    expect(await long).toMatchObject({ code: 'CONNECTION_LOST' });
    line.plug();
    await again;
    await device.echo(true);
    await serial.send('arm', Uint8Array.of(1, 2, 3));
    // The part of the frame that was still in the pty is echoed too, and does not decode.
    expect((await inbox.next()).packet).toEqual(Uint8Array.of(1, 2, 3));
    expect(serial.stats('arm')).toMatchObject({ losses: 1, framesTruncated: 1 });
    expectEquation(line.stats.toDevice);
  });
});
