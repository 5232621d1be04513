import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ChecksumName } from '../../../src/index.js';
import { NO_SKETCHES, sketchRunner } from '../../support/sketch-board.js';
import { eventually } from '../fixtures/board.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');

const [, readme = ''] = readFileSync(path.join(ROOT, 'firmware/README.md'), 'utf8').split('\n## The C files\n');
const blocks = [...readme.matchAll(/^```cpp\n(.*?)^```$/gms)].map(([, code]) => code!);
const [plain = '', crc16 = '', replyingLoop = '', replying = '', slow = '', ...others] = blocks;
const [acknowledged = '', withoutSerial = '', acknowledgedRequests = ''] = others;

/** In cycles of the board. */
const SECOND = 16_000_000;

const ECHOES: [string, ChecksumName, string][] = [
  ['without a checksum', 'none', plain],
  ['with a CRC-16', 'crc16', crc16],
  ['with a CRC-32', 'crc32', crc16.replaceAll('crc16', 'crc32').replaceAll('CRC16', 'CRC32')],
];

test('firmware/README.md has the sketches with the C files that are tested here', () => {
  expect(
    blocks.map(
      (code) => /crc16_check|begin_session|memcpy|requests_kind|NO_REPLY|Serial.avail|USART_RX/.exec(code)?.[0],
    ),
  ).toEqual([undefined, 'crc16_check', 'memcpy', 'requests_kind', 'NO_REPLY', 'Serial.avail', 'USART_RX', 'memcpy']);
});

