import { describe, expect, test, vi } from 'vitest';
import { someTurns } from '../../contract/harness.js';
import { MiB, usedBytes } from '../../support/memory.js';
import { bytes, started, stuckHandler } from './rig.js';

describe('flow control', () => {
  test('delays sends while 65,536 bytes wait for the handler', async () => {
    const { communicator } = await started();
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    let sent = 0;
    const sends = Array.from({ length: 100 }, () => communicator.send('a', new Uint8Array(1_023)).then(() => sent++));
    await entered;
    await someTurns();
    expect(sent).toBe(64);
    release();
    await Promise.all(sends);
    await someTurns(200);
    expect(packets).toHaveLength(100);
  });

  test('rejects sends beyond 1,048,576 queued bytes, and those packets never arrive', async () => {
    const { communicator, inbox } = await started();
    const results = await Promise.allSettled(
      Array.from({ length: 1_030 }, (_, index) => communicator.send('a', new Uint8Array(1_023).fill(index & 0xff))),
    );
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1_024);
    expect(results.findIndex(({ status }) => status === 'rejected')).toBe(1_024);
    expect(results.at(-1)).toMatchObject({ reason: { code: 'SEND_QUEUE_FULL', connection: 'a' } });
    await inbox.count(1_024);
    await communicator.send('a', bytes(1));
    await inbox.count(1_025);
    expect(inbox.packets('a').at(-1)).toEqual(bytes(1));
  });

  test('lets a packet longer than 65,536 bytes through alone', async () => {
    const { communicator, inbox } = await started({ maxPacketBytes: 200_000 });
    await Promise.all([communicator.send('a', new Uint8Array(200_000)), communicator.send('a', bytes(1))]);
    await inbox.count(2);
    expect(inbox.packets('a').map((packet) => packet.length)).toEqual([200_000, 1]);
  });

  test.each([
    [{}, 65_536],
    [{ maxPacketBytes: 3 }, 3],
    [{ maxPacketBytes: 0 }, 0],
  ])('with %j accepts packets of up to %i bytes', async (connection, longest) => {
    const { communicator, inbox } = await started(connection);
    await communicator.send('a', new Uint8Array(longest));
    await expect(communicator.send('a', new Uint8Array(longest + 1))).rejects.toMatchObject({
      name: 'InvalidArgumentError',
      code: 'PACKET_TOO_LARGE',
    });
    await inbox.next();
    await someTurns();
    expect(inbox.arrivals).toHaveLength(1);
  });

  test('does not block the event loop during an endless exchange', async () => {
    const { communicator } = await started();
    let exchanged = 0;
    communicator.setReceiveHandler((name, packet) => {
      exchanged++;
      communicator.send(name, packet).catch(() => {});
    });
    await communicator.send('a', bytes(1));
    await vi.waitFor(() => expect(exchanged).toBeGreaterThan(5));
    await communicator.shutdown();
  });

  test('needs no memory for a sender faster than the handler', async () => {
    const { communicator } = await started();
    communicator.setReceiveHandler(() => new Promise((resolve) => setImmediate(resolve)));
    const send = async (packets: number) => {
      for (let count = 0; count < packets; count++) {
        await communicator.send('a', new Uint8Array(16_384));
      }
    };
    await send(200);
    const before = usedBytes();
    await send(2_000);
    expect(usedBytes() - before).toBeLessThan(16 * MiB);
    await communicator.shutdown();
  });
});

describe('aborting a queued send', () => {
  test('rejects it at once, and the other sends continue', async () => {
    const { communicator } = await started();
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const controller = new AbortController();
    const first = communicator.send('a', new Uint8Array(65_000).fill(1));
    const aborted = communicator.send('a', new Uint8Array(65_000).fill(2), { signal: controller.signal });
    const last = communicator.send('a', bytes(3));
    await first;
    await entered;
    controller.abort('not now');
    await expect(aborted).rejects.toBe('not now');
    release();
    await last;
    await someTurns();
    expect(packets.map((packet) => packet[0])).toEqual([1, 3]);
  });
});

