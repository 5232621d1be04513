import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { gate, outcome, settledAtOnce, someTurns } from '../contract/harness.js';
import { Inbox } from '../support/inbox.js';
import { type KernelPort, kernelBinding } from '../support/kernel-port.js';
import { connected, FAST, settled, start, startReconnecting } from '../support/mock-connection.js';
import { expectNothingUncounted, expectRequestsCounted } from '../support/stats.js';

const packet = (kind: number, ...rest: number[]) => Uint8Array.of(kind, ...rest);
const ofKind = (kind: number) => (reply: Uint8Array) => reply[0] === kind;
const WAITS = { matches: () => false, timeoutMs: 60_000 };
/** The frame of `packet(kind)`, with its delimiter. */
const frame = (...kinds: number[]) => Uint8Array.from(kinds.flatMap((kind) => [2, kind, 0]));

/** A started communicator without ids, and its port, which accepts bytes when the test says so. */
async function startKernel(settings: Partial<SerialConnection> = {}) {
  const { binding, ports } = kernelBinding();
  const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 100 });
  serial.addConnection('arm', { path: '/dev/a', baudRate: 9_600, syncOnOpen: false, reconnect: FAST, ...settings });
  const inbox = new Inbox();
  serial.setReceiveHandler(inbox.handler);
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    expectRequestsCounted(serial.stats('arm'));
    expectNothingUncounted(serial.stats('arm'));
  });
  await serial.initialize();
  return { serial, port: ports[0]!, inbox };
}

/** Resolves when the port has a write pending, and accepts bytes of it. */
async function take(port: KernelPort, bytes: number): Promise<void> {
  await vi.waitFor(() => expect(port.isWriting).toBe(true), { interval: 1 });
  port.take(bytes);
}

