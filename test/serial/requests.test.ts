import { describe, expect, test, vi } from 'vitest';
import { type RequestOptions, SerialCommunicator as Serial, type SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { outcome, settledAtOnce, someTurns } from '../contract/harness.js';
import { Inbox } from '../support/inbox.js';
import { settled, start } from '../support/mock-connection.js';
import { expectNothingUncounted, expectRequestsCounted } from '../support/stats.js';

const packet = (kind: number, ...rest: number[]) => Uint8Array.of(kind, ...rest);
const ofKind = (kind: number) => (reply: Uint8Array) => reply[0] === kind;
const never = () => false;

/** Makes a request that no packet matches. */
function waiting(serial: SerialCommunicator, size = 1, options: Partial<RequestOptions> = {}) {
  const controller = new AbortController();
  const ended = settled(
    serial.request('arm', new Uint8Array(size).fill(9), {
      matches: never,
      timeoutMs: 60_000,
      signal: controller.signal,
      ...options,
    }),
  );
  return { ended, abort: () => controller.abort('aborted') };
}

async function startWithInbox(...parameters: Parameters<typeof start>) {
  const parts = await start(...parameters);
  const inbox = new Inbox();
  parts.serial.setReceiveHandler(inbox.handler);
  return { ...parts, inbox };
}

describe('a request is registered just before its first byte is written', () => {
  test('a packet that arrives while it is queued goes to the handler, one that arrives later is its reply', async () => {
    const { serial, device, inbox } = await startWithInbox();
    device.stall();
    const before = serial.send('arm', packet(1));
    await someTurns();
    const request = serial.request('arm', packet(2), { matches: ofKind(2) });
    await device.send(packet(2, 1));
    expect(await inbox.next()).toEqual({ name: 'arm', packet: packet(2, 1) });
    device.resume();
    await before;
    expect([await device.nextPacket(), await device.nextPacket()]).toEqual([packet(1), packet(2)]);
    await device.send(packet(2, 2));
    expect(await request).toEqual(packet(2, 2));
    expect(inbox.arrivals).toHaveLength(1);
  });

  test('a packet that arrives while it is being written can be its reply', async () => {
    const { serial, device } = await startWithInbox();
    device.stall();
    const request = serial.request('arm', packet(2), { matches: ofKind(2) });
    await someTurns();
    await device.send(packet(2, 1));
    expect(await request).toEqual(packet(2, 1));
    device.resume();
    expect(await device.nextPacket()).toEqual(packet(2));
    await vi.waitFor(() => expect(serial.stats('arm').packetsWaiting).toBe(0));
    expectNothingUncounted(serial.stats('arm'));
  });

  test('if the write is cut short before its first byte, it can still get its reply later', async () => {
    const { serial, device, inbox } = await startWithInbox();
    device.stall();
    // Both are in one pending write. The abort takes all of it back, since nothing was written.
    const controller = new AbortController();
    const aborted = settled(serial.send('arm', packet(1), { signal: controller.signal }));
    const request = serial.request('arm', packet(2), { matches: ofKind(2) });
    await someTurns();
    controller.abort('aborted');
    expect(await aborted).toBe('aborted');
    device.resume();
    expect(await device.nextPacket()).toEqual(packet(2));
    await device.send(packet(2, 2));
    expect(await request).toEqual(packet(2, 2));
    expect(inbox.arrivals).toEqual([]);
  });
});

describe('time limits', () => {
  test('timeoutMs begins when the request has been written', async () => {
    const { serial, device } = await start({}, { onRequest: (request) => request });
    device.stall();
    const request = outcome(serial.request('arm', packet(2), { matches: ofKind(2), timeoutMs: 60 }));
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(await settledAtOnce(request)).toBeUndefined();
    device.resume();
    expect(await request).toEqual({ value: packet(2) });
  });

  test('timeoutMs is 1,000 by default', async () => {
    const { serial } = await start();
    const startedAt = performance.now();
    await expect(serial.request('arm', packet(1), { matches: never })).rejects.toThrow(/1000 ms/);
    expect(performance.now() - startedAt).toBeGreaterThan(900);
  });

  test('the limits of many requests are over at the same time', async () => {
    const { serial } = await start({ requestIds: { bytes: 2 } });
    const startedAt = performance.now();
    const durations = await Promise.all(
      Array.from({ length: 2_000 }, async () => {
        await settled(serial.request('arm', packet(1), { timeoutMs: 200 }));
        return performance.now() - startedAt;
      }),
    );
    expect(durations[0]).toBeGreaterThanOrEqual(199);
    expect(Math.max(...durations)).toBeLessThan(4 * durations[0]!);
    expect(serial.stats('arm').requestsTimedOut).toBe(2_000);
  });

  test('timeoutMs is kept while other requests with shorter limits come and go', async () => {
    const { serial } = await start({}, { onRequest: (request) => request });
    const first = settled(serial.request('arm', packet(1), { matches: never, timeoutMs: 150 }));
    let end: string | undefined;
    void first.then((code) => {
      end = code;
    });
    // Without a limit of its own: if the first request never times out, this test does.
    for (let kind = 2; end === undefined; kind = (kind % 200) + 2) {
      const options = { matches: ofKind(kind), timeoutMs: 100, concurrent: true };
      await settled(serial.request('arm', packet(kind), options));
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(end).toBe('REPLY_TIMEOUT');
  });

  test('sendTimeoutMs begins when its turn comes', async () => {
    const { serial, device } = await start({ sendTimeoutMs: 40 }, { onRequest: (request) => request });
    const first = settled(serial.request('arm', packet(1), { matches: never, timeoutMs: 150 }));
    const second = serial.request('arm', packet(2), { matches: ofKind(2) });
    expect(await first).toBe('REPLY_TIMEOUT');
    expect(await second).toEqual(packet(2));
    device.stall();
    expect(await settled(serial.request('arm', packet(3), { matches: never }))).toBe('SEND_TIMEOUT');
    expectRequestsCounted(serial.stats('arm'));
  });
});

describe('sendQueueBytes', () => {
  test('counts requests that wait for their turn, until they settle', async () => {
    const { serial, device } = await start({ maxPacketBytes: 100, sendQueueBytes: 310 });
    const first = waiting(serial, 100);
    await device.nextPacket();
    const waits = [1, 2, 3].map(() => waiting(serial, 100));
    expect(await settled(serial.request('arm', new Uint8Array(100), { matches: never }))).toBe('SEND_QUEUE_FULL');
    expect(await settled(serial.send('arm', new Uint8Array(100)))).toBe('SEND_QUEUE_FULL');
    waits[1]!.abort();
    expect(await settled(serial.send('arm', new Uint8Array(100)))).toBe('resolved');
    for (const { abort, ended } of [first, ...waits]) {
      abort();
      expect(await ended).toBe('aborted');
    }
    expect(await settled(serial.send('arm', new Uint8Array(100)))).toBe('resolved');
    expectRequestsCounted(serial.stats('arm'));
    expectNothingUncounted(serial.stats('arm'));
  });

  test('counts requests that wait for an id', async () => {
    const settings = { maxPacketBytes: 100, sendQueueBytes: 310, requestIds: { bytes: 1 as const } };
    const { serial } = await start(settings);
    const written = [];
    for (let count = 0; count < 127; count++) {
      written.push(waiting(serial, 100));
      await someTurns(1);
    }
    const waits = [1, 2, 3].map(() => waiting(serial, 100));
    expect(serial.stats('arm').requestsWaiting).toBe(130);
    const last = waiting(serial, 100);
    expect(await last.ended).toBe('SEND_QUEUE_FULL');
    for (const { abort, ended } of [...waits, ...written]) {
      abort();
      expect(await ended).toBe('aborted');
    }
    expect(await settled(serial.send('arm', new Uint8Array(100)))).toBe('resolved');
    expectNothingUncounted(serial.stats('arm'));
  });
});

describe('the message of REPLY_TIMEOUT reports what arrived meanwhile', () => {
  const FRAME = [2, 7, 0];
  const REJECTED = [9, 1, 0];

  test.each([
    ['nothing', [], /nothing arrived/],
    ['one packet', FRAME, /1 other packet arrived/],
    ['two packets', [...FRAME, ...FRAME], /2 other packets arrived/],
    ['a rejected frame', REJECTED, /1 rejected frame arrived/],
    ['both', [...FRAME, ...REJECTED, ...REJECTED], /1 other packet and 2 rejected frames arrived/],
    ['an unfinished frame', [5, 1, 2], /3 bytes without a delimiter arrived/],
  ])('%s', async (_what, wire, message) => {
    const { serial, device } = await start();
    // What arrived before does not count.
    await device.sendRaw(Uint8Array.from([...FRAME, ...REJECTED]));
    await vi.waitFor(() => expect(serial.stats('arm').delimiters).toBe(2));
    const request = serial.request('arm', packet(1), { matches: never, timeoutMs: 60 });
    await device.nextPacket();
    await device.sendRaw(Uint8Array.from(wire));
    await expect(request).rejects.toThrow(message);
  });

  test('skipped bytes', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const serial = new Serial({ binding: mockBinding(device) });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600, skipFirst: true });
    await using _ = serial;
    await serial.initialize();
    await device.sendRaw(packet(7));
    await vi.waitFor(() => expect(serial.stats('arm').bytesRead).toBe(1));
    const request = serial.request('arm', packet(1), { matches: never, timeoutMs: 60 });
    await device.nextPacket();
    await device.sendRaw(packet(8, 9));
    await expect(request).rejects.toThrow(/2 skipped bytes arrived/);
  });
});

