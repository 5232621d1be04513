import { once } from 'node:events';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { serve } from '../../support/serve-rig.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestPort } from '../../support/test-port.js';

/** Frames of 1,000 bytes with a number: more than the buffers of a Unix socket hold, which are smaller than those of TCP. */
const FRAMES = 2_000;
const FRAME_BYTES = 1_000;

/** A short frame. */
const MARK = Buffer.of(9, 0);

/** No byte of a number is zero. */
const numberOf = (frame: Uint8Array) => (frame[1]! - 1) * 65_025 + (frame[2]! - 1) * 255 + (frame[3]! - 1);

function frame(number: number): Buffer {
  const bytes = Buffer.alloc(FRAME_BYTES, 7);
  bytes.set([5, 1 + Math.floor(number / 65_025), 1 + (Math.floor(number / 255) % 255), 1 + (number % 255)]);
  bytes[FRAME_BYTES - 1] = 0;
  return bytes;
}

describe.skipIf(!has('socat'))('slow clients of sercom serve (needs socat)', () => {
  test('lose whole frames, which are counted, while the others lose none', async () => {
    const port = await openTestPort();
    const socket = path.join(await temporaryFolder(), 'arm.sock');
    const { client, process } = await serve(port.path, '--unix', socket, '--client-queue', '64k');
    const [slow, fast] = [await client({ path: socket }), await client({ path: socket })];
    slow.socket.pause();
    let fastBytes = 0;
    fast.socket.on('data', (chunk: Buffer) => {
      fastBytes += chunk.length;
    });
    for (let number = 0; number < FRAMES; number++) {
      port.device.write(frame(number));
      // On a busy machine, the fast one would be slow as well.
      while (number * FRAME_BYTES - fastBytes > 50_000) {
        await once(fast.socket, 'data');
      }
    }
    await process.complained(
      /client 1: losing frames: it is too slow, and \d+ bytes wait for it; raise --client-queue/,
    );
    while (fastBytes < FRAMES * FRAME_BYTES + 1) {
      await once(fast.socket, 'data');
    }
    // What waits for the slow one arrives once it reads again. Until then, it still loses frames.
    slow.socket.resume();
    let marks = 0;
    do {
      port.device.write(MARK);
      marks++;
      await once(slow.socket, 'data');
    } while (!slow.bytes.subarray(-MARK.length).equals(MARK));
    // From then on, everything arrives.
    const last = Buffer.concat([frame(FRAMES), MARK]);
    port.device.write(last);
    marks++;
    while (!slow.bytes.subarray(-last.length).equals(last)) {
      await once(slow.socket, 'data');
    }
    let [received, receivedMarks] = [slow.bytes.subarray(1), 0];
    const numbers: number[] = [];
    while (received.length > 0) {
      const end = received.indexOf(0) + 1;
      if (end === MARK.length) {
        receivedMarks++;
      } else {
        const number = numberOf(received);
        expect(received.subarray(0, end)).toEqual(frame(number));
        numbers.push(number);
      }
      received = received.subarray(end);
    }
    expect(numbers).toEqual([...numbers].sort((one, other) => one - other));
    process.child.kill('SIGINT');
    const { stderr } = await process.outcome();
    const lost = Number(/client 1 .*, (\d+) frames lost by slow clients/.exec(stderr)?.[1]);
    expect(lost).toBeGreaterThan(0);
    expect(numbers.length + receivedMarks + lost).toBe(FRAMES + 1 + marks);
    expect(stderr).toMatch(new RegExp(`client 2 .* received ${FRAMES + 1 + marks} frames\n`));
  });

  test('are cut off with --bytes, which cannot be left out', async () => {
    const port = await openTestPort();
    const socket = path.join(await temporaryFolder(), 'arm.sock');
    const { client, process } = await serve(port.path, '--bytes', '--unix', socket, '--client-queue', '64k');
    const slow = await client({ path: socket });
    slow.socket.pause();
    const bytes = Buffer.alloc(100_000, 7);
    const cutOff = process.complained(
      /client 1 cut off: it is too slow: \d+ bytes wait for it, .*raise --client-queue/,
    );
    let isCutOff = false;
    void cutOff.then(() => {
      isCutOff = true;
    });
    while (!isCutOff) {
      if (!port.device.write(bytes)) {
        await once(port.device, 'drain');
      }
    }
    const other = await client({ path: socket });
    port.device.write(bytes);
    await once(other.socket, 'data');
  });

  test('that send faster than the device accepts are slowed down, and lose nothing', async () => {
    const port = await openTestPort();
    port.device.pause();
    const { client } = await serve(port.path, '--no-sync');
    const { socket } = await client();
    const total = 3_000;
    let isWritten = false;
    socket.write(Buffer.concat(Array.from({ length: total }, (_, number) => frame(number))), () => {
      isWritten = true;
    });
    // Another client is served in between, however much the first one has sent.
    const other = await client();
    other.send('0900');
    const received: Buffer[] = [];
    port.device.on('data', (chunk: Buffer) => received.push(chunk));
    port.device.resume();
    while (received.reduce((sum, { length }) => sum + length, 0) < total * FRAME_BYTES + 2) {
      await once(port.device, 'data');
    }
    expect(isWritten).toBe(true);
    const all = Buffer.concat(received);
    const at = all.indexOf(Buffer.from('000900', 'hex'));
    const without = Buffer.concat([all.subarray(0, at + 1), all.subarray(at + 3)]);
    expect(at).toBeGreaterThan(0);
    for (let number = 0; number < total; number++) {
      expect(without.subarray(number * FRAME_BYTES, (number + 1) * FRAME_BYTES).equals(frame(number))).toBe(true);
    }
  });
});
