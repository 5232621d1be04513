import { expect, test, vi } from 'vitest';
import { gate } from '../../contract/harness.js';
import { nextPackets, settled } from '../../support/mock-connection.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { errorOf, names, packet, startAcknowledged } from './rig.js';

test('packets of every length go both ways, in order', async () => {
  const { serial, device } = await startAcknowledged({}, { echo: true });
  const sizes = [0, 1, 2, 3, 247, 248, 253, 254, 255, 256, 508, 509, 5_000, 65_535];
  const sent = sizes.map((size) => new Uint8Array(size).fill(size & 0xff));
  const echoes = nextPackets(serial, sizes.length);
  await Promise.all(sent.map((one) => serial.send('arm', one)));
  expect(await echoes).toEqual(sent);
  expect(device.receivedCount).toBe(sizes.length);
  const stats = serial.stats('arm');
  expect(stats.delivery).toMatchObject({
    sessions: 1,
    resentLost: 0,
    resentTimedOut: 0,
    duplicates: 0,
    unacknowledged: 0,
  });
  expect(stats).toMatchObject({
    packetsSent: sizes.length,
    packetsReceived: sizes.length,
    packetsDelivered: sizes.length,
  });
  expectNothingUncounted(stats);
});

test('send resolves when the device has taken the packet, not before', async () => {
  const { serial, device } = await startAcknowledged();
  await serial.ready('arm');
  device.pause();
  let isSent = false;
  const sent = serial.send('arm', packet(1)).then(() => {
    isSent = true;
  });
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.acksReceived).toBeGreaterThan(1));
  expect(isSent).toBe(false);
  expect(device.receivedCount).toBe(0);
  device.resume();
  await sent;
  expect(device.receivedCount).toBe(1);
});

test('ready waits for the handshake, and sessionStarted has the sizes', async () => {
  const { serial, events } = await startAcknowledged(
    { maxPacketBytes: 100 },
    { maxPacketBytes: 64, link: { window: 4 } },
  );
  await serial.ready('arm');
  const session = { sendWindow: 4, receiveWindow: 4, sendMaxPacketBytes: 64, receiveMaxPacketBytes: 64 };
  expect(events).toEqual([{ event: 'sessionStarted', name: 'arm', session }]);
  expect(serial.stats('arm').delivery).toMatchObject({ session, windowLimit: 4 });
});

test('a packet longer than the device accepts is PACKET_TOO_LARGE, whether it is sent before or after the handshake', async () => {
  const { serial } = await startAcknowledged({}, { maxPacketBytes: 64 });
  const before = serial.send('arm', new Uint8Array(65));
  await expect(before).rejects.toThrow(
    'send to "arm": the packet has 65 bytes, the device accepts 64; split it, or raise LINK_MAX_PACKET_BYTES in the firmware',
  );
  await serial.ready('arm');
  await expect(serial.send('arm', new Uint8Array(65))).rejects.toMatchObject({ code: 'PACKET_TOO_LARGE' });
  await serial.send('arm', new Uint8Array(64));
  const { packetsUndelivered, packetsSent } = serial.stats('arm');
  expect({ packetsUndelivered, packetsSent }).toEqual({ packetsUndelivered: 2, packetsSent: 1 });
  expectNothingUncounted(serial.stats('arm'));
});

test('a device that does not even accept an id says so', async () => {
  const { serial } = await startAcknowledged({ requestIds: { bytes: 2 } }, { maxPacketBytes: 1 });
  await serial.ready('arm');
  await expect(serial.send('arm', packet())).rejects.toThrow(
    'send to "arm": the packet has 0 bytes, the device accepts 1, not even an id',
  );
});

test('a handler may await send on its own connection', async () => {
  const { serial, device } = await startAcknowledged();
  serial.setReceiveHandler(async (name, received) => serial.send(name, packet(received[0]! + 1)));
  await device.send(packet(7));
  expect(await device.nextPacket()).toEqual(packet(8));
});

test('a slow handler holds the device by its window, and acknowledgements are read meanwhile', async () => {
  const { serial, device } = await startAcknowledged({}, { link: { window: 4 } });
  const busy = gate();
  const received: number[] = [];
  serial.setReceiveHandler(async (_, [first]) => {
    received.push(first!);
    await busy.opened;
  });
  const sends = Array.from({ length: 12 }, (_, index) => device.send(packet(index)));
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.dataFramesReceived).toBeGreaterThanOrEqual(5));
  // The handler is busy, and yet the acknowledgement of this one is read.
  await serial.send('arm', packet(99));
  expect(received).toEqual([0]);
  expect(serial.stats('arm').delivery!.dataFramesReceived).toBe(5);
  busy.open();
  await Promise.all(sends);
  await vi.waitFor(() => expect(received).toEqual(Array.from({ length: 12 }, (_, index) => index)));
  expectNothingUncounted(serial.stats('arm'));
});