describe.skipIf(NO_SKETCHES)(
  'the sketches with the C files in firmware/README.md (need avr-gcc, make and arduino-core-avr)',
  () => {
    const run = sketchRunner(afterAll);

    test.each(ECHOES)(
      '%s: compiles, and echoes on a simulated board',
      async (_name, checksum, sketch) => {
        await using device = await run(`echo-${checksum}`, sketch, { checksum });
        for (const packet of [[], [1, 0, 2], Array(64).fill(0xff)]) {
          await device.send(...packet);
          expect(await device.next()).toEqual(packet);
        }
      },
      60_000,
    );

    test('the smallest that replies: repeats the id of a request', { timeout: 60_000 }, async () => {
      const sketch = plain.slice(0, plain.indexOf('void loop()')) + replyingLoop;
      await using device = await run('smallest', sketch);
      const times: number[] = [];
      for (const id of [1, 127, 0]) {
        await device.send();
        await device.send(id, 1, 2, 3);
        const [repeated, ...time] = await device.next();
        expect([repeated, time.length]).toEqual([id, 4]);
        times.push(Buffer.from(time).readUInt32LE());
      }
      expect(times).toEqual(times.toSorted((a, b) => a - b));
      expect(times[0]).toBeLessThan(60_000);
    });

    /** The next packet that is not a question of the sketch with `requests.c`. The ids of its questions are added to `asked`. */
    async function nextReply(device: { next(): Promise<number[]> }, idBytes: 1 | 2, asked: number[] = []) {
      for (;;) {
        const packet = await device.next();
        const id = Buffer.from(packet).readUIntBE(0, idBytes);
        if (id <= (idBytes === 1 ? 0x80 : 0x8000)) {
          return packet;
        }
        expect(packet.slice(idBytes)).toEqual([...Buffer.from('b')]);
        asked.push(id);
      }
    }

    /** Limits for a busy machine. The time of the board is real. */
    const ACKNOWLEDGED = { delivery: 'acknowledged', ackTimeoutMs: 30_000 } as const;

    test.each([
      ['the one with link.c and Serial', 'acknowledged', acknowledged, 115_200],
      ['the one with link.c, without Serial', 'without', withoutSerial, 500_000],
    ])('%s: echoes packets, and loses none', { timeout: 60_000 }, async (_title, name, sketch, baudRate) => {
      await using device = await run(name, sketch, { ...ACKNOWLEDGED, baudRate });
      const packets = Array.from({ length: 100 }, (_, index) => Array(index % 65).fill(index & 1 ? index : 0));
      await Promise.all(packets.map((packet) => device.send(...packet)));
      for (const packet of packets) {
        expect(await device.next()).toEqual(packet);
      }
      expect(device.board.stats.bytesLost).toMatchObject({ overrun: 0, baudMismatch: 0 });
      expect(device.stats().delivery).toMatchObject({ sessions: 1, resentLost: 0 });
    });

    test('the one with link.c, with a slow loop: loses nothing, since the ring has room', {
      timeout: 60_000,
    }, async () => {
      const sketch = acknowledged.replace('void loop() {', '$&\n  delay(15);');
      await using device = await run('busy', sketch, ACKNOWLEDGED);
      const packet = Array(64).fill(7);
      await Promise.all(Array.from({ length: 20 }, () => device.send(...packet)));
      for (let index = 0; index < 20; index++) {
        expect(await device.next()).toEqual(packet);
      }
    });

    test('the example in link.h, with a slow loop: packets of 54 bytes get through', { timeout: 60_000 }, async () => {
      const header = readFileSync(path.join(ROOT, 'firmware/src/link.h'), 'utf8');
      const example = [...header.matchAll(/^ \* {5}(.*)$/gm)].map(([, line]) => line).join('\n');
      const sketch = example.replace('void loop() {', '$&\n  delay(20);');
      expect(sketch).toContain('delay(20)');
      await using device = await run('header', sketch, ACKNOWLEDGED);
      // With the 9 bytes of its frame, each fills the ring of Serial.
      const packet = Array(54).fill(7);
      await Promise.all(Array.from({ length: 12 }, () => device.send(...packet)));
      for (let index = 0; index < 12; index++) {
        expect(await device.next()).toEqual(packet);
      }
    });

    test('requests over acknowledged delivery: replies to each', { timeout: 60_000 }, async () => {
      const handlers = /#define ID_BYTES 1\n|\/\/ A handler writes[^]*?commands\[\] = .*?\n/g;
      const sketch = acknowledged.replace(
        /\/\/ Returns whether[^]*?callbacks = .*?\n/,
        () => `#include <requests.h>\n${replying.match(handlers)!.join('\n')}${acknowledgedRequests}`,
      );
      await using device = await run('link-requests', sketch, { ...ACKNOWLEDGED, requestIds: { bytes: 1 } });
      const values = Array.from({ length: 60 }, (_, index) => index);
      const replies = await Promise.all(values.map((value) => device.request(0x2b, value, 100)));
      expect(replies).toEqual(values.map((value) => Uint8Array.of(value + 100)));
      await expect(device.request(0x2b)).rejects.toMatchObject({ code: 'REPLY_ERROR', replyCode: 1 });
    });

    test('the one with requests.c, with ids of two bytes: replies and fails', { timeout: 60_000 }, async () => {
      await using device = await run('two', replying.replace('#define ID_BYTES 1', '#define ID_BYTES 2'));
      await device.send(0x7f, 0xfe, 0x2b, 2, 3);
      expect(await nextReply(device, 2)).toEqual([0x7f, 0xfe, 5]);
      await device.send(0, 1, 0x21);
      expect(await nextReply(device, 2)).toEqual([0x80, 0, 0, 1, 2]);
    });

    test.each([
      [42, [5, 42]],
      [-1, [0x80, 5, 1]],
    ])('the slow command: replies later, here with %i', { timeout: 60_000 }, async (grams, reply) => {
      const sketch = replying
        .replace(/^.* commands\[\] = \{/m, `${slow}$&{'w', weigh}, `)
        .replace('requests_dispatch(commands, 2,', 'requests_dispatch(commands, 3,')
        .replace('void loop() {', `$&\n  if (weigh_id != 0 && millis() - asked_at > 100) weighed(${grams});`);
      await using device = await run(`slow${grams}`, sketch);
      await device.send(5, 0x77);
      expect(await nextReply(device, 1)).toEqual(reply);
      await device.send(6, 0x77, 0);
      expect(await nextReply(device, 1)).toEqual([0x80, 6, 1]);
    });

    test('the one with requests.c: replies, fails, and asks until it gets a reply', { timeout: 60_000 }, async () => {
      await using device = await run('replying', replying);
      const asked: number[] = [];
      const next = () => nextReply(device, 1, asked);
      await device.send(1, 0x2b, 2, 3);
      expect(await next()).toEqual([1, 5]);
      await device.send(2, 0x2b);
      expect(await next()).toEqual([0x80, 2, 1]);
      await device.send(3, 0x2b, 200, 100);
      expect(await next()).toEqual([3, 44]);
      await device.send(4, 0x3f, 2);
      expect(await next()).toEqual([4, expect.toBeOneOf([0, 1])]);
      await device.send(5, 0x3f, 200);
      expect(await next()).toEqual([0x80, 5, 1]);
      await device.send(6);
      expect(await next()).toEqual([0x80, 6, 2]);
      await device.send(7, 0x21);
      expect(await next()).toEqual([0x80, 7, 2]);

      const ask = async (): Promise<number> => (await device.next())[0]!;
      while (asked.length < 2) {
        asked.push(await ask());
      }
      // The first question is late by now. An error reply does not tell how bright the lamp should be.
      await device.send(asked[0]!, 10);
      await device.send(0x80, asked[1]!, 1);
      asked.push(await ask(), await ask());
      const [first] = asked;
      expect(asked).toEqual(asked.map((_, index) => 0x81 + ((first! - 0x81 + index) % 127)));
      // It asks again only if the reply to its last question was late, because this machine is busy.
      let replied: number;
      do {
        replied = asked.at(-1)!;
        await device.send(replied, 128);
        const { cycles } = device.board.stats;
        await eventually(() => expect(device.board.stats.cycles).toBeGreaterThan(cycles + SECOND));
        await device.send(8, 0x2b, 1, 1);
        expect(await next()).toEqual([8, 2]);
      } while (replied !== asked.at(-1));
    });
  },
);
