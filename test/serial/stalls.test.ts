import { tmpdir } from 'node:os';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { cobsEncode, SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { DeviceFraming } from '../../src/testing/mock/device-framing.js';
import { Pty } from '../support/pty.js';
import { expectNothingUncounted } from '../support/stats.js';
import { has } from '../support/tools.js';

async function start(settings: Partial<SerialConnection> = {}) {
  const device = new Pty();
  const serial = new SerialCommunicator({ shutdownTimeoutMs: 200 });
  serial.addConnection('arm', { path: await device.open(), baudRate: 115_200, syncOnOpen: false, ...settings });
  onTestFinished(async () => {
    await serial[Symbol.asyncDispose]();
    device.end();
    expectNothingUncounted(serial.stats('arm'));
  });
  await serial.initialize();
  return { serial, device };
}

function outcome(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'sent',
    (error) => error.code ?? String(error),
  );
}

/** Reads what the device receives, until it has this many packets. */
async function receive(device: Pty, count: number): Promise<(Uint8Array | string)[]> {
  const framing = new DeviceFraming(1_000_000, 'none');
  const results: (Uint8Array | string)[] = [];
  while (results.length < count) {
    results.push(...framing.push(await device.read()));
  }
  return results;
}

const tagged = (tag: number, length = 30_000) => new Uint8Array(length).fill(tag);

describe.skipIf(process.platform !== 'linux' || !has('python3'))('a stalled device (needs python3, Linux)', () => {
  test('withdraws packets of which nothing was written, and completes the frame that was partly written', async () => {
    const { serial, device } = await start({ sendTimeoutMs: 50 });
    const outcomes = await Promise.all([1, 2, 3].map((tag) => outcome(serial.send('arm', tagged(tag)))));
    expect(outcomes).toEqual(['SEND_TIMEOUT', 'SEND_TIMEOUT', 'SEND_TIMEOUT']);
    const later = serial.send('arm', tagged(4, 10));
    expect(await receive(device, 2)).toEqual([tagged(1), tagged(4, 10)]);
    await later;
    expect(serial.stats('arm')).toMatchObject({ packetsTimedOut: 3, packetsSent: 1 });
  });

  test('says in the message whether the frame was partly written', async () => {
    const { serial } = await start({ sendTimeoutMs: 30 });
    const errors = await Promise.all(
      [1, 2].map((tag) => serial.send('arm', tagged(tag)).catch((error) => error.message)),
    );
    expect(errors[0]).toContain('not written within sendTimeoutMs (30 ms); its frame was partly written');
    expect(errors[1]).toContain('nothing of the packet was sent');
  });

  test('withdraws an aborted packet from the middle of a pending write', async () => {
    const { serial, device } = await start();
    const controller = new AbortController();
    const first = serial.send('arm', tagged(1));
    const aborted = outcome(serial.send('arm', tagged(2), { signal: controller.signal }));
    const third = serial.send('arm', tagged(3));
    await vi.waitFor(() => expect(serial.stats('arm').bytesWritten).toBeGreaterThan(0));
    expect(serial.stats('arm').packetsWaiting).toBe(3);
    controller.abort('never mind');
    expect(await aborted).toBe('never mind');
    expect(await receive(device, 2)).toEqual([tagged(1), tagged(3)]);
    await Promise.all([first, third]);
  });

  test('resolves a send when its own bytes are accepted, although later ones wait', async () => {
    const { serial, device } = await start();
    const small = serial.send('arm', tagged(1, 2_000));
    const large = outcome(serial.send('arm', tagged(2, 60_000)));
    await small;
    expect(serial.stats('arm')).toMatchObject({ packetsSent: 1, packetsWaiting: 1 });
    expect(await receive(device, 2)).toEqual([tagged(1, 2_000), tagged(2, 60_000)]);
    expect(await large).toBe('sent');
  });

  test('makes a frame that a disconnect cut undecodable at the next opening, and only then', async () => {
    const device = new Pty();
    const serial = new SerialCommunicator({ shutdownTimeoutMs: 200 });
    const link = `${tmpdir()}/ttySTALL-${process.pid}`;
    onTestFinished(async () => {
      await serial[Symbol.asyncDispose]();
      await device.unlink();
      device.end();
    });
    const settings = { baudRate: 115_200, reconnect: { minDelayMs: 5, maxDelayMs: 10 } };
    serial.addConnection('arm', { path: await device.open(link), ...settings });
    await serial.initialize();
    const cut = outcome(serial.send('arm', tagged(1, 65_536)));
    await vi.waitFor(() => expect(serial.stats('arm').bytesWritten).toBeGreaterThan(1));
    const cutBytes = await device.read();
    const again = new Promise((resolve) => serial.once('connected', resolve));
    await device.open(link);
    expect(await cut).toBe('CONNECTION_LOST');
    await again;
    await serial.send('arm', Uint8Array.of(42));
    const framing = new DeviceFraming(1_000_000, 'none');
    const results = [...framing.push(cutBytes)];
    while (results.length < 2) {
      results.push(...framing.push(await device.read()));
    }
    expect(results).toEqual(['malformed', Uint8Array.of(42)]);
    expect(serial.stats('arm').framesTruncated).toBe(1);

    // This time no frame is cut.
    const third = new Promise((resolve) => serial.once('connected', resolve));
    await device.open(link);
    await third;
    await serial.send('arm', Uint8Array.of(43));
    let clean = Buffer.alloc(0);
    while (clean.length < 4) {
      clean = Buffer.concat([clean, await device.read()]);
    }
    expect(clean).toEqual(Buffer.concat([Buffer.of(0), cobsEncode(Uint8Array.of(43)), Buffer.of(0)]));
    expectNothingUncounted(serial.stats('arm'));
  });
});
