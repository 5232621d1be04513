import { SerialCommunicator } from 'serial-communicator';
import { SimulatedBoard, simulatedBinding } from 'serial-communicator/testing';
import { expect, test } from 'vitest';

test('the program echoes a packet through its USB, also after it was unplugged', async () => {
  const image = new URL('../testing/fixtures/cortex-m/rp2040-echo.uf2', import.meta.url);
  const board = new SimulatedBoard({ path: '/dev/ttyACM0', chip: 'rp2040', image });
  await using communicator = new SerialCommunicator({ binding: simulatedBinding(board) });
  communicator.addConnection('pico', { path: '/dev/ttyACM0', baudRate: 115_200 });
  await communicator.initialize();
  const echo = { matches: () => true };
  expect(await communicator.request('pico', Uint8Array.of(1, 2, 3), echo)).toEqual(Uint8Array.of(1, 2, 3));

  const connected = new Promise((resolve) => communicator.once('connected', resolve));
  board.unplug();
  board.plug();
  await connected;
  expect(await communicator.request('pico', Uint8Array.of(4), echo)).toEqual(Uint8Array.of(4));
});