describe('shutdown', () => {
  test('drops and counts packets in flight', async () => {
    const { communicator, inbox } = await started();
    const sends = Promise.all([1, 2, 3].map((value) => communicator.send('a', bytes(value))));
    await communicator.shutdown();
    await sends;
    await someTurns();
    expect(inbox.arrivals.length + communicator.stats('a').packetsDropped).toBe(3);
  });

  test('counts the replies that a stuck handler did not get', async () => {
    const { communicator } = await started({ reply: (packet) => [packet, packet, packet] });
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    await communicator.send('a', bytes(1));
    await entered;
    await communicator.shutdown();
    release();
    await someTurns();
    expect(packets).toHaveLength(1);
    expect(communicator.stats('a').packetsDropped).toBe(2);
  });

  test('waits for queued sends, and delivers packets until then', async () => {
    const { communicator } = await started();
    const { handler, packets, entered, release } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const sends = [1, 2].map((value) => communicator.send('a', new Uint8Array(65_000).fill(value)));
    await entered;
    const stopping = communicator.shutdown();
    await someTurns();
    release();
    await Promise.all([...sends, stopping]);
    expect(packets.length + communicator.stats('a').packetsDropped).toBe(2);
  });

  test('ends within shutdownTimeoutMs, and rejects sends that are still queued', async () => {
    const { communicator } = await started({}, 30);
    const { handler, packets, entered } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const sends = [1, 2, 3].map((value) => communicator.send('a', new Uint8Array(65_000).fill(value)));
    const settled = Promise.allSettled(sends);
    await entered;
    await communicator.shutdown();
    expect(await settled).toMatchObject([
      { status: 'fulfilled' },
      { reason: { code: 'SHUTDOWN_TIMEOUT', connection: 'a' } },
      { reason: { code: 'SHUTDOWN_TIMEOUT', connection: 'a' } },
    ]);
    expect(packets).toHaveLength(1);
  });

  test('ends at once when the last queued send is aborted', async () => {
    const { communicator } = await started({}, 2_147_483_647);
    const { handler, entered } = stuckHandler();
    communicator.setReceiveHandler(handler);
    const controller = new AbortController();
    const first = communicator.send('a', new Uint8Array(65_000));
    const aborted = communicator.send('a', new Uint8Array(65_000), { signal: controller.signal });
    const rejected = expect(aborted).rejects.toBe('given up');
    await first;
    await entered;
    const stopping = communicator.shutdown();
    controller.abort('given up');
    await Promise.all([rejected, stopping]);
  });
});

test('the time for many packets in flight is linear in their number', async () => {
  const { communicator } = await started();
  communicator.setReceiveHandler(() => {});
  const msFor = async (count: number) => {
    const startedAt = performance.now();
    await Promise.all(Array.from({ length: count }, () => communicator.inject('a', new Uint8Array(0))));
    return performance.now() - startedAt;
  };
  await msFor(20_000);
  const shortMs = await msFor(20_000);
  // Eight times as many packets. Quadratic time would be 64 times as long.
  expect(await msFor(160_000)).toBeLessThan(24 * shortMs);
}, 60_000);

test('requests that are aborted while they wait for their turn leave no memory in use', async () => {
  const { communicator } = await started({ reply: () => undefined });
  const matches = () => false;
  const open = [1, 2].map(() => communicator.request('a', bytes(1), { matches, timeoutMs: 600_000 }));
  const abortMany = async () => {
    for (let count = 0; count < 50_000; count++) {
      const controller = new AbortController();
      const request = communicator.request('a', bytes(2), { matches, signal: controller.signal });
      controller.abort('not wanted');
      await request.catch(() => undefined);
    }
  };
  await abortMany();
  const before = usedBytes();
  await abortMany();
  expect(usedBytes() - before).toBeLessThan(MiB);
  await communicator.shutdown();
  expect(await Promise.allSettled(open)).toHaveLength(2);
}, 60_000);
