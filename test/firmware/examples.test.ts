import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { NO_SKETCHES, sketchRunner } from '../support/sketch-board.js';

const FIRMWARE = path.resolve(import.meta.dirname, '../../firmware');
const example = (name: string) => readFileSync(path.join(FIRMWARE, 'examples', name, `${name}.ino`), 'utf8');

const [readme = ''] = readFileSync(path.join(FIRMWARE, 'README.md'), 'utf8').split('\n## The C files\n');
const blocks = [...readme.matchAll(/^( *)```cpp\n(.*?)^\1```$/gms)].map(([, indent, code]) =>
  code!.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
);
const [first = '', replying = '', asking = ''] = blocks;

/** Limits for a busy machine. The time of the board is real. */
const LIMIT = { timeout: 60_000 };

test('each example is tested here', () => {
  const names = readdirSync(path.join(FIRMWARE, 'examples'));
  expect(names.sort()).toEqual(['Acknowledged', 'Commands', 'Echo', 'Sensor']);
});

test('firmware/README.md has three sketches with the class, and the first is the example Echo', () => {
  expect(blocks).toHaveLength(3);
  const withoutComments = (code: string) => code.replaceAll(/^ *\/\/.*\n/gm, '');
  expect(withoutComments(example('Echo'))).toBe(withoutComments(first));
});

const BOARDS = ['uno', 'mega'] as const;

