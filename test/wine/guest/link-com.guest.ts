import { describe, expect, onTestFinished, test } from 'vitest';
import { type InitializeError, SerialCommunicator } from '../../../src/index.js';
import { Inbox } from '../../support/inbox.js';
import { commandPort } from './com-port.js';

/** A communicator with an echoing device at COM1. */
async function connect(settings: object = {}) {
  commandPort(1, 'plug');
  const serial = new SerialCommunicator({ shutdownTimeoutMs: 1_000 });
  const inbox = new Inbox();
  serial.setReceiveHandler(inbox.handler);
  serial.addConnection('arm', { path: 'COM1', baudRate: 115_200, ...settings });
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    commandPort(1, 'unplug');
  });
  await serial.initialize();
  return { serial, inbox };
}

describe('SerialCommunicator over COM1', () => {
  test('brings 2,000 packets there and back', async () => {
    const { serial, inbox } = await connect();
    const packets = Array.from({ length: 2_000 }, (_, index) => Uint8Array.of(index & 255, index >> 8, 0, 1));
    await Promise.all(packets.map((packet) => serial.send('arm', packet)));
    await inbox.count(packets.length);
    expect(inbox.packets('arm')).toEqual(packets);
  });

  test('reports that the device is gone, and finds it again when it returns', async () => {
    const { serial, inbox } = await connect({ reconnect: { minDelayMs: 20, maxDelayMs: 100 } });
    const disconnected = new Promise((resolve) => serial.once('disconnected', resolve));
    commandPort(1, 'unplug');
    expect(await disconnected).toMatchObject({ name: 'arm', error: { code: 'CONNECTION_LOST' } });
    const connected = new Promise((resolve) => serial.once('connected', resolve));
    commandPort(1, 'plug');
    await connected;
    await serial.send('arm', Uint8Array.of(1, 2, 3));
    expect((await inbox.next()).packet).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('shuts down in time while the device accepts nothing, and frees the port', async () => {
    const { serial } = await connect();
    commandPort(1, 'stall');
    const sends = Array.from({ length: 10 }, () => serial.send('arm', new Uint8Array(60_000).fill(1)));
    const settled = Promise.allSettled(sends);
    const startedAt = performance.now();
    await serial.shutdown();
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect((await settled).filter(({ status }) => status === 'rejected')).not.toEqual([]);
    commandPort(1, 'unplug');
    commandPort(1, 'plug');
    const next = new SerialCommunicator();
    next.setReceiveHandler(() => {});
    next.addConnection('arm', { path: 'COM1', baudRate: 115_200 });
    await next.initialize();
    await next.shutdown();
  });

  test.each([
    ['COM9', 'PORT_NOT_FOUND', /^connection "arm" \(COM9\): no such port; .*Device Manager/],
    ['/dev/ttyACM0', 'PORT_NOT_FOUND', /no such port: on Windows, ports have names such as COM3; /],
    ['C:\\port\\of\\call', 'PORT_NOT_FOUND', /no such port: on Windows, ports have names such as COM3; /],
    ['nul', 'PORT_OPEN_FAILED', /not a serial port; /],
  ])('rejects %s with %s in the words of Windows', async (path, code, message) => {
    const serial = new SerialCommunicator();
    serial.setReceiveHandler(() => {});
    serial.addConnection('arm', { path, baudRate: 115_200 });
    const error: InitializeError = await serial.initialize().then(
      () => expect.unreachable('opened'),
      (reason) => reason,
    );
    expect(error.errors).toMatchObject([{ code, message: expect.stringMatching(message) }]);
  });

  test('opens a port by the name that starts with \\\\.\\', async () => {
    const { serial, inbox } = await connect({ path: '\\\\.\\COM1' });
    await serial.send('arm', Uint8Array.of(7));
    expect((await inbox.next()).packet).toEqual(Uint8Array.of(7));
  });
});
