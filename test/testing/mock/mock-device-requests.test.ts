import { describe, expect, test, vi } from 'vitest';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { outcome, someTurns } from '../../contract/harness.js';
import { openRaw, readRaw } from '../../support/raw-port.js';
import { catchUncaught } from '../../support/uncaught.js';
import { bytes, hex, opened, path } from './rig.js';

const ids1 = { requestIds: { bytes: 1 as const } };
const ids2 = { requestIds: { bytes: 2 as const } };

describe('onRequest with ids', () => {
  test.each([
    ['1 byte', ids1, '030561' + '00', '03056200'],
    // A request with the highest id.
    ['1 byte, id 127', ids1, '037f6100', '037f6200'],
    ['2 bytes', ids2, '0403076100', '0403076200'],
    ['2 bytes, id 32,767', ids2, '047fff6100', '047fff6200'],
  ])('gets the packet without its id, and the reply repeats the id: %s', async (_what, options, request, reply) => {
    const requests: Uint8Array[] = [];
    const { device, port } = await opened({
      ...options,
      onRequest: (packet, device) => {
        expect(device.path).toBe(path);
        requests.push(packet);
        return bytes(packet[0]! + 1);
      },
    });
    await port.write(hex(request));
    expect(await readRaw(port)).toEqual(hex(reply));
    expect(requests).toEqual([bytes(0x61)]);
    expect(device.received).toEqual([bytes(0x61)]);
  });

  test('sends each reply as soon as it is ready, so replies may overtake each other', async () => {
    const replies: ((reply: Uint8Array) => void)[] = [];
    const { port } = await opened({ ...ids1, onRequest: () => new Promise((resolve) => replies.push(resolve)) });
    await port.write(hex('0301610003026200'));
    expect(replies).toHaveLength(2);
    replies[1]!(bytes(0x72));
    expect(await readRaw(port)).toEqual(hex('03027200'));
    replies[0]!(bytes(0x71));
    expect(await readRaw(port)).toEqual(hex('03017100'));
  });

  test('sends nothing for undefined', async () => {
    const { port } = await opened({ ...ids1, onRequest: ([kind]) => (kind === 1 ? undefined : bytes(2)) });
    await port.write(hex('03050100' + '03060200'));
    expect(await readRaw(port)).toEqual(hex('03060200'));
  });

  test.each([
    [
      'throws',
      () => {
        throw new Error('refused on purpose');
      },
    ],
    ['rejects', () => Promise.reject(new Error('refused on purpose'))],
  ])('that %s sends error reply 1 and keeps the error, and nothing is uncaught', async (_what, onRequest) => {
    const first = await opened({ ...ids1, onRequest });
    await first.port.write(hex('03056100'));
    expect(await readRaw(first.port)).toEqual(hex('0480050100'));
    expect(first.device.requestErrors).toEqual([new Error('refused on purpose')]);

    const second = await opened({ ...ids2, onRequest });
    await second.port.write(hex('0403076100'));
    expect(await readRaw(second.port)).toEqual(hex('0280040307' + '0100'));
  });

  test('that returns no packet causes an uncaught error', async () => {
    const { next, release } = catchUncaught();
    try {
      const { port } = await opened({ ...ids1, onRequest: (() => 'text') as never });
      await port.write(hex('03056100'));
      expect(await next).toEqual(
        new TypeError(`MockDevice ${path}: onRequest returned "text"; expected a Uint8Array or undefined`),
      );
    } finally {
      release();
    }
  });

  test('leaves other packets to onPacket, and send writes the id 0', async () => {
    const packets: Uint8Array[] = [];
    const { device, port } = await opened({
      ...ids2,
      onPacket: (packet) => void packets.push(packet),
      onRequest: () => bytes(9),
    });
    await port.write(hex('0101026100' + '0403076200'));
    expect(await readRaw(port)).toEqual(hex('0403070900'));
    expect(packets).toEqual([bytes(0x61)]);
    expect(device.received).toEqual([bytes(0x61), bytes(0x62)]);
    expect(await device.nextPacket()).toEqual(bytes(0x61));
    await device.send(bytes(7));
    expect(await readRaw(port)).toEqual(hex('0101020700'));
  });

  test('does not reply once the port is closed, and nothing is uncaught', async () => {
    let reply!: (reply: Uint8Array) => void;
    const { device, port } = await opened({
      ...ids1,
      onRequest: () =>
        new Promise((resolve) => {
          reply = resolve;
        }),
    });
    await port.write(hex('03056100'));
    await port.close();
    reply(bytes(1));
    await someTurns(2);
    expect(device.receivedCount).toBe(1);
  });
});

