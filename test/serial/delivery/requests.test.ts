import { expect, test, vi } from 'vitest';
import type { SerialCommunicator } from '../../../src/index.js';
import type { MockDevice } from '../../../src/testing/index.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { errorOf, packet, startAcknowledged } from './rig.js';

async function exchangeRequests(serial: SerialCommunicator, device: MockDevice) {
  const replies = Array.from({ length: 20 }, (_, index) => serial.request('arm', packet(index)));
  serial.onRequest('arm', ([value]) => packet(value! + 100));
  const asked = Array.from({ length: 20 }, (_, index) => device.request(packet(index)));
  expect((await Promise.all(replies)).map(([value]) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i + 50));
  expect((await Promise.all(asked)).map(([value]) => value)).toEqual(Array.from({ length: 20 }, (_, i) => i + 100));
}

test('requests with ids work in both directions', async () => {
  const ids = { requestIds: { bytes: 1 as const } };
  const { serial, device } = await startAcknowledged(ids, { ...ids, onRequest: ([value]) => packet(value! + 50) });
  await exchangeRequests(serial, device);
  expectNothingUncounted(serial.stats('arm'));
});

test('a handler may await a request, while the window is full of other packets', async () => {
  const ids = { requestIds: { bytes: 1 as const } };
  const { serial, device } = await startAcknowledged(ids, {
    ...ids,
    link: { window: 4 },
    onRequest: ([value]) => packet(value! + 50),
  });
  const replies: number[] = [];
  serial.setReceiveHandler(async (name, [value]) => {
    replies.push((await serial.request(name, packet(value!)))[0]!);
  });
  await Promise.all(Array.from({ length: 20 }, (_, index) => device.send(packet(index))));
  await vi.waitFor(() => expect(replies).toEqual(Array.from({ length: 20 }, (_, index) => index + 50)));
});

test('a reply that comes before the acknowledgement resolves the request, whose memory is then free', async () => {
  const { serial, device } = await startAcknowledged();
  await serial.ready('arm');
  device.pause();
  const question = Buffer.of(5);
  const reply = serial.request('arm', question, { matches: ([value]) => value === 6 });
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.dataFramesSent).toBe(1));
  // Its application answers before it has taken the request.
  await device.send(packet(6));
  expect(await reply).toEqual(packet(6));
  expect(serial.stats('arm').delivery!.unacknowledged).toBe(1);
  question.fill(9);
  device.unplug();
  device.plug();
  device.resume();
  expect(await device.nextPacket()).toEqual(packet(5));
  await serial.send('arm', packet(7));
  expectNothingUncounted(serial.stats('arm'));
});

test('the time limit of a request runs from the acknowledgement', async () => {
  const { serial, device } = await startAcknowledged();
  await serial.ready('arm');
  device.pause();
  const reply = serial.request('arm', packet(5), { matches: ([value]) => value === 6, timeoutMs: 80 });
  await vi.waitFor(() => expect(serial.stats('arm').delivery!.pollsSent).toBeGreaterThan(3));
  device.resume();
  await device.nextPacket();
  await device.send(packet(6));
  expect(await reply).toEqual(packet(6));
  const late = await errorOf(serial.request('arm', packet(5), { matches: () => false, timeoutMs: 80 }));
  expect(late.code).toBe('REPLY_TIMEOUT');
});
