import { setTimeout } from 'node:timers/promises';
import { SerialCommunicator } from 'serial-communicator';
import { FaultyLine, type FaultyLineOptions, MockDevice, mockBinding } from 'serial-communicator/testing';
import { expect, onTestFailed, onTestFinished, test } from 'vitest';

/** The application: asks a thermometer, and asks again if there is no reply. */
class Thermometer {
  requests = 0;
  #onReply: ((celsius: number) => void) | undefined;

  constructor(readonly serial: SerialCommunicator) {
    serial.setReceiveHandler((_name, packet) => this.#onReply?.(packet[1]!));
  }

  async read(): Promise<number> {
    for (;;) {
      this.requests++;
      const reply = new Promise<number>((resolve) => {
        this.#onReply = resolve;
      });
      const sent = this.serial.send('thermometer', Uint8Array.of(0x54));
      // Whatever the reason, ask again.
      await sent.catch(() => {});
      const celsius = await Promise.race([reply, setTimeout(10)]);
      if (celsius !== undefined) return celsius;
    }
  }
}

/** Starts a communicator with one connection to a thermometer at the other end of a faulty line. */
async function connect(faults: Omit<FaultyLineOptions, 'path'> = {}) {
  const device = new MockDevice({
    path: '/dev/ttyACM0',
    serialNumber: 'A1',
    checksum: 'crc32',
    onPacket: async (_request, device) => {
      await device.send(Uint8Array.of(0x54, 21)).catch(() => {});
    },
  });
  const line = new FaultyLine(mockBinding(device), { path: '/dev/ttyACM0', ...faults });
  // With this in its environment, the next run has the same faults.
  onTestFailed(() => console.log(`TEST_SEED=${line.seed}`));

  const serial = new SerialCommunicator({ binding: line.binding });
  serial.addConnection('thermometer', {
    device: { serialNumber: 'A1' },
    baudRate: 115_200,
    checksum: 'crc32',
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
