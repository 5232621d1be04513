import { SerialPortMock } from 'serialport';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Binding, SerialCommunicator } from '../../src/index.js';
import { FaultyLine, MockDevice, mockBinding, SimulatedBoard, simulatedBinding } from '../../src/testing/index.js';
import { someTurns } from '../contract/harness.js';
import { kernelBinding } from '../support/kernel-port.js';
import { Pty } from '../support/pty.js';
import { expectNothingUncounted } from '../support/stats.js';
import { has } from '../support/tools.js';
import { fixtureImage } from '../testing/fixtures/board.js';

const PATH = '/dev/ttyTEST0';

async function start(binding: Binding | undefined, path = PATH) {
  const serial = new SerialCommunicator({ ...(binding && { binding }), shutdownTimeoutMs: 200 });
  serial.addConnection('arm', { path, baudRate: 9_600, syncOnOpen: false });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return serial;
}

/** Sends 20 packets of 2,000 bytes. Their frames have 2,009 bytes each: a code for every 254 bytes, and the delimiter. */
async function sendTwenty(serial: SerialCommunicator): Promise<unknown> {
  const sends = Array.from({ length: 20 }, () => serial.send('arm', new Uint8Array(2_000).fill(1)).catch(() => {}));
  await someTurns();
  return Promise.all(sends);
}
const FRAME_BYTES = 2_009;

/** Two of these packets share a promise, so they are counted together. */
const sentIn = (bytes: number) => 2 * Math.floor(bytes / (2 * FRAME_BYTES));

describe('bytesWritten and packetsSent, while the device accepts part of 20 packets', () => {
  test('follow the bytes that a port accepts, one by one', async () => {
    const { binding, ports } = kernelBinding();
    const serial = await start(binding);
    void sendTwenty(serial);
    await someTurns();
    let taken = 0;
    for (const bytes of [0, 1, FRAME_BYTES - 2, 1, 1, 5_000, 10_000]) {
      ports[0]!.take(bytes);
      taken += bytes;
      const stats = serial.stats('arm');
      expect(stats.bytesWritten).toBe(taken);
      expect(stats.packetsSent).toBe(sentIn(taken));
      expectNothingUncounted(stats, { settled: false });
    }
    ports[0]!.hangUp();
    await someTurns();
    expect(serial.stats('arm')).toMatchObject({
      bytesWritten: taken,
      packetsLost: 20 - serial.stats('arm').packetsSent,
    });
    expectNothingUncounted(serial.stats('arm'));
  });

  const RIGS: [string, () => Promise<Binding>][] = [
    [
      'a stalled mock device',
      async () => {
        const device = new MockDevice({ path: PATH });
        device.stall();
        return mockBinding(device);
      },
    ],
    [
      'a stalled faulty line',
      async () => {
        const line = new FaultyLine(mockBinding(new MockDevice({ path: PATH })), { path: PATH });
        line.stall();
        return line.binding;
      },
    ],
    [
      'a simulated board, which accepts what fits into a buffer',
      async () => simulatedBinding(new SimulatedBoard({ path: PATH, image: fixtureImage('echo-interrupt') })),
    ],
    [
      "a port of serialport's mock binding, which does not report progress",
      async () => {
        SerialPortMock.binding.createPort(PATH);
        return SerialPortMock.binding;
      },
    ],
  ];

  test.each(RIGS)('agree for %s', async (_name, makeBinding) => {
    const serial = await start(await makeBinding());
    const sent = sendTwenty(serial);
    await someTurns();
    const stats = serial.stats('arm');
    expect(stats.packetsAccepted).toBe(20);
    expectNothingUncounted(stats, { settled: false });
    // No more than the packets sent, and parts of those that are not.
    expect(stats.bytesWritten).toBeLessThanOrEqual((stats.packetsSent + stats.packetsWaiting) * FRAME_BYTES);
    expect(stats.packetsSent).toBe(sentIn(stats.bytesWritten));
    await serial.shutdown();
    await sent;
    expectNothingUncounted(serial.stats('arm'));
  });

  test.skipIf(process.platform !== 'linux' || !has('python3'))(
    'agree for a stalled pty (needs python3, Linux)',
    async () => {
      const device = new Pty();
      onTestFinished(() => device.end());
      const serial = await start(undefined, await device.open());
      void sendTwenty(serial);
      await someTurns();
      const stats = serial.stats('arm');
      expect(stats.packetsWaiting).toBeGreaterThan(0);
      expect(stats.packetsSent).toBe(sentIn(stats.bytesWritten));
      expectNothingUncounted(stats, { settled: false });
      // The device has neither more nor less.
      let received = 0;
      while (received < stats.bytesWritten) {
        received += (await device.read(stats.bytesWritten - received)).length;
      }
    },
  );
});
