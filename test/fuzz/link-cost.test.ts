import { expect, test } from 'vitest';
import { SerialCommunicator } from '../../src/index.js';
import { someTurns } from '../contract/harness.js';
import { kernelBinding } from '../support/kernel-port.js';
import { MiB, usedBytes } from '../support/memory.js';
import { randomBytes, randomNumbers } from '../support/random.js';
import { expectNothingUncounted } from '../support/stats.js';

/** As much as a tty gives at once. */
const CHUNK_BYTES = 4_096;

/** What a link takes to read so many of these chunks: CPU time in microseconds, and memory that it then still holds. */
async function cost(chunk: Buffer, chunks: number): Promise<{ cpuTime: number; heldBytes: number }> {
  const { binding, ports } = kernelBinding();
  await using serial = new SerialCommunicator({ binding });
  serial.addConnection('arm', { path: '/dev/kernel', baudRate: 9_600 });
  let told = 0;
  serial.on('rejectedFrame', () => told++);
  serial.setReceiveHandler(() => {
    told++;
  });
  await serial.initialize();
  const [port] = ports;
  const bytesBefore = usedBytes();
  const before = process.cpuUsage();
  for (let count = 0; count < chunks; count++) {
    port!.give(chunk);
    while (port!.unreadBytes > 0) {
      // The link lets the event loop run now and then.
      await someTurns(1);
    }
  }
  await someTurns();
  const { user, system } = process.cpuUsage(before);
  const heldBytes = usedBytes() - bytesBefore;
  const stats = serial.stats('arm');
  expect(stats.bytesRead).toBe(chunks * chunk.length);
  expect(told).toBe(stats.packetsDelivered + stats.malformedFrames + stats.tooLongFrames);
  expectNothingUncounted(stats);
  return { cpuTime: user + system, heldBytes };
}

const repeated = (...bytes: number[]) => Buffer.alloc(CHUNK_BYTES, Buffer.from(bytes));
const noise = Buffer.from(randomBytes(CHUNK_BYTES, randomNumbers(1)));

/** Each with so many chunks that they take some milliseconds. */
const HOSTILE: [string, Uint8Array, number][] = [
  ['noise', noise, 40],
  ['noise without a delimiter', noise.map((byte) => byte || 1), 400],
  ['delimiters', repeated(0), 40],
  ['empty packets', repeated(1, 0), 20],
  ['malformed frames', repeated(9, 0), 10],
  ['one frame without end', repeated(255), 400],
];

test.each(HOSTILE)('a link reads %s in linear time and bounded memory', async (_, bytes, chunks) => {
  const chunk = Buffer.from(bytes);
  await cost(chunk, chunks);
  const ratios: number[] = [];
  // Other work of the machine can slow down a whole run, so each long one is compared with the short one just before it.
  for (let run = 0; run < 5; run++) {
    const { cpuTime: short } = await cost(chunk, chunks);
    const { cpuTime: long, heldBytes } = await cost(chunk, 10 * chunks);
    ratios.push(long / short);
    expect(heldBytes).toBeLessThan(MiB);
  }
  // Ten times the bytes must take ten times the time, or thereabouts: quadratic would be a hundred times.
  expect(Math.min(...ratios)).toBeLessThan(30);
});
