import cobs from 'cobs';
import { describe, expect, it } from 'vitest';
import { SimulatedBoard, unoEchoImage } from '../../../src/testing/index.js';
import { openPort } from '../fixtures/board.js';

const WIRE_BYTES = 30_000;

/** Makes packets of 0 to 509 bytes, with and without zeros, the same ones on every run. */
function makePackets(): Buffer[] {
  const packets: Buffer[] = [];
  let seed = 1;
  const next = (limit: number): number => {
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0;
    return (seed >>> 8) % limit;
  };
  for (let wireBytes = 0; wireBytes < WIRE_BYTES; ) {
    const zeros = [1, 4, 256][next(3)] ?? 1;
    const packet = Buffer.from(Array.from({ length: next(4) === 0 ? 509 : next(40) }, () => next(256) % (zeros + 1)));
    packets.push(packet);
    wireBytes += cobs.encode(packet).length + 1;
  }
  return packets;
}

describe('firmware-echo on a simulated board', () => {
  it(`echoes ${WIRE_BYTES} bytes of packets at the full rate of the serial line without losing a byte`, async () => {
    const board = new SimulatedBoard({ path: '/dev/ttyACM0', image: await unoEchoImage() });
    const port = await openPort(board);
    const chunk = Buffer.alloc(4096);
    // The sketch sends one delimiter when it starts.
    expect((await port.read(chunk, 0, 1)).bytesRead).toBe(1);
    expect(chunk[0]).toBe(0);

    const packets = makePackets();
    const wire = Buffer.concat(packets.flatMap((packet) => [cobs.encode(packet), Buffer.of(0)]));
    const written = port.write(wire);
    const transmittedWhenSent = written.then(() => port.drain()).then(() => board.stats.bytesTransmitted);
    const echoed: Buffer[] = [];
    let rest = Buffer.alloc(0);
    while (echoed.length < packets.length) {
      const { bytesRead } = await port.read(chunk, 0, chunk.length);
      rest = Buffer.concat([rest, chunk.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(0); end >= 0; end = rest.indexOf(0)) {
        echoed.push(cobs.decode(rest.subarray(0, end)));
        rest = rest.subarray(end + 1);
      }
    }
    expect(echoed.findIndex((packet, index) => !packet.equals(packets[index] ?? Buffer.alloc(0)))).toBe(-1);
    const { bytesReceived, bytesLost } = board.stats;
    expect(bytesReceived).toBe(wire.length);
    expect(Object.values(bytesLost).reduce((sum, count) => sum + count)).toBe(0);
    // The echoes kept pace: when the last byte was sent, they lagged by no more than the sketch can buffer.
    expect(await transmittedWhenSent).toBeGreaterThan(wire.length - 1000);
    await port.close();
  });
});
