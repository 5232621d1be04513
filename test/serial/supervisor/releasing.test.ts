import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { gate, outcome, someTurns } from '../../contract/harness.js';
import { Inbox } from '../../support/inbox.js';
import { kernelBinding } from '../../support/kernel-port.js';
import { expectNothingUncounted } from '../../support/stats.js';

const PACKET = Uint8Array.of(1, 2, 3);

/** The bytes that invalidate a truncated frame. */
const RESYNC = Buffer.concat([Buffer.of(1), Buffer.alloc(254, 0xff), Buffer.of(0)]);

/** A communicator with the connection `arm` to an echoing mock device, and `leg` to another. */
async function start(settings: Partial<SerialConnection> = {}) {
  const device = new MockDevice({ path: '/dev/arm', echo: true });
  const other = new MockDevice({ path: '/dev/leg', echo: true });
  const serial = new SerialCommunicator({ binding: mockBinding(device, other), shutdownTimeoutMs: 200 });
  const inbox = new Inbox();
  serial.setReceiveHandler(inbox.handler);
  serial.addConnection('arm', {
    path: '/dev/arm',
    baudRate: 9_600,
    reconnect: { minDelayMs: 1, maxDelayMs: 2 },
    ...settings,
  });
  serial.addConnection('leg', { path: '/dev/leg', baudRate: 9_600 });
  const disconnects: [string, string, boolean][] = [];
  serial.on('disconnected', ({ name, error, willReconnect }) => disconnects.push([name, error.code, willReconnect]));
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  return { serial, arm: serial.connection('arm'), device, other, inbox, disconnects };
}

type Parts = Awaited<ReturnType<typeof start>>;

function expectReleased({ serial, device }: Parts): void {
  expect(serial.connectionState('arm')).toBe('disconnected');
  expect(serial.connectionError('arm')).toMatchObject({ code: 'CONNECTION_RELEASED', connection: 'arm' });
  expect(device.openOptions).toBeUndefined();
}

/** A packet is echoed. */
async function expectEcho({ serial, inbox }: Parts, name = 'arm'): Promise<void> {
  const packet = Uint8Array.of(100, inbox.arrivals.length);
  await serial.send(name, packet);
  await vi.waitFor(() => expect(inbox.packets(name)).toContainEqual(packet));
}

