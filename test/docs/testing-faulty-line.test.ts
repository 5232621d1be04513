import { SerialCommunicator } from 'serial-communicator';
import { FaultyLine, type FaultyLineOptions, MockDevice, mockBinding } from 'serial-communicator/testing';
import { expect, onTestFailed, onTestFinished, test } from 'vitest';

/** The application: reads a thermometer, and asks again if there is no reply. */
class Thermometer {
  requests = 0;

  constructor(readonly serial: SerialCommunicator) {}

  async read(): Promise<number> {
    for (;;) {
      // While it is unplugged, wait.
      await this.serial.ready('thermometer');
      this.requests++;
      try {
        const reply = await this.serial.request('thermometer', Uint8Array.of(0x54), { timeoutMs: 10 });
        return reply[1]!;
      } catch {
        // Whatever the reason, ask again. With ids, the reply to this request cannot be taken for one to the next.
      }
    }
  }
}

/** Starts a communicator with one connection to a thermometer at the other end of a faulty line. */
async function connect(faults: Omit<FaultyLineOptions, 'path'> = {}) {
  const device = new MockDevice({
    path: '/dev/ttyACM0',
    serialNumber: 'A1',
    checksum: 'crc32',
    requestIds: { bytes: 1 },
    onRequest: () => Uint8Array.of(0x54, 21),
  });
  const line = new FaultyLine(mockBinding(device), { path: '/dev/ttyACM0', ...faults });
  // With this in its environment, the next run has the same faults.
  onTestFailed(() => console.log(`TEST_SEED=${line.seed}`));

  const serial = new SerialCommunicator({ binding: line.binding });
  serial.addConnection('thermometer', {
    device: { serialNumber: 'A1' },
    baudRate: 115_200,
    checksum: 'crc32',
    requestIds: { bytes: 1 },
    sendTimeoutMs: 20,
    reconnect: { minDelayMs: 1, maxDelayMs: 5 },
  });
  const thermometer = new Thermometer(serial);
  await serial.initialize();
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return { line, serial, thermometer };
}

test('gets every reading right, although the line is noisy', async () => {
  const noise = { dropRate: 0.02, flipRate: 0.02, insertRate: 0.02, cutRate: 0.1 };
  const { line, serial, thermometer } = await connect({ toDevice: noise, toHost: noise });
  for (let reading = 0; reading < 50; reading++) {
    expect(await thermometer.read()).toBe(21);
  }
  expect(thermometer.requests).toBeGreaterThan(50);

  await serial.shutdown();
  const { toHost } = line.stats;
  expect(serial.stats('thermometer').bytesRead).toBe(toHost.bytesOut);
  expect(toHost.bytesOut).toBe(toHost.bytesIn - toHost.droppedBytes + toHost.insertedBytes - toHost.lostBytes);
});

test('continues when the thermometer is unplugged and plugged in under another name', async () => {
  const { line, serial, thermometer } = await connect();
  expect(await thermometer.read()).toBe(21);
  line.unplug();
  const reading = thermometer.read();
  line.plug('/dev/ttyACM1');
  expect(await reading).toBe(21);
  expect(serial.stats('thermometer')).toMatchObject({ opens: 2, losses: 1 });
});

test('continues after a stall', async () => {
  const { line, serial, thermometer } = await connect();
  expect(await thermometer.read()).toBe(21);
  line.stall();
  const reading = thermometer.read();
  await expect(serial.send('thermometer', new Uint8Array(100))).rejects.toMatchObject({ code: 'SEND_TIMEOUT' });
  line.resume();
  expect(await reading).toBe(21);
});
