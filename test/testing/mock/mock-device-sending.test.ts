import { describe, expect, test } from 'vitest';
import { MockDevice, mockBinding } from '../../../src/testing/index.js';
import { someTurns } from '../../contract/harness.js';
import { openRaw, readAll, readRaw } from '../../support/raw-port.js';
import { bytes, connected, hex, opened, path } from './rig.js';

describe('packets of the device', () => {
  test('are echoes of every packet, if echo is set', async () => {
    const { communicator, inbox } = await connected({ echo: true });
    for (const packet of [bytes(), bytes(0), bytes(1, 2, 3), new Uint8Array(65_536).fill(1)]) {
      await communicator.send('a', packet);
      expect(Buffer.compare((await inbox.next()).packet, packet)).toBe(0);
    }
    await communicator.shutdown();
  });

  test('are sent by onPacket before the echo', async () => {
    const { communicator, inbox } = await connected({
      echo: true,
      async onPacket(packet, device) {
        await device.send(bytes(0xaa, ...packet));
        await device.send(bytes(0xbb));
      },
    });
    await communicator.send('a', bytes(1));
    await inbox.count(3);
    expect(inbox.packets('a')).toEqual([bytes(0xaa, 1), bytes(1), bytes(0xbb)]);
    await communicator.shutdown();
  });

  test('are encoded canonically by send, and not at all by sendRaw', async () => {
    const { device, port } = await opened();
    const frames = [
      [new Uint8Array(0), '0100'],
      [bytes(0), '010100'],
      [new Uint8Array(254).fill(1), `ff${'01'.repeat(254)}00`],
      [new Uint8Array(255).fill(1), `ff${'01'.repeat(254)}020100`],
      [bytes(...Array(254).fill(1), 0), `ff${'01'.repeat(254)}010100`],
    ] as const;
    for (const [packet, frame] of frames) {
      await device.send(packet);
      expect((await readAll(port, frame.length / 2)).toString('hex')).toBe(frame);
    }
    await device.sendRaw(hex('00ff00'));
    expect((await readAll(port, 3)).toString('hex')).toBe('00ff00');
  });

  test.each([
    ['crc16', '0c31323334353637383929b100'],
    ['crc32', '0e3132333435363738392639f4cb00'],
  ] as const)('are sent with a %s', async (checksum, frame) => {
    const { device, port } = await opened({ checksum });
    await device.send(Buffer.from('123456789'));
    expect((await readAll(port, frame.length / 2)).toString('hex')).toBe(frame);
  });

  test('arrive in chunks of at most maxReadSize bytes', async () => {
    const { device, port } = await opened({ maxReadSize: 2 });
    await device.sendRaw(bytes(1, 2, 3, 4, 5));
    const sizes = [];
    for (let read = 0; read < 3; read++) {
      sizes.push((await readRaw(port)).length);
    }
    expect(sizes).toEqual([2, 2, 1]);
  });

  test('cannot be sent while the port is closed', async () => {
    const device = new MockDevice({ path });
    await expect(device.send(bytes(1))).rejects.toThrow('MockDevice /dev/ttyMOCK0: cannot send, its port is not open');
    const port = await openRaw(mockBinding(device), path);
    await device.send(bytes(1));
    await port.close();
    await expect(device.sendRaw(bytes(1))).rejects.toThrow('its port is not open');
  });

  test('wait while 4,096 bytes are unread', async () => {
    const { device, port } = await opened({ maxReadSize: 9 });
    await device.sendRaw(new Uint8Array(4_096));
    let sent = false;
    const waiting = device.sendRaw(new Uint8Array(10)).then(() => {
      sent = true;
    });
    await someTurns();
    expect(sent).toBe(false);
    await readRaw(port, 9);
    await someTurns();
    expect(sent).toBe(false);
    await readRaw(port, 1);
    await waiting;
    expect(await readAll(port, 4_096)).toHaveLength(4_096);
  });

  test('are counted if they are unread when the port is closed, and pending sends reject', async () => {
    const { device, port } = await opened();
    await device.sendRaw(new Uint8Array(4_096));
    const waiting = device.sendRaw(new Uint8Array(10));
    const closing = port.close();
    await expect(waiting).rejects.toThrow('cannot send, its port was closed');
    await closing;
    expect(device.discardedBytes).toBe(4_106);
  });

  test('are counted when they are discarded by flush', async () => {
    const { device, port } = await opened();
    const waiting = device.sendRaw(new Uint8Array(5_000));
    await port.flush();
    await waiting;
    expect(device.discardedBytes).toBe(4_096);
    expect(await readAll(port, 904)).toHaveLength(904);
  });
});
