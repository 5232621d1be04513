import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type ChecksumName, SerialCommunicator } from '../../../src/index.js';
import { SimulatedBoard, simulatedBinding } from '../../../src/testing/index.js';
import { Inbox } from '../../support/inbox.js';
import { has } from '../../support/tools.js';

const ROOT = path.resolve(import.meta.dirname, '../../..');
const skip = !has('avr-gcc') || !has('make') || !existsSync('/usr/share/arduino/hardware/arduino/avr');

const readme = readFileSync(path.join(ROOT, 'firmware/README.md'), 'utf8');
const [plain = '', crc16 = '', ...more] = [...readme.matchAll(/^```cpp\n(.*?)^```$/gms)].map(([, sketch]) => sketch!);

const SKETCHES: [string, ChecksumName, string][] = [
  ['without a checksum', 'none', plain],
  ['with a CRC-16', 'crc16', crc16],
  ['with a CRC-32', 'crc32', crc16.replaceAll('crc16', 'crc32').replaceAll('CRC16', 'CRC32')],
];

test('firmware/README.md has two sketches', () => {
  expect([plain.includes('crc'), crc16.includes('crc16_check'), more.length]).toEqual([false, true, 0]);
});

describe.skipIf(skip)('the sketches in firmware/README.md (need avr-gcc, make and arduino-core-avr)', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'sketches-'));

  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(SKETCHES)(
    '%s: compiles, and echoes on a simulated board',
    async (_name, checksum, sketch) => {
      const name = `echo-${checksum}`;
      mkdirSync(path.join(folder, name));
      writeFileSync(path.join(folder, name, `${name}.ino`), sketch);
      const words = [`SKETCH=${path.join(folder, name, `${name}.ino`)}`, `BUILD=${path.join(folder, 'build')}`];
      const output = execFileSync('make', ['-s', '-C', path.join(ROOT, 'firmware-echo'), ...words], {
        encoding: 'utf8',
      });
      expect(output).toBe('');

      const image = readFileSync(path.join(folder, 'build', `${name}.hex`), 'utf8');
      const board = new SimulatedBoard({ path: '/dev/ttySIM0', image });
      await using serial = new SerialCommunicator({ binding: simulatedBinding(board) });
      serial.addConnection('a', { path: board.path, baudRate: 115_200, settleMs: 50, checksum });
      const inbox = new Inbox();
      serial.setReceiveHandler(inbox.handler);
      await serial.initialize();
      const packets = [new Uint8Array(0), Uint8Array.of(1, 0, 2), new Uint8Array(64).fill(0xff)];
      for (const packet of packets) {
        await serial.send('a', packet);
      }
      await inbox.count(packets.length);
      expect(inbox.packets('a').map((packet) => [...packet])).toEqual(packets.map((packet) => [...packet]));
    },
    60_000,
  );
});
