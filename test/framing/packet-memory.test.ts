import { describe, expect, test } from 'vitest';
import { cobsDecode, cobsEncode, FrameDecoder } from '../../src/index.js';
import { usedBytes } from '../support/memory.js';

function decode(packet: Uint8Array): Uint8Array {
  const decoder = new FrameDecoder();
  decoder.push(Buffer.concat([cobsEncode(packet), Buffer.of(0)]));
  return decoder.next() as Uint8Array;
}

const random = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 131) % 251);

describe('a packet', () => {
  test.each([
    0, 1, 16, 63, 64, 65, 66, 100, 127, 128, 129, 255, 256, 257, 500, 1_000, 1_023, 1_024, 1_025, 2_046, 2_047, 2_048,
    5_000,
  ])('of %i bytes keeps at most 32 times its length alive, and at most 8 KiB', (length) => {
    for (const packet of [decode(random(length)), cobsDecode(cobsEncode(random(length))), cobsEncode(random(length))]) {
      const heldBytes = packet.buffer.byteLength;
      expect(heldBytes).toBeLessThanOrEqual(Math.max(64, 32 * packet.length));
      expect(heldBytes).toBeLessThanOrEqual(Math.max(packet.length, 8_192));
    }
  });

  test('has memory of its own: later packets do not change it', () => {
    const lengths = Array.from({ length: 3_000 }, (_, i) => (i * 37) % 1_100);
    const kept = lengths.map((length, i) => decode(new Uint8Array(length).fill(i)));
    for (const [i, packet] of kept.entries()) {
      expect(packet.length).toBe(lengths[i]);
      expect(packet.every((byte) => byte === i % 256)).toBe(true);
    }
    // Writing to one changes no other.
    kept[500]!.fill(255);
    expect(kept[501]!.every((byte) => byte === 501 % 256)).toBe(true);
  });

  test('keeps at most one slab alive, when one in a hundred is kept', () => {
    const before = usedBytes();
    const kept: Uint8Array[] = [];
    for (let i = 0; i < 200_000; i++) {
      const packet = decode(random(100));
      if (i % 100 === 0) {
        kept.push(packet);
      }
    }
    const perPacket = (usedBytes() - before) / kept.length;
    // A slab of 16 × 128 bytes, and the array itself.
    expect(perPacket).toBeLessThan(2_048 + 500);
  });

  test('that arrives in chunks keeps no more memory alive than its longest frame needs', () => {
    const maxPacketBytes = 100_000;
    const decoder = new FrameDecoder({ maxPacketBytes });
    const wire = Buffer.concat([cobsEncode(random(maxPacketBytes)), Buffer.of(0)]);
    for (let at = 0; at < wire.length; at += 40_000) {
      decoder.push(wire.subarray(at, at + 40_000));
      const result = decoder.next();
      if (result instanceof Uint8Array) {
        expect(result).toEqual(random(maxPacketBytes));
        expect(result.buffer.byteLength).toBeLessThanOrEqual(maxPacketBytes + Math.floor(maxPacketBytes / 254) + 1);
        return;
      }
    }
    expect.unreachable('the packet arrives');
  });

  test('keeps its bytes when another packet is transferred', () => {
    const packets = [1, 2, 3].map((value) => decode(new Uint8Array(100).fill(value)));
    try {
      structuredClone(packets[1], { transfer: [packets[1]!.buffer as ArrayBuffer] });
    } catch {
      // Newer versions of Node reject it, others copy.
    }
    expect(packets.map((packet) => packet.reduce((sum, byte) => sum + byte, 0))).toEqual([100, 200, 300]);
  });
});
