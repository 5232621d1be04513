import { once } from 'node:events';
import { SerialCommunicator } from 'serial-communicator';
import { SimulatedBoard, simulatedBinding } from 'serial-communicator/testing';
import { expect, onTestFinished, test } from 'vitest';

/** Starts a communicator with one connection, to an Uno that runs examples/sensor/sensor.ino. */
async function connect({ volts = 0 } = {}) {
  const image = new URL('../testing/fixtures/sensor.hex', import.meta.url);
  const board = new SimulatedBoard({ path: '/dev/ttyACM0', image });
  board.setAnalog(0, volts);
  const serial = new SerialCommunicator({ binding: simulatedBinding(board) });
  serial.addConnection('sensor', { path: '/dev/ttyACM0', baudRate: 115_200 });
  const packets = serial.packets('sensor');
  await serial.initialize();
  onTestFinished(() => serial[Symbol.asyncDispose]());
  return { board, packets };
}

/** Takes packets until there is one with this reading. */
async function until(reading: number, packets: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const [low = 0, high = 0] of packets) {
    if (low + 256 * high === reading) return;
  }
}

test('sends what it measures', async () => {
  const { board, packets } = await connect({ volts: 2.5 });
  await until(512, packets);
  board.setAnalog(0, 1.2);
  await until(245, packets);
});

test('switches its LED on while the button is pressed', async () => {
  const { board } = await connect();
  const button = board.pin(2);
  const led = board.pin(13);
  // Pressed, it connects the pin to ground.
  button.setLevel(false);
  expect(await once(led, 'change')).toEqual([true]);
  expect(led).toMatchObject({ isOutput: true, isHigh: true });
  button.setLevel(true);
  expect(await once(led, 'change')).toEqual([false]);
});