test('datagrams go both ways, without acknowledgement', async () => {
  const { serial, device } = await startAcknowledged();
  await serial.ready('arm');
  const received = nextPackets(serial, 1);
  await serial.send('arm', packet(1), { acknowledged: false });
  expect(await device.nextPacket()).toEqual(packet(1));
  await device.sendDatagram(packet(2));
  expect(await received).toEqual([packet(2)]);
  expect(serial.stats('arm').delivery).toMatchObject({ datagramsSent: 1, datagramsTaken: 1, dataFramesSent: 0 });
  expectNothingUncounted(serial.stats('arm'));
});

test('acknowledged must be a boolean, and true needs acknowledged delivery', async () => {
  const { serial } = await startAcknowledged();
  await expect(serial.send('arm', packet(1), { acknowledged: 1 as never })).rejects.toMatchObject({
    code: 'INVALID_OPTION',
    message: 'send to "arm": acknowledged is 1; expected true or false',
  });
  const { serial: plain, device } = await startAcknowledged({ delivery: 'plain' }, { delivery: 'plain' });
  await expect(plain.send('arm', packet(1), { acknowledged: true })).rejects.toThrow(
    'send to "arm": the connection has plain delivery; set its delivery to \'acknowledged\'',
  );
  await plain.send('arm', packet(2), { acknowledged: false });
  expect(await device.nextPacket()).toEqual(packet(2));
});

test('a device that may send longer packets than maxPacketBytes is PEER_INCOMPATIBLE', async () => {
  const { serial, events } = await startAcknowledged({ maxPacketBytes: 32 }, { maxPacketBytes: 64 });
  const sent = serial.send('arm', packet(1));
  const error = await errorOf(serial.ready('arm'));
  expect(error.message).toBe(
    'connection "arm" (/dev/mock): the device may send packets of 64 bytes; expected at most 32: raise maxPacketBytes',
  );
  expect(error).toMatchObject({ code: 'PEER_INCOMPATIBLE', connection: 'arm', delivered: 'no' });
  expect(await errorOf(sent)).toMatchObject({ code: 'PEER_INCOMPATIBLE', delivered: 'no' });
  expect(await errorOf(serial.send('arm', packet(2)))).toMatchObject({ code: 'PEER_INCOMPATIBLE', delivered: 'no' });
  expect(events).toEqual([{ event: 'sessionFailed', name: 'arm', error }]);
  expectNothingUncounted(serial.stats('arm'));
});

test('a device that speaks plain COBS is named as the likely cause of ACK_TIMEOUT', async () => {
  const { serial, device } = await startAcknowledged({ ackTimeoutMs: 150 }, { delivery: 'plain' });
  const sent = serial.send('arm', packet(1));
  await device.send(packet(1, 2, 3));
  const error = await errorOf(sent);
  expect(error).toMatchObject({ code: 'ACK_TIMEOUT', delivered: 'no' });
  expect(error.message).toBe(
    'send to "arm": not acknowledged within ackTimeoutMs (150 ms); the device has not answered the handshake, but something ' +
      "else arrived from it; its firmware probably speaks plain COBS (use delivery: 'plain', or link.h in the firmware), or " +
      'baudRate is wrong; it was never sent',
  );
  expectNothingUncounted(serial.stats('arm'));
});

test('a device from which nothing arrives is named as the likely cause of ACK_TIMEOUT', async () => {
  const { serial } = await startAcknowledged({ ackTimeoutMs: 100 }, { delivery: 'plain' });
  const error = await errorOf(serial.send('arm', packet(1)));
  expect(error.message).toContain(
    'the device has not answered, and nothing has arrived from it; check that it runs, and baudRate',
  );
  expect(error).not.toHaveProperty('cause');
});

test('ACK_TIMEOUT ends the session: every packet rejects, and a new handshake begins', async () => {
  const { serial, device, events } = await startAcknowledged({ ackTimeoutMs: 150 });
  await serial.ready('arm');
  device.pause();
  const sends = Array.from({ length: 6 }, (_, index) => errorOf(serial.send('arm', packet(index))));
  const errors = await Promise.all(sends);
  expect(errors.map(({ code }) => code)).toEqual(Array(6).fill('ACK_TIMEOUT'));
  expect(errors.map(({ delivered }) => delivered)).toEqual([...Array(4).fill('unknown'), 'no', 'no']);
  expect(errors[0]!.message).toContain('the device has received it, but its application has not taken it');
  expect(errors[5]!.message).toContain('packets sent before it were not acknowledged');
  device.resume();
  await serial.send('arm', packet(9));
  expect(names(events)).toEqual(['sessionStarted', 'sessionFailed', 'sessionStarted']);
  expect(serial.stats('arm')).toMatchObject({
    packetsTimedOut: 6,
    packetsSent: 1,
    delivery: { sessions: 2, ackTimeouts: 1 },
  });
  expectNothingUncounted(serial.stats('arm'));
});

