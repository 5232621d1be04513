import type { Communicator } from 'serial-communicator';
import { LoopbackCommunicator } from 'serial-communicator/testing';
import { expect, test } from 'vitest';

/** The application: counts the alarms of a sensor, and reads its temperature. */
class Sensor {
  alarms = 0;

  constructor(readonly communicator: Communicator<unknown>) {
    communicator.setReceiveHandler((_name, packet) => {
      if (packet[0] === 0x41) this.alarms++;
    });
  }

  async temperature(): Promise<number> {
    const reply = await this.communicator.request('sensor', Uint8Array.of(0x54), {
      matches: (packet) => packet[0] === 0x54,
    });
    return reply[1]! / 2;
  }
}

test('reads the temperature', async () => {
  await using communicator = new LoopbackCommunicator();
  // `onRequest` plays the device: it returns the reply.
  communicator.addConnection('sensor', { onRequest: (packet) => Uint8Array.of(packet[0]!, 43) });
  const sensor = new Sensor(communicator);
  await communicator.initialize();

  expect(await sensor.temperature()).toBe(21.5);
});

test('answers a request of the device', async () => {
  await using communicator = new LoopbackCommunicator();
  // `reply` gets what the application answers. It returns no packet, so the device sends nothing more.
  const answer = new Promise<Uint8Array>((resolve) => {
    communicator.addConnection('sensor', { requestIds: { bytes: 1 }, reply: (packet) => void resolve(packet) });
  });
  communicator.onRequest('sensor', () => Uint8Array.of(60));
  await communicator.initialize();

  // Requests of the device have the ids 0x81 to 0xff. The reply repeats the id.
  await communicator.inject('sensor', Uint8Array.of(0x81, 0x49));
  expect(await answer).toEqual(Uint8Array.of(0x81, 60));
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
