import { SerialCommunicator } from 'serial-communicator';
import { SimulatedBoard, simulatedBinding, unoEchoImage } from 'serial-communicator/testing';
import { expect, test } from 'vitest';

test('the firmware echoes every packet without losing a byte', async () => {
  const board = new SimulatedBoard({
    path: '/dev/ttyACM0',
    // The echo sketch of this package. For your firmware: the text of the .hex file that your build writes.
    image: await unoEchoImage(),
  });
  await using communicator = new SerialCommunicator({ binding: simulatedBinding(board) });
  // Opening the port resets the board, as on a real Uno. Bytes sent before the sketch has set up its UART are lost.
  communicator.addConnection('uno', { path: '/dev/ttyACM0', baudRate: 115_200, settleMs: 5 });

  const sent = Array.from({ length: 10 }, (_, index) => new Uint8Array(50 * index).fill(index));
  const received: Uint8Array[] = [];
  const all = new Promise<void>((resolve) => {
    communicator.setReceiveHandler((_name, packet) => {
      received.push(packet);
      if (received.length === sent.length) resolve();
    });
  });
  await communicator.initialize();
  await Promise.all(sent.map((packet) => communicator.send('uno', packet)));
  await all;

  expect(received).toEqual(sent);
  expect(board.stats.bytesLost).toMatchObject({ receiverOff: 0, overrun: 0, baudMismatch: 0 });
});

test('reports that the board was unplugged', async () => {
  const board = new SimulatedBoard({ path: '/dev/ttyACM0', image: await unoEchoImage() });
  await using communicator = new SerialCommunicator({ binding: simulatedBinding(board) });
  communicator.addConnection('uno', { path: '/dev/ttyACM0', baudRate: 115_200 });
  await communicator.initialize();
  const disconnected = new Promise((resolve) => communicator.once('disconnected', resolve));
  board.unplug();
  expect(await disconnected).toMatchObject({ name: 'uno', error: { code: 'CONNECTION_LOST' } });
});