describe.skipIf(NO_SKETCHES).each(BOARDS)(
  'the examples on a simulated %s (need avr-gcc, make and arduino-core-avr)',
  (board) => {
    const run = sketchRunner(afterAll, board);

    test('Echo: sends each packet back, and loses none of a continuous stream', LIMIT, async () => {
      await using device = await run('Echo', example('Echo'));
      const packets = Array.from({ length: 600 }, (_, index) =>
        Array(index % 8 === 0 ? 64 : index % 5).fill(index & 255),
      );
      await Promise.all(packets.map((packet) => device.send(...packet)));
      for (const packet of packets) {
        expect(await device.next()).toEqual(packet);
      }
      expect(device.board.stats.bytesLost).toMatchObject({ overrun: 0 });
    });

    test('Echo: drops a packet that is too long, and a malformed frame', LIMIT, async () => {
      await using device = await run('EchoLimits', example('Echo').replace('<64>', '<8>'));
      await device.send(...Array(9).fill(1));
      await device.send(...Array(8).fill(2));
      expect(await device.next()).toEqual(Array(8).fill(2));
      await device.send();
      expect(await device.next()).toEqual([]);
    });

    test('Echo with a handler that returns nothing: sends packets back, too', LIMIT, async () => {
      await using device = await run('EchoVoid', example('Echo').replace('return packets', 'packets'));
      for (const packet of [[], [1, 0, 2], Array(64).fill(0xff)]) {
        await device.send(...packet);
        expect(await device.next()).toEqual(packet);
      }
    });

    test.each([
      ['Crc32', { checksum: 'crc32' }],
      ['Ids<2>', { requestIds: { bytes: 2 } }],
      ['Ids<1>, Crc16', { checksum: 'crc16', requestIds: { bytes: 1 } }],
    ] as const)('Echo with %s: sends packets back that are no requests', LIMIT, async (options, settings) => {
      const name = `Echo${options.replaceAll(/\W/g, '')}`;
      await using device = await run(name, example('Echo').replace('<64>', `<64, ${options}>`), settings);
      for (const packet of [[], [1, 0, 2], Array(64).fill(0xff)]) {
        await device.send(...packet);
        expect(await device.next()).toEqual(packet);
      }
      expect(device.stats()).toMatchObject({ rejectedBytes: 0 });
    });

    test('Sensor: sends values with a CRC-16, at the interval that the host sets', LIMIT, async () => {
      await using device = await run('Sensor', example('Sensor'), { checksum: 'crc16' });
      const value = [0x61, expect.toSatisfy((high) => high < 4), expect.any(Number)];
      expect(await device.next()).toEqual(value);
      await device.send(0, 10);
      const { cycles } = device.board.stats;
      for (let count = 0; count < 50; count++) {
        expect(await device.next()).toEqual(value);
      }
      // 50 values at an interval of 10 ms take half a second of the board, not five.
      expect((device.board.stats.cycles - cycles) / 16_000_000).toBeLessThan(3);
    });

    test('Commands: replies, fails, and replies later', LIMIT, async () => {
      await using device = await run('Commands', example('Commands'), { checksum: 'crc16', requestIds: { bytes: 1 } });
      const later = device.request(0x77);
      expect(await device.request(0x2b, 2, 3)).toEqual(Uint8Array.of(5));
      expect(await device.request(0x6c, 1)).toEqual(Uint8Array.of());
      expect(await device.request(0x61)).toHaveLength(2);
      await expect(device.request(0x6c, 2)).rejects.toMatchObject({ code: 'REPLY_ERROR', replyCode: 1 });
      await expect(device.request(0x3f)).rejects.toMatchObject({ code: 'REPLY_ERROR', replyCode: 2 });
      expect(await later).toEqual(Uint8Array.of(0x77));
    });

    test('Acknowledged: sends each packet back, exactly once and in order', LIMIT, async () => {
      const settings = { delivery: 'acknowledged', ackTimeoutMs: 30_000 } as const;
      await using device = await run('Acknowledged', example('Acknowledged'), settings);
      const packets = Array.from({ length: 100 }, (_, index) => Array(index % 65).fill(index & 1 ? index : 0));
      await Promise.all(packets.map((packet) => device.send(...packet)));
      for (const packet of packets) {
        expect(await device.next()).toEqual(packet);
      }
      expect(device.stats().delivery).toMatchObject({ sessions: 1, resentLost: 0 });
    });

    test('Commands with AcknowledgedRequests: the same over a line that loses and damages bytes', LIMIT, async () => {
      const sketch = example('Commands')
        .replace('<SerialPackets.h>', '<AcknowledgedRequests.h>')
        .replace('SerialPackets<16, Crc16, Ids<1>>', 'AcknowledgedRequests<Ids<1>>');
      const settings = { delivery: 'acknowledged', ackTimeoutMs: 30_000, requestIds: { bytes: 1 } } as const;
      const bad = { dropRate: 0.002, flipRate: 0.002 };
      await using device = await run('AcknowledgedCommands', sketch, settings, { toDevice: bad, toHost: bad, seed: 1 });
      const later = device.request(0x77);
      const sums = Array.from({ length: 50 }, (_, index) => device.request(0x2b, index, 200));
      expect((await Promise.all(sums)).map(([sum]) => sum)).toEqual(sums.map((_, index) => index + 200));
      await expect(device.request(0x6c, 2)).rejects.toMatchObject({ code: 'REPLY_ERROR', replyCode: 1 });
      await expect(device.request(0x3f)).rejects.toMatchObject({ code: 'REPLY_ERROR', replyCode: 2 });
      expect(await later).toEqual(Uint8Array.of(0x77));
      expect(device.stats().delivery!.resentLost).toBeGreaterThan(0);
    });

    test('the sketch in README.md that replies: switches the LED, and sends values', LIMIT, async () => {
      await using device = await run('Replying', replying, { checksum: 'crc16', requestIds: { bytes: 1 } });
      for (const level of [1, 0]) {
        expect(await device.request(0x6c, level)).toEqual(Uint8Array.of(level));
        expect(device.board.pin(13).isHigh).toBe(level === 1);
      }
      await expect(device.request(0x6c, 2)).rejects.toMatchObject({ code: 'REPLY_ERROR', replyCode: 1 });
      device.board.setAnalog(0, 5);
      const values = [await device.next()];
      while (values.at(-1)![0] === 0) {
        values.push(await device.next());
      }
      expect(values.at(-1)).toEqual([3, 255]);
    });

    test('the sketch in README.md that asks the host: asks until it gets a reply', LIMIT, async () => {
      await using device = await run('Asking', asking, { requestIds: { bytes: 1 } });
      const asked: number[][] = [];
      const answered = new Promise<void>((resolve) => {
        device.serial.onRequest('a', (question) => {
          asked.push([...question]);
          if (asked.length < 3) {
            throw new Error('not yet');
          }
          resolve();
          return Uint8Array.of(128);
        });
      });
      await answered;
      expect(asked.every(([byte, ...rest]) => byte === 0x62 && rest.length === 0)).toBe(true);
    });
  },
);