describe('ids', () => {
  test('without onRequest, requests are replied to with error 2', async () => {
    const { port } = await opened(ids1);
    await port.write(hex('03056100'));
    expect(await readRaw(port)).toEqual(hex('0480050200'));
  });

  test('echo sends packets and requests back with their ids', async () => {
    const { port } = await opened({ ...ids1, echo: true });
    await port.write(hex('0305610001026200'));
    expect(await readRaw(port)).toEqual(hex('0305610001026200'));
  });

  test('echo without requestIds does so too', async () => {
    const { device, port } = await opened({ echo: true });
    await port.write(hex('03056100'));
    expect(await readRaw(port)).toEqual(hex('03056100'));
    expect(device.received).toEqual([bytes(5, 0x61)]);
  });

  test('echo leaves requests to onRequest', async () => {
    const { port } = await opened({ ...ids1, echo: true, onRequest: () => bytes(7) });
    await port.write(hex('0305610001026200'));
    const first = await readRaw(port);
    const all = first.length < 8 ? Buffer.concat([first, await readRaw(port)]) : first;
    expect([all.subarray(0, 4), all.subarray(4)]).toEqual(expect.arrayContaining([hex('01026200'), hex('03050700')]));
    expect(all).toHaveLength(8);
  });

  test('packets too short for their id are counted, and do not reach onPacket', async () => {
    const onPacket = vi.fn();
    const { device, port } = await opened({ ...ids2, onPacket });
    await port.write(hex('0100' + '020500' + '01010100'));
    expect(device).toMatchObject({ tooShortFrames: 2, receivedCount: 1, malformedFrames: 0 });
    expect(onPacket.mock.calls).toEqual([[bytes(), device]]);
  });

  test('maxPacketBytes does not include the id', async () => {
    const { device, port } = await opened({ ...ids2, maxPacketBytes: 2 });
    await port.write(hex('0101' + '03616200' + '0101' + '0461626300'));
    expect(device).toMatchObject({ received: [bytes(0x61, 0x62)], tooLongFrames: 1 });
  });
});

test('onRequest without ids gets each packet after onPacket, and its reply is sent', async () => {
  const order: string[] = [];
  const { device, port } = await opened({
    onPacket: ([value]) => order.push(`packet ${value}`),
    onRequest: ([value]) => {
      order.push(`request ${value}`);
      return value === 1 ? undefined : bytes(0x80 + value!);
    },
  });
  await port.write(hex('020100020200'));
  expect(await readRaw(port)).toEqual(hex('028200'));
  expect(order).toEqual(['packet 1', 'request 1', 'packet 2', 'request 2']);
  expect(device.receivedCount).toBe(2);
});

test('onRequest without ids that throws causes an uncaught error', async () => {
  const { next, release } = catchUncaught();
  try {
    const { device, port } = await opened({
      onRequest: () => {
        throw new Error('failed on purpose');
      },
    });
    await port.write(hex('020100'));
    expect(await next).toEqual(new Error('failed on purpose'));
    expect(device.requestErrors).toEqual([]);
  } finally {
    release();
  }
});

