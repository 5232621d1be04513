import { execFileSync } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { logLine } from '../../src/records/log-line.js';
import type { PacketRecord } from '../../src/records/record.js';
import { readRecording } from '../../src/records/recording.js';
import { run } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const MAGIC_US = 0xa1b2c3d4;
const MAGIC_NS = 0xa1b23c4d;

interface PcapPacket {
  seconds: number;
  fraction: number;
  bytes: Uint8Array;
  captured?: number;
  onWire?: number;
}

/** A file in the format pcap. */
function pcap(packets: readonly PcapPacket[], { littleEndian = true, magic = MAGIC_US, linkType = 147 } = {}): Buffer {
  const uint32s = (...numbers: number[]) => {
    const buffer = Buffer.alloc(4 * numbers.length);
    for (const [index, number] of numbers.entries()) {
      littleEndian ? buffer.writeUInt32LE(number, 4 * index) : buffer.writeUInt32BE(number, 4 * index);
    }
    return buffer;
  };
  // The version, 2.4, is two numbers of 16 bits.
  const header = uint32s(magic, littleEndian ? 0x0004_0002 : 0x0002_0004, 0, 0, 262_144, linkType);
  return Buffer.concat([
    header,
    ...packets.flatMap(({ seconds, fraction, bytes, captured = bytes.length, onWire = captured }) => [
      uint32s(seconds, fraction, captured, onWire),
      bytes,
    ]),
  ]);
}

async function fileOf(content: Uint8Array | string, name = 'recording'): Promise<string> {
  const file = path.join(await temporaryFolder(), name);
  await writeFile(file, content);
  return file;
}

async function read(content: Uint8Array | string): Promise<string[]> {
  const records: PacketRecord[] = [];
  for await (const record of readRecording(await fileOf(content))) {
    records.push(record);
  }
  return records.map(logLine);
}

const HELLO = { seconds: 1_700_000_000, fraction: 125, bytes: Buffer.from('hello') };
const LOG = '(1700000000.000125) arm tx#68656c6c6f\n(1700000000.250000) leg rx!malformed/3#050102\n';

describe('a capture in the format pcap', () => {
  test.each([true, false])('is read, little-endian: %s', async (littleEndian) => {
    const empty = { seconds: 4_294_967_295, fraction: 999_999, bytes: new Uint8Array(0) };
    const lines = ['(1700000000.000125) interface%200 rx#68656c6c6f', '(4294967295.999999) interface%200 rx#'];
    expect(await read(pcap([HELLO, empty], { littleEndian }))).toEqual(lines);
    const inNs = [HELLO, empty].map((packet) => ({ ...packet, fraction: packet.fraction * 1_000 + 999 }));
    expect(await read(pcap(inNs, { littleEndian, magic: MAGIC_NS }))).toEqual(lines);
  });

  test('may have packets with a dissector and a direction', async () => {
    const tags = Buffer.from('000c000463626f72002800040000000000000000', 'hex');
    const upperPdu = { ...HELLO, bytes: Buffer.concat([tags, HELLO.bytes]) };
    expect(await read(pcap([upperPdu], { linkType: 252 }))).toEqual([
      '(1700000000.000125) interface%200 tx#68656c6c6f',
    ]);
    await expect(read(pcap([HELLO], { linkType: 252 }))).rejects.toThrow(
      'packet at byte 24: malformed tags; what is before it has been read',
    );
  });

  test.each<[string, Buffer, RegExp]>([
    ['another link type', pcap([], { linkType: 1 }), /: unsupported link type 1; expected 147 or 252$/],
    ['a truncated header', pcap([]).subarray(0, 20), /: the header of the file is truncated; it has no packets$/],
    [
      'a truncated packet header',
      pcap([HELLO]).subarray(0, 30),
      /: packet at byte 24: truncated packet; what is before it has been read$/,
    ],
    [
      'a truncated packet',
      pcap([HELLO, HELLO]).subarray(0, -1),
      /: packet at byte 45: truncated packet; what is before it has been read$/,
    ],
    ['a length that is a lie', pcap([{ ...HELLO, captured: 0xffff_ffff }]), /byte 24: invalid length 4294967295 /],
    [
      'a length beyond the end',
      pcap([{ ...HELLO, captured: 30_000_000 }]),
      /byte 24: truncated packet; what is before it has been read$/,
    ],
    ['less on the wire than captured', pcap([{ ...HELLO, onWire: 4 }]), /invalid length 5 \(4 on the wire\);/],
    ['a packet that was cut', pcap([{ ...HELLO, onWire: 9 }]), /only 5 of its 9 bytes were captured;/],
  ])('is refused with %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  test('with random bytes is read, or refused with a reason', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 100 }),
        fc.constantFrom(MAGIC_US, MAGIC_NS),
        fc.constantFrom(147, 252),
        async (bytes, magic, linkType) => {
          const content = Buffer.concat([pcap([], { magic, linkType }), bytes]);
          await read(content).catch((error: Error) => expect(error.message).toMatch(/recording: packet at byte \d+: /));
        },
      ),
      { numRuns: 100 },
    );
  });

  test.skipIf(!has('editcap'))('is read as editcap writes it (needs editcap)', async () => {
    const folder = await temporaryFolder();
    const [log, capture] = [path.join(folder, 'a.log'), path.join(folder, 'a.pcapng')] as const;
    await writeFile(log, '(1700000000.000125) arm rx#68656c6c6f\n');
    for (const [format, options] of [
      ['pcap', []],
      ['nsecpcap', ['--decode', 'text']],
    ] as const) {
      expect(await run('replay', log, '--pcapng', capture, '--force', ...options)).toMatchObject({ code: 0 });
      execFileSync('editcap', ['-F', format, capture, `${capture}.pcap`]);
      const { stdout, stderr } = await run('replay', `${capture}.pcap`, '--format', '%U %d %p');
      expect({ stdout, stderr }).toEqual({ stdout: '1700000000.000125 rx hello\n', stderr: '' });
    }
  });
});

