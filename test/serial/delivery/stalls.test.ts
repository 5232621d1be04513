import { expect, test, vi } from 'vitest';
import type { Binding, Port } from '../../../src/index.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { expectNothingUncounted } from '../../support/stats.js';
import { errorOf, packet, startAcknowledged, startHost } from './rig.js';

test('a datagram that a stalled port does not accept rejects after ackTimeoutMs', async () => {
  const { serial, device } = await startAcknowledged({ ackTimeoutMs: 200 });
  await serial.ready('arm');
  device.stall();
  const sent = errorOf(serial.send('arm', packet(1), { acknowledged: false }));
  const later = errorOf(serial.send('arm', packet(2), { acknowledged: false }));
  expect(await sent).toMatchObject({ code: 'ACK_TIMEOUT', delivered: 'unknown' });
  expect((await sent).message).toContain('the port does not accept it');
  await later;
  expectNothingUncounted(serial.stats('arm'));
});

test('a stalled port is flushed before it is closed, even if its packets have timed out', async () => {
  const device = new MockDevice({ path: '/dev/mock', delivery: 'acknowledged' });
  const inner = mockBinding(device);
  const ports: { port: Port; flush: ReturnType<typeof vi.spyOn> }[] = [];
  const binding: Binding = {
    list: () => inner.list(),
    open: async (options) => {
      const port = (await inner.open(options)) as Port;
      ports.push({ port, flush: vi.spyOn(port, 'flush') });
      return port;
    },
  };
  const { serial } = await startHost(binding, { ackTimeoutMs: 400 }, 400);
  await serial.ready('arm');
  device.stall();
  expect(await errorOf(serial.send('arm', packet(1)))).toMatchObject({ code: 'ACK_TIMEOUT' });
  expect(ports[0]!.flush).not.toHaveBeenCalled();
  await serial.connection('arm').release();
  expect(ports[0]!.flush).toHaveBeenCalled();
});
