import { MockDevice, mockBinding, serialPortBinding } from 'serial-communicator/testing';
import { SerialPort } from 'serialport';
import { expect, test } from 'vitest';

test('a program that uses serialport itself gets the reply of the device', async () => {
  const device = new MockDevice({ path: '/dev/ttyACM0', echo: true });
  // In a variable, because the types of `SerialPort` leave out `binding`.
  const options = { binding: serialPortBinding(mockBinding(device)), path: '/dev/ttyACM0', baudRate: 115_200 };
  const port = new SerialPort(options);
  const received = new Promise<Buffer>((resolve) => port.once('data', resolve));
  port.write(Buffer.of(0x02, 0x07, 0x00));
  expect(await received).toEqual(Buffer.of(0x02, 0x07, 0x00));

  const closed = new Promise((resolve) => port.once('close', resolve));
  device.unplug();
  expect(await closed).toMatchObject({ disconnected: true });
});
