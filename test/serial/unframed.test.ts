import { describe, expect, test, vi } from 'vitest';
import { connected, nextPackets, start, startReconnecting } from '../support/mock-connection.js';
import { expectNothingUncounted } from '../support/stats.js';

const TEXT = Buffer.from('temp 21.5\r\n');

describe('the event chunk', () => {
  test('shows every byte that is read, also without a delimiter, and what is dropped at the end', async () => {
    const { serial, device } = await start();
    const read: number[] = [];
    serial.on('chunk', ({ name, bytes }) => {
      expect(name).toBe('arm');
      read.push(...bytes);
    });
    await device.sendRaw(TEXT);
    await device.sendRaw(Uint8Array.of(0, 2, 9, 0, 3));
    const expected = [...TEXT, 0, 2, 9, 0, 3];
    await vi.waitFor(() => expect(read).toHaveLength(expected.length));
    expect(read).toEqual(expected);
    expect(serial.stats('arm').bytesRead).toBe(read.length);
  });

  test('precedes the packets that end in the chunk, and ends with the listener', async () => {
    const { serial, device } = await start();
    const seen: string[] = [];
    const listener = () => seen.push('chunk');
    serial.on('chunk', listener);
    serial.setReceiveHandler(() => seen.push('packet'));
    await device.send(Uint8Array.of(1));
    await vi.waitFor(() => expect(seen).toEqual(['chunk', 'packet']));
    serial.off('chunk', listener);
    await device.send(Uint8Array.of(2));
    await vi.waitFor(() => expect(seen).toEqual(['chunk', 'packet', 'packet']));
  });
});

describe('skipFirst', () => {
  test('skips what arrives before the first delimiter, also after sending', async () => {
    const { serial, device } = await start({ skipFirst: true });
    const packets = nextPackets(serial, 1);
    await device.sendRaw(Uint8Array.of(2));
    await vi.waitFor(() => expect(serial.stats('arm').bytesRead).toBe(1));
    await serial.send('arm', Uint8Array.of(7));
    await device.sendRaw(Uint8Array.of(1, 0, 2, 8, 0));
    expect(await packets).toEqual([Uint8Array.of(8)]);
    expect(serial.stats('arm').skippedBytes).toBe(2);
    expectNothingUncounted(serial.stats('arm'), { settled: false });
  });

  test('skips nothing if a packet was sent before the first byte arrived', async () => {
    const { serial } = await start({ skipFirst: true }, { echo: true });
    const packets = nextPackets(serial, 1);
    await serial.send('arm', Uint8Array.of(7));
    expect(await packets).toEqual([Uint8Array.of(7)]);
    expect(serial.stats('arm').skippedBytes).toBe(0);
    expectNothingUncounted(serial.stats('arm'), { settled: false });
  });

  test('applies to each opening', async () => {
    const { serial, device } = await startReconnecting({ skipFirst: true });
    await serial.send('arm', Uint8Array.of(7));
    const again = connected(serial);
    device.unplug();
    device.plug();
    await again;
    await device.sendRaw(Uint8Array.of(2, 1, 0));
    await vi.waitFor(() => expect(serial.stats('arm').skippedBytes).toBe(2));
  });
});
