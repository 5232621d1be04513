import { SerialCommunicator, type SerialEvents, type SerialSettings } from 'serial-communicator';
import { MockDevice, type MockDeviceOptions, mockBinding } from 'serial-communicator/testing';
import { expect, onTestFinished, test } from 'vitest';

/** Starts a communicator with one connection, `arm`, to a mock device. */
async function connect(options: Partial<MockDeviceOptions> = {}, settings: SerialSettings = {}) {
  const device = new MockDevice({ path: '/dev/ttyACM0', ...options });
  const communicator = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 100 });
  communicator.addConnection('arm', { path: '/dev/ttyACM0', baudRate: 115_200, ...settings });
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

test('gets the reply to a request', async () => {
  // Chunks of at most two bytes: frames arrive in parts, as at a low baud rate.
  const { communicator } = await connect({
    maxReadSize: 2,
    onRequest: (packet) => Uint8Array.of(0x06, ...packet),
  });
  const reply = communicator.request('arm', Uint8Array.of(7), { matches: (packet) => packet[0] === 0x06 });
  expect(await reply).toEqual(Uint8Array.of(0x06, 7));
});

test('gets an error reply when the device refuses a request', async () => {
  const requestIds = { bytes: 1 } as const;
  const onRequest = () => {
    throw new Error('too heavy');
  };
  const { communicator } = await connect({ requestIds, onRequest }, { requestIds });
  await expect(communicator.request('arm', Uint8Array.of(7))).rejects.toMatchObject({
    code: 'REPLY_ERROR',
    replyCode: 1,
  });
});

test('gives up when the device does not reply', async () => {
  const { communicator, packets } = await connect({ onRequest: () => undefined });
  const request = communicator.request('arm', Uint8Array.of(7), { matches: () => true, timeoutMs: 20 });
  await expect(request).rejects.toMatchObject({ code: 'REPLY_TIMEOUT' });
  expect(packets).toEqual([]);
});

test('answers a request of the device', async () => {
  const requestIds = { bytes: 1 } as const;
  const { device, communicator } = await connect({ requestIds }, { requestIds });
  communicator.onRequest('arm', (packet) => Uint8Array.of(packet[0]! + 1));
  expect(await device.request(Uint8Array.of(7))).toEqual(Uint8Array.of(8));
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
