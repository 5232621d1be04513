import { once } from 'node:events';
import { createServer } from 'node:net';
import { Worker } from 'node:worker_threads';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cobsEncode, SerialCommunicator, type SerialConnection } from '../../../src/index.js';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { Inbox } from '../../support/inbox.js';
import { PortServer } from '../../support/port-server.js';
import { randomBytes, randomNumbers, runSeed } from '../../support/random.js';
import { TcpDevice } from '../../support/tcp-device.js';

/** More than the kernel buffers for a connection. */
const TOO_MUCH_BYTES = 24_000_000;

async function start(settings: Partial<SerialConnection> = {}) {
  const device = await TcpDevice.listen();
  const serial = new SerialCommunicator();
  const inbox = new Inbox();
  serial.setReceiveHandler(inbox.handler);
  serial.addConnection('arm', { path: device.path, ...settings } as SerialConnection);
  await serial.initialize();
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    await device.close();
  });
  return { device, serial, inbox };
}

function wireOf(packet: Uint8Array): Buffer {
  return Buffer.concat([cobsEncode(packet), Buffer.of(0)]);
}

describe('a port over TCP', () => {
  test('receives every packet, however the network cuts the bytes', async () => {
    const seed = runSeed();
    const random = randomNumbers(seed);
    const { device, inbox } = await start();
    const packets = Array.from({ length: 200 }, () => randomBytes(random(2_000), random));
    const wire = Buffer.concat(packets.map(wireOf));
    for (let sent = 0; sent < wire.length; ) {
      const bytes = Math.min(1 + random(random(10) === 0 ? 20_000 : 200), wire.length - sent);
      await device.send(wire.subarray(sent, sent + bytes));
      sent += bytes;
      if (random(2) === 0) {
        await someTurns(random(3));
      }
    }
    await inbox.count(packets.length);
    expect(
      inbox.packets('arm').every((packet, index) => Buffer.from(packet).equals(packets[index]!)),
      `seed: TEST_SEED=${seed}`,
    ).toBe(true);
  });

  test('slows down a server that floods a busy handler, and loses nothing', async () => {
    const { device, serial } = await start();
    let finish = () => {};
    let count = 0;
    serial.setReceiveHandler(() => {
      count++;
      return count > 1 ? undefined : new Promise<void>((resolve) => (finish = resolve));
    });
    const frame = wireOf(new Uint8Array(999).fill(7));
    const frames = Math.ceil(TOO_MUCH_BYTES / frame.length);
    const socket = await device.socket();
    socket.write(Buffer.concat(Array.from({ length: frames }, () => frame)));
    await vi.waitFor(() => expect(count).toBe(1));
    // What the kernel has accepted no longer grows.
    let unsent = Number.POSITIVE_INFINITY;
    await vi.waitFor(
      () => {
        const before = unsent;
        unsent = writeQueueSize(socket);
        expect(unsent).toBe(before);
      },
      { interval: 100 },
    );
    expect(unsent).toBeGreaterThan(TOO_MUCH_BYTES / 4);
    expect(serial.stats('arm').bytesRead).toBeLessThan(150_000);
    finish();
    await vi.waitFor(() => expect(count).toBe(frames), { timeout: 10_000 });
  });

  test.skipIf(process.platform !== 'linux').each([
    ['closes', false],
    ['resets', true],
  ])('notices while a handler is busy, and much is unread, that the server %s the connection', async (_, abruptly) => {
    const { device, serial } = await start({ reconnect: false, keepAliveMs: 4_000 });
    let finish = () => {};
    let count = 0;
    serial.setReceiveHandler(() => {
      count++;
      return count > 1 ? undefined : new Promise<void>((resolve) => (finish = resolve));
    });
    const lost = new Promise<string>((resolve) => serial.on('disconnected', ({ error }) => resolve(error.code)));
    const frame = wireOf(new Uint8Array(999).fill(7));
    const frames = 150;
    const socket = await device.socket();
    // The kernel of this end takes all of it, but the port does not read all of it.
    await new Promise((resolve) => {
      socket.write(Buffer.concat(Array.from({ length: frames }, () => frame)), resolve);
    });
    await vi.waitFor(() => expect(count).toBe(1));
    await device.hangUp(abruptly);
    expect(await lost).toBe('CONNECTION_LOST');
    expect(count).toBe(1);
    finish();
    if (!abruptly) {
      await vi.waitFor(() => expect(count).toBe(frames));
    }
  });

  test('queues no more than sendQueueBytes for a server that reads nothing', async () => {
    const { device, serial } = await start();
    await device.stall();
    const packet = new Uint8Array(60_000);
    let accepted = 0;
    const sends: Promise<unknown>[] = [];
    for (let error: unknown; error === undefined; await someTurns(1)) {
      expect(accepted).toBeLessThan(TOO_MUCH_BYTES);
      accepted += packet.length;
      const sent = serial.send('arm', packet).catch((reason: unknown) => {
        error ??= reason;
      });
      sends.push(sent);
      await Promise.race([sent, someTurns(1)]);
      if (error !== undefined) {
        expect(error).toMatchObject({ code: 'SEND_QUEUE_FULL' });
      }
    }
    expect(serial.stats('arm').packetsWaiting * packet.length).toBeLessThan(1_048_576);
    device.resume();
  });

  test('shutdown sends what was accepted, although the server has sent bytes that are not read', async () => {
    let received = 0;
    const ended = new Promise<string>((resolve) => {
      const server = createServer((socket) => {
        socket.write(Buffer.concat(Array.from({ length: 500 }, () => wireOf(new Uint8Array(999)))));
        socket.on('data', (chunk) => {
          received += chunk.length;
        });
        socket.once('end', () => resolve('end'));
        socket.once('error', (error) => resolve(error.message));
      });
      server.listen(0, '127.0.0.1', () => opened(server));
      onTestFinished(() => void server.close());
    });
    let opened!: (server: ReturnType<typeof createServer>) => void;
    const server = await new Promise<ReturnType<typeof createServer>>((resolve) => (opened = resolve));
    const serial = new SerialCommunicator();
    const { port } = server.address() as { port: number };
    const packet = new Uint8Array(60_000).fill(2);
    serial.addConnection('arm', { path: `tcp://127.0.0.1:${port}`, syncOnOpen: false });
    // The first packet keeps the handler busy, so what follows is not read.
    const handled = new Promise(() => {});
    const called = new Promise<void>((resolve) => {
      serial.setReceiveHandler(() => {
        resolve();
        return handled;
      });
    });
    await serial.initialize();
    await called;
    await Promise.all(Array.from({ length: 10 }, () => serial.send('arm', packet)));
    await serial.shutdown();
    expect(await ended).toBe('end');
    expect(received).toBe(10 * wireOf(packet).length);
  });

  test('has no control lines: SIGNALS_ERROR says what has', async () => {
    const { serial } = await start();
    const error = {
      code: 'SIGNALS_ERROR',
      message: expect.stringMatching(/tcp:\/\/ has no control lines; if the server speaks RFC 2217, use rfc2217:\/\/$/),
    };
    await expect(serial.setSignals('arm', { dtr: false })).rejects.toMatchObject(error);
    await expect(serial.signals('arm')).rejects.toMatchObject(error);
    expect(serial.connectionState('arm')).toBe('connected');
  });

  test('reports the end of the connection once, and how to find out why', async () => {
    const { device, serial } = await start({ reconnect: false });
    const events: unknown[] = [];
    serial.on('disconnected', (event) => events.push(event));
    await device.hangUp();
    await vi.waitFor(() => expect(events).toHaveLength(1));
    expect(events[0]).toMatchObject({
      error: {
        code: 'CONNECTION_LOST',
        message:
          `connection "arm" (${device.path}): disconnected (the server closed the connection); check that the server runs, ` +
          'and that the network works',
      },
    });
  });

  test('carries acknowledged delivery without a baudRate', async () => {
    const device = new MockDevice({ path: '/dev/mock', delivery: 'acknowledged', echo: true });
    const server = await PortServer.listen(mockBinding(device), '/dev/mock');
    const serial = new SerialCommunicator();
    const inbox = new Inbox();
    serial.setReceiveHandler(inbox.handler);
    serial.addConnection('arm', { path: server.path, delivery: 'acknowledged' });
    onTestFinished(async () => {
      await serial[Symbol.asyncDispose]();
      await server.close();
    });
    await serial.initialize();
    const packets = Array.from({ length: 200 }, (_, index) => Uint8Array.of(index, 1, 2));
    await Promise.all(packets.map((packet) => serial.send('arm', packet)));
    await inbox.count(packets.length);
    expect(inbox.packets('arm')).toEqual(packets);
  });

  test('works in a worker thread, where serial ports do not', async () => {
    const device = await TcpDevice.listen();
    const program = `
      const { parentPort, workerData } = require('node:worker_threads');
      import('serial-communicator').then(async ({ SerialCommunicator }) => {
        const serial = new SerialCommunicator();
        serial.addConnection('arm', { path: workerData });
        serial.setReceiveHandler((name, packet) => parentPort.postMessage(packet));
        await serial.initialize();
        await serial.send('arm', Uint8Array.of(1, 2, 3));
      });`;
    const worker = new Worker(program, { eval: true, workerData: device.path });
    onTestFinished(async () => {
      await worker.terminate();
      await device.close();
    });
    const [packet] = await once(worker, 'message');
    expect(packet).toEqual(Uint8Array.of(1, 2, 3));
  });
});

/** Bytes that were written and that the kernel has not accepted. */
function writeQueueSize(socket: object): number {
  return (socket as { _handle: { writeQueueSize: number } })._handle.writeQueueSize;
}
