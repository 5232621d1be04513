import { expect, test } from 'vitest';
import { gate } from '../../contract/harness.js';
import { errorOf, packet, startAcknowledged } from './rig.js';

const IDS = { requestIds: { bytes: 1 as const } };

test('a request that waited for a busy handler when the device restarted gets no reply in the next session', async () => {
  const { serial, device } = await startAcknowledged(IDS);
  await serial.ready('arm');
  const failed: unknown[] = [];
  const handled: Uint8Array[] = [];
  serial.on('handlerError', ({ error }) => failed.push(error));
  const busy = gate();
  serial.setReceiveHandler(() => busy.opened);
  serial.onRequest('arm', (bytes) => {
    handled.push(bytes);
    return packet(99);
  });
  // While a request waits, what arrives is taken, and kept.
  const request = errorOf(serial.request('arm', packet(1), { timeoutMs: 60_000 }));
  await device.nextPacket();
  await device.send(packet(0, 5));
  await device.send(packet(0x81, 7));
  device.reset();
  expect((await request).code).toBe('PEER_RESET');
  await serial.ready('arm');
  busy.open();
  await expect.poll(() => handled).toEqual([packet(7)]);
  await serial.send('arm', packet(3));
  // The first is the request of the host, with its id.
  expect(device.received.slice(1)).toEqual([packet(0, 3)]);
  expect(failed).toMatchObject([{ code: 'PEER_RESET' }]);
});

test('a request that is handled while its connection is released gets no reply in the next session', async () => {
  const { serial, device } = await startAcknowledged(IDS);
  await serial.ready('arm');
  const failed: unknown[] = [];
  serial.on('handlerError', ({ error }) => failed.push(error));
  const entered = gate();
  const busy = gate();
  serial.onRequest('arm', async () => {
    entered.open();
    await busy.opened;
    return packet(99);
  });
  await device.send(packet(0x81, 7));
  await entered.opened;
  const lost = new Promise((resolve) => serial.once('disconnected', resolve));
  device.unplug();
  await lost;
  const arm = serial.connection('arm');
  await arm.release();
  device.plug();
  await arm.reopen();
  await serial.ready('arm');
  busy.open();
  await expect.poll(() => failed).toMatchObject([{ code: 'CONNECTION_RELEASED' }]);
  await serial.send('arm', packet(3));
  expect(device.received).toEqual([packet(0, 3)]);
});