test('a device that stops answering is reported as silent, and when it answers again', async () => {
  const { serial, device, events } = await startAcknowledged({ keepAliveMs: 60 });
  await serial.ready('arm');
  device.stall();
  await vi.waitFor(() => expect(events.at(-1)).toEqual({ event: 'peerSilent', name: 'arm', isSilent: true }));
  device.resume();
  await vi.waitFor(() => expect(events.at(-1)).toEqual({ event: 'peerSilent', name: 'arm', isSilent: false }));
  await serial.send('arm', packet(1));
});

test('an aborted packet that has a number is still delivered, and leaves no hole', async () => {
  const { serial, device } = await startAcknowledged();
  await serial.ready('arm');
  device.pause();
  const reason = new Error('changed my mind');
  const abort = new AbortController();
  const first = Buffer.of(1);
  const aborted = serial.send('arm', first, { signal: abort.signal });
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.dataFramesSent).toBe(1));
  abort.abort(reason);
  await expect(aborted).rejects.toBe(reason);
  // The memory is the application's again.
  first.fill(0);
  const second = serial.send('arm', packet(2));
  device.resume();
  await second;
  expect(device.received).toEqual([packet(1), packet(2)]);
  expect(serial.stats('arm')).toMatchObject({ packetsAborted: 1, packetsSent: 1 });
  expectNothingUncounted(serial.stats('arm'));
});

test('an aborted packet that has no number is never sent', async () => {
  const { serial, device } = await startAcknowledged({}, { link: { window: 4 } });
  await serial.ready('arm');
  device.pause();
  const abort = new AbortController();
  const sends = [1, 2, 3, 4].map((value) => serial.send('arm', packet(value)));
  const aborted = serial.send('arm', packet(5), { signal: abort.signal });
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.dataFramesSent).toBe(4));
  abort.abort();
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  device.resume();
  await Promise.all([...sends, serial.send('arm', packet(6))]);
  expect(device.received.map(([value]) => value)).toEqual([1, 2, 3, 4, 6]);
});

test('the send queue is bounded', async () => {
  const { serial, device } = await startAcknowledged(
    { maxPacketBytes: 100, sendQueueBytes: 400 },
    { maxPacketBytes: 100 },
  );
  await serial.ready('arm');
  device.pause();
  const sends = [1, 2, 3].map(() => serial.send('arm', new Uint8Array(100)));
  await expect(serial.send('arm', new Uint8Array(100))).rejects.toMatchObject({
    code: 'SEND_QUEUE_FULL',
    delivered: 'no',
  });
  await expect(serial.send('arm', new Uint8Array(101))).rejects.toMatchObject({ code: 'PACKET_TOO_LARGE' });
  device.resume();
  await Promise.all(sends);
  await serial.send('arm', new Uint8Array(100));
  expectNothingUncounted(serial.stats('arm'));
});

test('shutdown waits until packets are acknowledged', async () => {
  const { serial, device } = await startAcknowledged({}, { link: { window: 4 } });
  await serial.ready('arm');
  device.pause();
  const sends = Promise.all(Array.from({ length: 10 }, (_, index) => serial.send('arm', packet(index))));
  const stopping = serial.shutdown();
  device.resume();
  await Promise.all([sends, stopping]);
  expect(device.receivedCount).toBe(10);
});

test('what is not acknowledged when shutdown ends rejects with SHUTDOWN_TIMEOUT', async () => {
  const { serial, device } = await startAcknowledged({}, { link: { window: 4 } }, 100);
  await serial.ready('arm');
  device.pause();
  const sends = Array.from({ length: 5 }, (_, index) => errorOf(serial.send('arm', packet(index))));
  await serial.shutdown();
  const errors = await Promise.all(sends);
  expect(errors.map(({ code }) => code)).toEqual(Array(5).fill('SHUTDOWN_TIMEOUT'));
  expect(errors.map(({ delivered }) => delivered)).toEqual([...Array(4).fill('unknown'), 'no']);
  expectNothingUncounted(serial.stats('arm'));
});

test('shutdown in the handshake ends everything', async () => {
  const { serial } = await startAcknowledged({}, { delivery: 'plain' }, 100);
  const results = [serial.ready('arm'), serial.send('arm', packet(1))].map(settled);
  await serial.shutdown();
  expect(await Promise.all(results)).toEqual(['SHUTDOWN_TIMEOUT', 'SHUTDOWN_TIMEOUT']);
});

test('release ends the session, and reopen begins another one', async () => {
  const { serial, device, events } = await startAcknowledged({}, {}, 100);
  await serial.ready('arm');
  device.pause();
  const pending = errorOf(serial.send('arm', packet(1)));
  const handle = serial.connection('arm');
  await handle.release();
  expect(await pending).toMatchObject({ code: 'CONNECTION_RELEASED', delivered: 'unknown' });
  await expect(serial.send('arm', packet(2))).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' });
  device.resume();
  await handle.reopen();
  await serial.send('arm', packet(3));
  expect(names(events)).toEqual(['sessionStarted', 'disconnected', 'sessionStarted']);
  expectNothingUncounted(serial.stats('arm'));
});