describe('release', () => {
  test('writes the accepted packets, closes the port, and leaves other connections alone', async () => {
    const parts = await start();
    const { serial, arm, device, disconnects } = parts;
    const sends = Array.from({ length: 10 }, (_, index) => serial.send('arm', Uint8Array.of(index)));
    await arm.release();
    await Promise.all(sends);
    expect(device.received).toHaveLength(10);
    expectReleased(parts);
    expect(serial.connectionError('arm')?.message).toBe('connection "arm" (/dev/arm): released; call reopen first');
    expect(disconnects).toEqual([['arm', 'CONNECTION_RELEASED', false]]);
    expect(serial.stats('arm')).toMatchObject({ opens: 1, losses: 0, packetsReleased: 0, packetsSent: 10 });
    await expectEcho(parts, 'leg');
  });

  test('while released, send rejects with CONNECTION_RELEASED, also if packets may wait, and so do control lines', async () => {
    const { serial, arm } = await start({ whenDisconnected: 'wait' });
    const released = arm.release();
    const error = { name: 'ConnectionError', code: 'CONNECTION_RELEASED', connection: 'arm' };
    await expect(serial.send('arm', PACKET)).rejects.toMatchObject(error);
    await released;
    await expect(serial.send('arm', PACKET)).rejects.toMatchObject({
      ...error,
      message: 'send to "arm": the connection is released; call reopen first',
    });
    await expect(serial.setSignals('arm', { dtr: true })).rejects.toMatchObject(error);
    await expect(serial.signals('arm')).rejects.toMatchObject(error);
    expect(serial.stats('arm')).toMatchObject({ packetsAccepted: 0, packetsRefused: 0 });
  });

  test('rejects packets that a stalled device does not accept in time', async () => {
    const parts = await start();
    const { serial, arm, device } = parts;
    device.stall();
    const sends = Array.from({ length: 3 }, () => outcome(serial.send('arm', new Uint8Array(5_000))));
    await arm.release();
    for (const { error } of (await Promise.all(sends)) as { error: unknown }[]) {
      expect(error).toMatchObject({
        code: 'CONNECTION_RELEASED',
        message: 'send to "arm" (/dev/arm): the connection is released; call reopen first',
      });
    }
    expectReleased(parts);
    expect(serial.stats('arm')).toMatchObject({ packetsReleased: 3, packetsLost: 0, framesTruncated: 0 });
    expectNothingUncounted(serial.stats('arm'));
    device.resume();
    await arm.reopen();
    await expectEcho(parts);
  });

  test.each([
    ['nothing of a frame is written', 0, 0],
    ['a frame is partly written', 3, 1],
  ])('invalidates a cut frame at the next opening, and only then: %s', async (_, writtenBytes, framesTruncated) => {
    const { binding, ports } = kernelBinding();
    const serial = new SerialCommunicator({ binding, shutdownTimeoutMs: 40 });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    serial.addConnection('arm', { path: '/dev/a', baudRate: 9_600, syncOnOpen: false });
    await serial.initialize();
    const sent = outcome(serial.send('arm', PACKET));
    await vi.waitFor(() => expect(ports[0]!.isWriting).toBe(true));
    ports[0]!.take(writtenBytes);
    await serial.connection('arm').release();
    expect(await sent).toMatchObject({ error: { code: 'CONNECTION_RELEASED' } });
    expect(serial.stats('arm')).toMatchObject({ packetsReleased: 1, framesTruncated });
    await serial.connection('arm').reopen();
    const next = serial.send('arm', PACKET);
    await vi.waitFor(() => expect(ports[1]!.isWriting).toBe(true));
    ports[1]!.take(1_000);
    await next;
    const frame = Buffer.of(4, 1, 2, 3, 0);
    expect(ports[1]!.taken).toEqual(framesTruncated === 0 ? frame : Buffer.concat([RESYNC, frame]));
  });

  test('delivers the packets already read, one at a time, to a handler that is busy', async () => {
    const { serial, arm, device } = await start();
    const busy = gate();
    const handled: number[] = [];
    serial.setReceiveHandler(async (_name, packet) => {
      handled.push(packet[0]!);
      await busy.opened;
    });
    await device.sendRaw(Buffer.concat([0, 1, 2].map((each) => Buffer.from([0x02, each + 10, 0]))));
    await vi.waitFor(() => expect(handled).toEqual([10]));
    await arm.release();
    expect(handled).toEqual([10]);
    busy.open();
    await vi.waitFor(() => expect(handled).toEqual([10, 11, 12]));
    expect(serial.stats('arm')).toMatchObject({ packetsDelivered: 3, packetsDropped: 0 });
    expectNothingUncounted(serial.stats('arm'));
  });

  test('can be awaited by the receive handler, and so can reopen', async () => {
    const parts = await start();
    const { serial, arm, device, inbox } = parts;
    const done = gate();
    serial.setReceiveHandler(async () => {
      await arm.release();
      await arm.reopen();
      done.open();
    });
    await device.send(PACKET);
    await done.opened;
    serial.setReceiveHandler(inbox.handler);
    await expectEcho(parts);
    expect(serial.stats('arm').opens).toBe(2);
  });

  test('called several times, releases once, and each call resolves', async () => {
    const parts = await start();
    const { arm, disconnects } = parts;
    await Promise.all([arm.release(), arm.release()]);
    await arm.release();
    expectReleased(parts);
    expect(disconnects).toHaveLength(1);
  });

  test('in a connected listener: releases a connection that initialize has not started yet', async () => {
    const device = new MockDevice({ path: '/dev/arm' });
    const other = new MockDevice({ path: '/dev/leg', echo: true });
    const serial = new SerialCommunicator({ binding: mockBinding(device, other) });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    serial.addConnection('arm', { path: '/dev/arm', baudRate: 9_600 });
    serial.addConnection('leg', { path: '/dev/leg', baudRate: 9_600 });
    const events: string[] = [];
    const released: Promise<void>[] = [];
    serial.on('connected', ({ name }) => {
      events.push(`${name} connected`);
      if (events.length === 1) {
        released.push(...['arm', 'leg'].map((each) => serial.connection(each).release()));
      }
    });
    serial.on('disconnected', ({ name }) => events.push(`${name} disconnected`));
    await serial.initialize();
    await Promise.all(released);
    expect(events).toEqual(['arm connected', 'arm disconnected']);
    expect([device.openOptions, other.openOptions]).toEqual([undefined, undefined]);
    await serial.connection('leg').reopen();
    await serial.send('leg', PACKET);
    expect(other.received).toEqual([PACKET]);
    expect(events).toEqual(['arm connected', 'arm disconnected', 'leg connected']);
  });
});