describe('a recording compressed with gzip', () => {
  test('is read, whether it is a log or a capture', async () => {
    expect(await read(gzipSync(LOG))).toEqual(await read(LOG));
    expect(await read(gzipSync(pcap([HELLO])))).toEqual(await read(pcap([HELLO])));
    // Programs may append to a compressed file.
    expect(await read(Buffer.concat([gzipSync(LOG), gzipSync(LOG)]))).toEqual([
      ...(await read(LOG)),
      ...(await read(LOG)),
    ]);
    expect(await read(gzipSync(''))).toEqual([]);
  });

  test('is read by the command', async () => {
    const { stdout, stderr, code } = await run(
      'replay',
      await fileOf(gzipSync(LOG), 'bench.log.1.gz'),
      '--format',
      '%x',
    );
    expect({ stdout, stderr, code }).toEqual({ stdout: '68656c6c6f\n050102\n', stderr: '', code: 0 });
  });

  test.each<[string, Buffer, RegExp]>([
    [
      'truncated',
      gzipSync(LOG).subarray(0, -9),
      /recording: the gzip data is truncated; what is before it has been read$/,
    ],
    ['nothing but a header', Buffer.from('1f8b0800', 'hex'), /the gzip data is truncated;/],
    [
      'damaged',
      Buffer.from(gzipSync(LOG).fill(0xff, 10, 20)),
      /: the gzip data is damaged \(.+\); the last packets before the damage may be missing$/,
    ],
    ['of another kind', gzipSync('what?\n'), /recording: line 1: not a line of a log/],
  ])('is refused if it is %s', async (_, content, message) => {
    await expect(read(content)).rejects.toThrow(message);
  });

  test('yields the records before the damage', async () => {
    const lines = Array.from({ length: 50_000 }, (_, index) => `(${1_700_000_000 + index}.000001) arm rx#\n`);
    const records = readRecording(await fileOf(gzipSync(lines.join('')).subarray(0, -100)));
    let read = 0;
    const all = async () => {
      for await (const _ of records) {
        read++;
      }
    };
    await expect(all()).rejects.toThrow(/gzip data is truncated;/);
    expect(read).toBeGreaterThan(10_000);
  });

  test.each([
    ['one line', Buffer.alloc(1), /recording: line 1 is too long;/],
    ['comments', Buffer.from(`#${'x'.repeat(10_000)}\n`), undefined],
  ])(
    'takes little memory if it expands to 150 MB of %s',
    async (_, content, message) => {
      const bomb = gzipSync(Buffer.alloc(150_000_000, content));
      expect(bomb.length).toBeLessThan(1_000_000);
      const before = process.memoryUsage().arrayBuffers;
      if (message === undefined) {
        expect(await read(bomb)).toEqual([]);
      } else {
        await expect(read(bomb)).rejects.toThrow(message);
      }
      expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(75_000_000);
    },
    60_000,
  );
});