describe('request', () => {
  test('rejects without requestIds', async () => {
    const { device } = await opened();
    await expect(device.request(bytes(1))).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `MockDevice ${path}: request needs the option requestIds, for example { bytes: 1 }`,
    });
  });

  test.each([
    [{ timeoutMs: 0 }, 'timeoutMs is 0; expected an integer from 1 to 2147483647'],
    [{ timeout: 5 }, 'unknown option "timeout"; expected timeoutMs'],
  ])('rejects %j', async (options, message) => {
    const { device } = await opened(ids1);
    await expect(device.request(bytes(1), options as never)).rejects.toMatchObject({
      code: 'INVALID_OPTION',
      message: `MockDevice ${path}: request: ${message}`,
    });
  });

  test('resolves with the reply that repeats its id', async () => {
    const { device, port } = await opened(ids1);
    const both = [device.request(bytes(0x61)), device.request(bytes(0x62))];
    expect(await readRaw(port)).toEqual(hex('0381610003826200'));
    await port.write(hex('0382720003817100'));
    expect(await Promise.all(both)).toEqual([bytes(0x71), bytes(0x72)]);
    expect(device).toMatchObject({ receivedCount: 0, lateReplies: 0 });
  });

  test('with ids of 2 bytes, writes the most significant byte first', async () => {
    const { device, port } = await opened(ids2);
    const reply = device.request(bytes(0x61));
    expect(await readRaw(port)).toEqual(hex('0480016100'));
    await port.write(hex('0480017100'));
    expect(await reply).toEqual(bytes(0x71));
  });

  test.each([
    [1, 'its handler failed'],
    [2, 'it has no handler'],
    [7, 'unknown to MockDevice'],
  ])('rejects with the code of error reply %i', async (code, text) => {
    const { device, port } = await opened(ids1);
    const request = device.request(bytes(0x61));
    await port.write(Buffer.of(4, 0x80, 0x81, code, 0));
    expect(await outcome(request)).toMatchObject({
      error: { message: `MockDevice ${path}: request: the host replied with error ${code}: ${text}`, replyCode: code },
    });
  });

  test('rejects after timeoutMs, and a late reply is counted and reaches nothing else', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const onPacket = vi.fn();
      const { device, port } = await opened({ ...ids1, onPacket });
      const request = outcome(device.request(bytes(0x61), { timeoutMs: 70 }));
      expect(await readRaw(port)).toEqual(hex('03816100'));
      vi.advanceTimersByTime(69);
      expect(await Promise.race([request, someTurns(2)])).toBeUndefined();
      vi.advanceTimersByTime(1);
      expect(await request).toEqual({ error: new Error(`MockDevice ${path}: request: no reply within 70 ms`) });
      const next = device.request(bytes(0x62));
      await port.write(hex('03816100'));
      await port.write(hex('03827200'));
      expect(await next).toEqual(bytes(0x72));
      // Repeated, unknown, and an error reply of the wrong length.
      await port.write(hex('03827200' + '03f07200' + '03808200'));
      expect(device).toMatchObject({ lateReplies: 4, receivedCount: 0 });
      expect(onPacket).not.toHaveBeenCalled();
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  test('rejects while its port is not open, when it is closed, and when it is unplugged', async () => {
    const device = new MockDevice({ path, ...ids1 });
    const binding = mockBinding(device);
    await expect(device.request(bytes(1))).rejects.toThrow('its port is not open');
    const port = await openRaw(binding, path);
    const closed = expect(device.request(bytes(1))).rejects.toThrow('request: no reply, its port was closed');
    await readRaw(port);
    await port.close();
    await closed;
    const again = await openRaw(binding, path);
    const unplugged = expect(device.request(bytes(1))).rejects.toThrow('request: no reply, it was unplugged');
    await readRaw(again);
    device.unplug();
    await unplugged;
    // Closing the lost port does not disturb the new one.
    device.plug();
    const third = await openRaw(binding, path);
    const replied = device.request(bytes(1));
    await again.close();
    await readRaw(third);
    await third.write(hex('03840200'));
    expect(await replied).toEqual(bytes(2));
  });

  test('uses each id in turn, and rejects when all are in use', async () => {
    const { device, port } = await opened(ids1);
    const all = Array.from({ length: 127 }, (_, index) => device.request(bytes(index)));
    await expect(device.request(bytes(1))).rejects.toThrow('all 127 ids are in use; await earlier requests');
    await port.write(hex('03c20700'));
    expect(await all[0xc2 - 0x81]).toEqual(bytes(7));
    const next = device.request(bytes(1));
    await port.write(hex('03c20800'));
    expect(await next).toEqual(bytes(8));
    const rejected = Promise.allSettled(all);
    await port.close();
    expect((await rejected).filter(({ status }) => status === 'rejected')).toHaveLength(126);
  });
});