describe('reopen', () => {
  test('opens the port with a new decoder; the counts continue, and calls of ready are answered', async () => {
    const parts = await start();
    const { serial, arm, device, inbox } = parts;
    await expectEcho(parts);
    await device.sendRaw(Buffer.of(5, 1, 2));
    await vi.waitFor(() => expect(serial.stats('arm').bytesRead).toBeGreaterThan(4));
    const connected = vi.fn();
    serial.on('connected', connected);
    await arm.release();
    const ready = serial.ready('arm');
    await arm.reopen();
    await ready;
    expect(connected).toHaveBeenCalledOnce();
    expect(serial.connectionState('arm')).toBe('connected');
    expect(serial.connectionError('arm')).toBeUndefined();
    await expectEcho(parts);
    expect(inbox.arrivals).toHaveLength(2);
    expect(serial.stats('arm')).toMatchObject({ opens: 2, losses: 0, packetsSent: 2, unfinishedBytes: 3 });
    expectNothingUncounted(serial.stats('arm'));
    await arm.reopen();
    expect(serial.stats('arm').opens).toBe(2);
  });

  test('lets the device settle again: reopen does not wait for that, ready does', async () => {
    const { serial, arm, device } = await start({ settleMs: 1 });
    await serial.ready('arm');
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    onTestFinished(() => void vi.useRealTimers());
    await arm.release();
    await arm.reopen();
    let isReady = false;
    const ready = serial.ready('arm').then(() => {
      isReady = true;
    });
    const sent = serial.send('arm', PACKET);
    await someTurns();
    expect([isReady, device.received]).toEqual([false, []]);
    await vi.advanceTimersByTimeAsync(1);
    await Promise.all([ready, sent]);
    expect(device.received).toEqual([PACKET]);
  });

  test('tries again until the port opens', async () => {
    const parts = await start({ whenDisconnected: 'wait' });
    const { serial, arm, device } = parts;
    await arm.release();
    device.unplug();
    const reopened = arm.reopen();
    // A packet may wait for the port again.
    const sent = serial.send('arm', PACKET);
    await vi.waitFor(() => expect(serial.stats('arm').openFailures).toBeGreaterThanOrEqual(3));
    expect(serial.connectionError('arm')).toMatchObject({ code: 'PORT_NOT_FOUND' });
    device.plug();
    await Promise.all([reopened, sent]);
    expect(device.received).toEqual([PACKET]);
  });

  test('with reconnect off, rejects if the port cannot be opened; the connection stays released', async () => {
    const parts = await start({ reconnect: false });
    const { serial, arm, device } = parts;
    await arm.release();
    const ready = serial.ready('arm');
    device.unplug();
    await expect(arm.reopen()).rejects.toMatchObject({ name: 'ConnectionError', code: 'PORT_NOT_FOUND' });
    expectReleased(parts);
    await expect(serial.send('arm', PACKET)).rejects.toMatchObject({ code: 'CONNECTION_RELEASED' });
    expect(serial.stats('arm')).toMatchObject({ opens: 1, openFailures: 1 });
    device.plug();
    await arm.reopen();
    await ready;
    await expectEcho(parts);
  });

  test('opens a connection again that was lost for good', async () => {
    const parts = await start({ reconnect: false });
    const { serial, arm, device } = parts;
    device.unplug();
    await vi.waitFor(() => expect(serial.stats('arm').losses).toBe(1));
    await expect(serial.ready('arm')).rejects.toMatchObject({ code: 'CONNECTION_LOST' });
    device.plug();
    await arm.reopen();
    await expectEcho(parts);
    expect(serial.stats('arm')).toMatchObject({ opens: 2, losses: 1 });
  });

  test('its signal ends the wait only', async () => {
    const parts = await start();
    const { arm, device } = parts;
    await arm.release();
    device.unplug();
    const controller = new AbortController();
    const reopened = arm.reopen({ signal: controller.signal });
    controller.abort('no patience');
    await expect(reopened).rejects.toBe('no patience');
    device.plug();
    await vi.waitFor(() => expect(device.openOptions).toBeDefined());
    await parts.serial.ready('arm');
    await expectEcho(parts);
  });

  test('during a release, opens the port after it', async () => {
    const parts = await start();
    const { serial, arm, disconnects } = parts;
    const released = arm.release();
    const reopened = arm.reopen();
    await released;
    await reopened;
    expect(disconnects).toEqual([['arm', 'CONNECTION_RELEASED', false]]);
    expect(serial.stats('arm').opens).toBe(2);
    await expectEcho(parts);
  });

  test('the last call decides', async () => {
    const parts = await start();
    const { arm } = parts;
    const calls = [arm.release(), arm.reopen(), arm.reopen(), arm.release()];
    const outcomes = await Promise.all(calls.map(outcome));
    expect(outcomes[0]).toEqual({ value: undefined });
    expect(outcomes[3]).toEqual({ value: undefined });
    for (const call of outcomes.slice(1, 3)) {
      expect(call).toMatchObject({
        error: {
          code: 'CONNECTION_RELEASED',
          message: 'reopen "arm" (/dev/arm): the connection is released; call reopen first',
        },
      });
    }
    expectReleased(parts);
    await someTurns();
    expectReleased(parts);
    await Promise.all([arm.reopen(), outcome(arm.release()), arm.reopen()].map(outcome));
    await expectEcho(parts);
  });
});