test('nothing is sent twice: a request without a reply is written once', async () => {
  const { serial, device } = await start();
  await settled(serial.request('arm', packet(1), { matches: never, timeoutMs: 30 }));
  await serial.send('arm', packet(2));
  expect(device.received).toEqual([packet(1), packet(2)]);
});

test('a handler that asks again and again while its backlog is full does not let the backlog grow', async () => {
  const { serial, device, events } = await start({ requestBacklogBytes: 200 }, { maxReadSize: 64 });
  const codes = new Set<string>();
  let attempts = 0;
  const handled: number[] = [];
  let done!: () => void;
  const all = new Promise<void>((resolve) => {
    done = resolve;
  });
  serial.setReceiveHandler(async (_name, [kind, number]) => {
    if (kind === 1) {
      for (; attempts < 200; attempts++) {
        codes.add(await settled(serial.request('arm', packet(2), { matches: never, timeoutMs: 300 })));
      }
      expect(serial.stats('arm').packetsReceived).toBeLessThan(80);
    } else {
      handled.push(number!);
      if (handled.length === 250) {
        done();
      }
    }
  });
  await device.send(packet(1));
  await Promise.all(Array.from({ length: 250 }, (_, index) => device.send(packet(0, index))));
  await all;
  expect(events).toEqual([]);
  expect([...codes]).toEqual(['REQUEST_BLOCKED']);
  // Only the first was sent.
  expect(device.received).toEqual([packet(2)]);
  expect(handled).toEqual(Array.from({ length: 250 }, (_, index) => index));
  expectNothingUncounted(serial.stats('arm'));
});
