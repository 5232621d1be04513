import { SerialCommunicator, type SerialEvents } from 'serial-communicator';
import { MockDevice, type MockDeviceOptions, mockBinding } from 'serial-communicator/testing';
import { expect, onTestFinished, test } from 'vitest';

/** Starts a communicator with one connection, `arm`, to a mock device. */
async function connect(options: Partial<MockDeviceOptions> = {}) {
  const device = new MockDevice({ path: '/dev/ttyACM0', ...options });
  const communicator = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 100 });
  communicator.addConnection('arm', { path: '/dev/ttyACM0', baudRate: 115_200 });
  const packets: Uint8Array[] = [];
  communicator.setReceiveHandler((_name, packet) => {
    packets.push(packet);
  });
  await communicator.initialize();
  onTestFinished(() => communicator[Symbol.asyncDispose]());
  return { device, communicator, packets };
}

/** Resolves with the next event of this name. */
function next<Name extends keyof SerialEvents>(communicator: SerialCommunicator, name: Name) {
  return new Promise<SerialEvents[Name]>((resolve) => communicator.once(name, resolve));
}

test('sends a packet to the device', async () => {
  const { device, communicator } = await connect();
  await communicator.send('arm', Uint8Array.of(1, 2, 3));
  expect(await device.nextPacket()).toEqual(Uint8Array.of(1, 2, 3));
});

test('receives the reply of the device', async () => {
  // Chunks of at most two bytes: frames arrive in parts, as at a low baud rate.
  const { communicator } = await connect({
    maxReadSize: 2,
    onPacket: (packet, device) => device.send(Uint8Array.of(0x06, ...packet)),
  });
  const reply = new Promise<Uint8Array>((resolve) => {
    communicator.setReceiveHandler((_name, packet) => resolve(packet));
  });
  await communicator.send('arm', Uint8Array.of(7));
  expect(await reply).toEqual(Uint8Array.of(0x06, 7));
});

test('reports noise as a rejected frame and still receives the next packet', async () => {
  const { device, communicator, packets } = await connect();
  const rejected = next(communicator, 'rejectedFrame');
  await device.sendRaw(Uint8Array.of(0x09, 0x55, 0x00));
  expect(await rejected).toEqual({
    name: 'arm',
    reason: 'malformed',
    wireBytes: 2,
    head: Uint8Array.of(0x09, 0x55),
  });

  const received = new Promise<void>((resolve) => {
    communicator.setReceiveHandler((_name, packet) => {
      packets.push(packet);
      resolve();
    });
  });
  await device.send(Uint8Array.of(1));
  await received;
  expect(packets).toEqual([Uint8Array.of(1)]);
});

test('reports that the device was unplugged', async () => {
  const { device, communicator } = await connect();
  const disconnected = next(communicator, 'disconnected');
  device.unplug();
  expect(await disconnected).toMatchObject({ name: 'arm', error: { code: 'CONNECTION_LOST' } });
});

test('shuts down although the device accepts no bytes', async () => {
  const { device, communicator } = await connect();
  device.stall();
  const sending = expect(communicator.send('arm', Uint8Array.of(1))).rejects.toMatchObject({
    code: 'SHUTDOWN_TIMEOUT',
  });
  await communicator.shutdown();
  await sending;
  expect(device.received).toEqual([]);
});
