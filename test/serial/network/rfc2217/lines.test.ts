import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialConnection, type SerialEvents } from '../../../../src/index.js';
import { someTurns } from '../../../contract/harness.js';
import { Rfc2217Device, type ServerBehavior } from '../../../support/rfc2217-device.js';

/** A short limit, to which the time for an answer is proportional: a quarter of it. */
const QUICK = { openTimeoutMs: 1_200 };
const ANSWER_LIMIT_MS = QUICK.openTimeoutMs / 4;

/** A started communicator with one connection to a server that behaves like this. */
async function start(behavior: ServerBehavior = {}, settings: Partial<SerialConnection> = {}) {
  const device = await Rfc2217Device.listen(behavior);
  const communicator = new SerialCommunicator();
  communicator.addConnection('arm', {
    path: device.path,
    baudRate: 115_200,
    syncOnOpen: false,
    ...settings,
  } as SerialConnection);
  const ignored: Omit<SerialEvents['settingIgnored'], 'name'>[] = [];
  communicator.on('settingIgnored', ({ name: _, ...each }) => ignored.push(each));
  onTestFinished(async () => {
    await communicator[Symbol.asyncDispose]();
    await device.close();
  });
  await communicator.initialize();
  device.commands.length = 0;
  device.chunks.length = 0;
  return { device, communicator, ignored };
}

describe('control lines over RFC 2217', () => {
  test('are set in one write, and setSignals resolves with the answers', async () => {
    const { device, communicator, ignored } = await start();
    await communicator.setSignals('arm', { dtr: false, rts: false, brk: true });
    expect(device.commands).toEqual(['5 5', '5 9', '5 12']);
    expect(device.chunks).toHaveLength(1);
    expect(ignored).toEqual([]);
  });

  test('of a sequence that resets a board are each set in one write, in order', async () => {
    const { device, communicator } = await start();
    // As esptool puts an ESP32 into its boot loader.
    const sequence = [
      { dtr: false, rts: true },
      { dtr: true, rts: false },
      { dtr: false, rts: false },
    ];
    await Promise.all(sequence.map((signals) => communicator.setSignals('arm', signals)));
    expect(device.chunks.map((chunk) => chunk.toString('hex'))).toEqual([
      'fffa2c0509fff0fffa2c050bfff0',
      'fffa2c0508fff0fffa2c050cfff0',
      'fffa2c0509fff0fffa2c050cfff0',
    ]);
  });

  test('are waited for once if the server never answers, and reported each time that it was waited for', async () => {
    const { communicator, ignored } = await start({ silentCommands: [5] }, QUICK);
    ignored.length = 0;
    const startedAt = performance.now();
    await communicator.setSignals('arm', { dtr: false });
    const firstMs = performance.now() - startedAt;
    expect(ignored).toEqual([
      { setting: 'dtr', requested: false, actual: undefined },
      { setting: 'rts', requested: true, actual: undefined },
    ]);
    for (let count = 0; count < 10; count++) {
      await communicator.setSignals('arm', { dtr: count % 2 === 0 });
    }
    const othersMs = performance.now() - startedAt - firstMs;
    expect(firstMs).toBeGreaterThan(ANSWER_LIMIT_MS - 20);
    expect(othersMs).toBeLessThan(firstMs);
    expect(ignored).toHaveLength(2);
  });

  test('that the server sets to another value are reported each time', async () => {
    const { communicator, ignored } = await start({ answer: (_, value) => (value[0] === 9 ? [8] : value) });
    await communicator.setSignals('arm', { dtr: true });
    expect(ignored.filter(({ setting }) => setting === 'dtr')).toEqual([]);
    await communicator.setSignals('arm', { dtr: false });
    await communicator.setSignals('arm', { dtr: false });
    expect(ignored.filter(({ setting }) => setting === 'dtr')).toEqual([
      { setting: 'dtr', requested: false, actual: true },
      { setting: 'dtr', requested: false, actual: true },
    ]);
  });

  test('can be set within a handler that the next packets wait for', async () => {
    const { device, communicator, ignored } = await start({}, QUICK);
    const received: number[] = [];
    const handled = new Promise<void>((resolve) => {
      communicator.setReceiveHandler(async (_, packet) => {
        received.push(packet[0]!);
        if (received.length === 1) {
          await communicator.setSignals('arm', { dtr: false });
          expect(device.commands).toContain('5 9');
        }
        if (received.length === 300) {
          resolve();
        }
      });
    });
    // What arrives while the handler is busy comes before the answer.
    await device.sendPacket(Uint8Array.of(1));
    await vi.waitFor(() => expect(received).toHaveLength(1), { interval: 1 });
    for (let count = 2; count <= 300; count++) {
      await device.sendPacket(Uint8Array.of(count % 256));
    }
    await handled;
    expect(received).toEqual(Array.from({ length: 300 }, (_, index) => (index + 1) % 256));
    expect(ignored).toEqual([]);
  });

  test('are read from what the server reports', async () => {
    const { communicator } = await start({ answer: (command, value) => (command === 7 ? [0x90] : value) });
    expect(await communicator.signals('arm')).toEqual({ cts: true, dsr: false, dcd: true });
  });

  test('that a server reports only when they change are those of its latest report', async () => {
    const { device, communicator } = await start({ silentCommands: [7] }, QUICK);
    await device.command(107, 0x30);
    expect(await communicator.signals('arm')).toEqual({ cts: true, dsr: true, dcd: false });
    await device.command(107, 0x80);
    await vi.waitFor(async () =>
      expect(await communicator.signals('arm')).toEqual({ cts: false, dsr: false, dcd: true }),
    );
  });

  test('that a server never reports cannot be read', async () => {
    const { communicator } = await start({ silentCommands: [7] }, QUICK);
    await expect(communicator.signals('arm')).rejects.toMatchObject({
      code: 'SIGNALS_ERROR',
      message: expect.stringContaining('the server does not report them'),
    });
  });

  test('are not set later if the server accepts no bytes now', async () => {
    const { device, communicator, ignored } = await start(
      {},
      { ...QUICK, maxPacketBytes: 16_000_000, sendQueueBytes: 32_000_000 },
    );
    await device.stall();
    const sent = communicator.send('arm', new Uint8Array(16_000_000).fill(1));
    await someTurns();
    await expect(communicator.setSignals('arm', { dtr: false })).rejects.toMatchObject({
      code: 'SIGNALS_ERROR',
      message: expect.stringContaining(`the server has accepted no bytes for ${ANSWER_LIMIT_MS} ms`),
    });
    device.resume();
    await sent;
    await communicator.setSignals('arm', { rts: false });
    expect(device.commands).toEqual(['5 8', '5 12']);
    expect(ignored).toEqual([]);
  });

  test('that the server changes by itself are reported', async () => {
    const { device, communicator, ignored } = await start();
    await device.command(101, 0, 0, 37, 128);
    await device.command(105, 8);
    await device.command(101, 0, 1, 194, 0);
    await communicator.request('arm', Uint8Array.of(1), { matches: () => true });
    expect(ignored).toEqual([{ setting: 'baudRate', requested: 115_200, actual: 9_600 }]);
  });
});
