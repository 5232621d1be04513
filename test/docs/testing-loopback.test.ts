import type { Communicator } from 'serial-communicator';
import { LoopbackCommunicator } from 'serial-communicator/testing';
import { expect, test } from 'vitest';

/** The application: counts the alarms of a sensor, and reads its temperature. */
class Sensor {
  alarms = 0;
  #onTemperature: ((degrees: number) => void) | undefined;

  constructor(readonly communicator: Communicator<unknown>) {
    communicator.setReceiveHandler((_name, packet) => {
      if (packet[0] === 0x41) this.alarms++;
      if (packet[0] === 0x54) this.#onTemperature?.(packet[1]! / 2);
    });
  }

  async temperature(): Promise<number> {
    const degrees = new Promise<number>((resolve) => {
      this.#onTemperature = resolve;
    });
    await this.communicator.send('sensor', Uint8Array.of(0x54));
    return degrees;
  }
}

test('reads the temperature', async () => {
  await using communicator = new LoopbackCommunicator();
  // `reply` plays the device: it returns what the device sends in response.
  communicator.addConnection('sensor', { reply: (packet) => Uint8Array.of(packet[0]!, 43) });
  const sensor = new Sensor(communicator);
  await communicator.initialize();

  expect(await sensor.temperature()).toBe(21.5);
});

test('counts alarms', async () => {
  await using communicator = new LoopbackCommunicator();
  communicator.addConnection('sensor', {});
  const sensor = new Sensor(communicator);
  await communicator.initialize();

  // `inject` resolves when the receive handler has settled, so there is nothing to wait for.
  await communicator.inject('sensor', Uint8Array.of(0x41));
  await communicator.inject('sensor', Uint8Array.of(0x41));
  expect(sensor.alarms).toBe(2);
});
