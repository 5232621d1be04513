import { describe, expect, onTestFinished, test } from 'vitest';
import { newDeliveryStats } from '../../src/delivery/delivery-stats.js';
import { CRC_BYTES, headerBytes } from '../../src/delivery/wire-format.js';
import { maxWireBytes } from '../../src/framing/frame-encoder.js';
import { FrameEncoder, SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { readDocument } from './markdown.js';

const text = readDocument('docs/reliability.md');

/** The cells of the table whose first heading is given, row by row. */
function table(heading: string): string[][] {
  const start = text.indexOf(`\n| ${heading} |`) + 1;
  const lines = text.slice(start, text.indexOf('\n\n', start)).split('\n');
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

describe('docs/reliability.md, what acknowledged delivery costs', () => {
  const rows = table('packet, bytes');

  test('the table has a packet that fits into one block and one that does not', () => {
    expect(rows.length).toBeGreaterThan(5);
  });

  test.each(rows)('a packet of %s bytes', (bytes, ...cells) => {
    // Without zeros, a frame is the longest.
    const packet = new Uint8Array(Number(bytes)).fill(1);
    const acknowledged = maxWireBytes(headerBytes(4) + packet.length + CRC_BYTES);
    const lengths = [
      new FrameEncoder().encode(packet).length,
      new FrameEncoder({ checksum: 'crc32' }).encode(packet).length,
      acknowledged,
    ];
    expect(cells).toEqual([...lengths.map(String), `${((100 * packet.length) / acknowledged).toFixed(1)} %`]);
  });
});

test('docs/reliability.md names every count of acknowledged delivery', () => {
  const [, section = ''] = /^### Counting acknowledged delivery$(.*?)^### /ms.exec(text) ?? [];
  const named = new Set([...section.matchAll(/`(\w+)`/g)].map(([, name]) => name!));
  expect(Object.keys(newDeliveryStats()).filter((name) => !named.has(name))).toEqual([]);
});

test('after a restart, what a listener of peerReset sends comes before packets that are sent again', async () => {
  const device = new MockDevice({ path: '/dev/ttyACM0', delivery: 'acknowledged' });
  const serial = new SerialCommunicator({ binding: mockBinding(device) });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  serial.addConnection('arm', { path: '/dev/ttyACM0', baudRate: 115_200, delivery: 'acknowledged' });
  const [speed, move] = [Uint8Array.of(0x53), Uint8Array.of(0x4d)];
  serial.on('peerReset', () => void serial.send('arm', speed));
  await serial.initialize();
  await serial.ready('arm');
  device.pause();
  const moved = serial.send('arm', move).catch(() => serial.send('arm', move));
  device.reset();
  device.resume();
  await moved;
  expect(device.received).toEqual([speed, move]);
});