describe('a request that is partly written', () => {
  test('can get its reply, and the rest of it is still written', async () => {
    const { serial, port, inbox } = await startKernel();
    const request = serial.request('arm', packet(1), { matches: ofKind(7) });
    await take(port, 1);
    port.give(frame(8, 7));
    expect(await request).toEqual(packet(7));
    port.take(100);
    await serial.ready('arm');
    expect(port.taken).toEqual(Buffer.from(frame(1)));
    expect(inbox.packets('arm')).toEqual([packet(8)]);
  });

  test('does not time out before all of it is written', async () => {
    const { serial, port } = await startKernel();
    const request = outcome(serial.request('arm', packet(1), { matches: ofKind(7), timeoutMs: 30 }));
    await take(port, 2);
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(await settledAtOnce(request)).toBeUndefined();
    port.take(1);
    expect(await request).toMatchObject({ error: { code: 'REPLY_TIMEOUT' } });
  });

  test('and aborted, rejects at once; the rest is still written, and its reply goes to the handler', async () => {
    const { serial, port, inbox } = await startKernel();
    const controller = new AbortController();
    const aborted = serial.request('arm', packet(1), { ...WAITS, signal: controller.signal });
    const ended = outcome(aborted);
    const next = serial.request('arm', packet(2), { matches: ofKind(7) });
    await take(port, 1);
    controller.abort('not wanted');
    expect(await settledAtOnce(ended)).toEqual({ value: { error: 'not wanted' } });
    port.give(frame(6));
    expect(await inbox.next()).toEqual({ name: 'arm', packet: packet(6) });
    port.take(100);
    await take(port, 100);
    expect(port.taken).toEqual(Buffer.from(frame(1, 2)));
    port.give(frame(7));
    expect(await next).toEqual(packet(7));
  });

  test('and another one after it in the same write is aborted: the third is written later, and registered then', async () => {
    const { serial, port, inbox } = await startKernel();
    const controller = new AbortController();
    const request = (kind: number, signal?: AbortSignal) =>
      serial.request('arm', packet(kind), {
        concurrent: true,
        matches: ofKind(10 * kind),
        ...(signal === undefined ? {} : { signal }),
      });
    const [first, second, third] = [request(1), outcome(request(2, controller.signal)), request(3)];
    await take(port, 2);
    controller.abort('not wanted');
    expect(await second).toEqual({ error: 'not wanted' });
    // Nothing of the third is written yet, so this cannot be its reply.
    port.give(frame(30));
    expect(await inbox.next()).toEqual({ name: 'arm', packet: packet(30) });
    port.take(100);
    await take(port, 100);
    expect(port.taken).toEqual(Buffer.from(frame(1, 3)));
    port.give(Uint8Array.of(3, 30, 3, 0, 3, 10, 1, 0));
    expect(await Promise.all([first, third])).toEqual([packet(10, 1), packet(30, 3)]);
  });

  test('rejects with CONNECTION_LOST when the port is lost, and is not written again', async () => {
    const { binding, ports } = kernelBinding();
    const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 100 });
    serial.addConnection('arm', {
      path: '/dev/a',
      baudRate: 9_600,
      syncOnOpen: false,
      reconnect: FAST,
      whenDisconnected: 'wait',
    });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    await serial.initialize();
    const options = { ...WAITS, concurrent: true };
    const requests = [1, 2].map((kind) => settled(serial.request('arm', packet(kind), options)));
    await take(ports[0]!, 1);
    ports[0]!.hangUp();
    expect(await Promise.all(requests)).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
    await vi.waitFor(() => expect(ports).toHaveLength(2));
    await serial.ready('arm');
    const next = settled(serial.send('arm', packet(3)));
    await vi.waitFor(() => {
      ports[1]!.take(1_000);
      expect(ports[1]!.taken.subarray(-3)).toEqual(Buffer.from(frame(3)));
    });
    expect(await next).toBe('resolved');
    expect(ports[1]!.taken.includes(Buffer.from(frame(2)))).toBe(false);
    expectRequestsCounted(serial.stats('arm'));
  });

  test('rejects with SEND_TIMEOUT if the device does not take the rest, and its reply goes to the handler', async () => {
    const { serial, port, inbox } = await startKernel({ sendTimeoutMs: 150 });
    const request = settled(serial.request('arm', packet(1), { matches: ofKind(7) }));
    await take(port, 1);
    expect(await request).toBe('SEND_TIMEOUT');
    port.give(frame(7));
    expect(await inbox.next()).toEqual({ name: 'arm', packet: packet(7) });
  });
});

test('a request that was queued when the connection was lost is never written, not even with whenDisconnected: wait', async () => {
  const { serial, device } = await startReconnecting({ whenDisconnected: 'wait', requestIds: { bytes: 1 } });
  device.stall();
  const before = settled(serial.send('arm', packet(1)));
  await someTurns();
  const requests = [2, 3].map((kind) => settled(serial.request('arm', packet(kind), WAITS)));
  await someTurns();
  const reconnected = connected(serial);
  device.unplug();
  expect(await Promise.all(requests)).toEqual(['CONNECTION_LOST', 'CONNECTION_LOST']);
  device.resume();
  device.plug();
  await reconnected;
  await before;
  await serial.send('arm', packet(4));
  const kinds = device.received.map(([, kind]) => kind);
  expect(kinds).not.toContain(2);
  expect(kinds).not.toContain(3);
  expect(kinds.at(-1)).toBe(4);
});

test('time in which the application blocks the event loop does not count', async () => {
  const answers = gate();
  const { serial, device } = await start({}, { onRequest: () => answers.opened.then(() => packet(7)) });
  const request = serial.request('arm', packet(1), { matches: ofKind(7), timeoutMs: 80 });
  await device.nextPacket();
  await someTurns();
  answers.open();
  const endAt = performance.now() + 200;
  while (performance.now() < endAt) {
    // The reply is on its way, but the application does not let it in.
  }
  expect(await request).toEqual(packet(7));
});
