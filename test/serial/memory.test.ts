import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

const LIMIT_BYTES = 16 * 1024 * 1024;

function usedBytes(): number {
  collectGarbage();
  const { heapUsed, external, arrayBuffers } = process.memoryUsage();
  return heapUsed + external + arrayBuffers;
}

/** Memory growth while 80 MB are fed, after a warm-up of 8 MB. */
async function growth(feed: (megabytes: number) => Promise<void>): Promise<number> {
  await feed(8);
  const before = usedBytes();
  await feed(80);
  return usedBytes() - before;
}

describe('memory grows by less than 16 MB while 80 MB are sent', () => {
  test('with a slow handler', async () => {
    const device = new MockDevice({ path: '/dev/mock', maxReadSize: 4_096 });
    await using serial = new SerialCommunicator({ binding: mockBinding(device) });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    let handled = 0;
    // Each packet is kept for two turns of the event loop, while the device sends more than fits.
    serial.setReceiveHandler(async () => {
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      handled++;
    });
    await serial.initialize();
    const packet = new Uint8Array(4_000).fill(1);
    const feed = async (megabytes: number) => {
      for (let sent = 0; sent < megabytes * 1_000_000; sent += 16 * packet.length) {
        await Promise.all(Array.from({ length: 16 }, () => device.send(packet)));
      }
    };
    expect(await growth(feed)).toBeLessThan(LIMIT_BYTES);
    expect(handled).toBeGreaterThan(20_000);
  }, 60_000);

  test('with garbage without delimiters, and garbage with many', async () => {
    const device = new MockDevice({ path: '/dev/mock', maxReadSize: 4_096 });
    await using serial = new SerialCommunicator({ binding: mockBinding(device) });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    await serial.initialize();
    const endless = new Uint8Array(4_000).fill(0xff);
    const choppy = endless.map((_, i) => (i % 3) * 77);
    const feed = async (megabytes: number) => {
      for (let sent = 0; sent < megabytes * 1_000_000; sent += endless.length) {
        await device.sendRaw(sent % 1_000_000 < 900_000 ? endless : choppy);
      }
    };
    expect(await growth(feed)).toBeLessThan(LIMIT_BYTES);
    const stats = serial.stats('arm');
    expect(stats.rejectedBytes + stats.unfinishedBytes).toBeGreaterThan(75_000_000);
    expect(stats.tooLongFrames).toBeGreaterThan(80);
    expect(stats.malformedFrames).toBeGreaterThan(1_000_000);
  }, 60_000);

  test('with sends that are refused while the device is stalled', async () => {
    const device = new MockDevice({ path: '/dev/mock' });
    const serial = new SerialCommunicator({ binding: mockBinding(device), shutdownTimeoutMs: 50 });
    serial.addConnection('arm', { path: '/dev/mock', baudRate: 9_600 });
    await serial.initialize();
    device.stall();
    const packet = new Uint8Array(4_000);
    let refused = 0;
    const feed = async (megabytes: number) => {
      for (let sent = 0; sent < megabytes * 1_000_000; sent += packet.length) {
        serial.send('arm', packet).catch(() => {
          refused++;
        });
        if (sent % 400_000 === 0) {
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    };
    expect(await growth(feed)).toBeLessThan(LIMIT_BYTES);
    expect(refused).toBeGreaterThan(21_000);
    await serial.shutdown();
  }, 60_000);
});
