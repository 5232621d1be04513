import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { has } from '../../../test/support/tools.js';
import { decoderOfAll, loadRecordDecoder } from '../../src/decoders/record-decoder.js';
import { readPcapng } from '../../src/records/captures/pcapng-reader.js';
import type { PacketRecord } from '../../src/records/record.js';
import type { FileSink } from '../../src/sinks/file-sink.js';
import { openSinks } from '../../src/sinks/index.js';
import { inChunks, plain, records } from '../support/records.js';
import { start } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const run = promisify(execFile);

const packet: PacketRecord = {
  timeUs: 1_700_000_000_123_456,
  name: 'arm',
  dir: 'rx',
  length: 3,
  bytes: Uint8Array.of(1, 2, 3),
};
const sent: PacketRecord = {
  ...packet,
  timeUs: packet.timeUs + 1,
  name: 'leg',
  dir: 'tx',
  length: 0,
  bytes: new Uint8Array(0),
};
const frame: PacketRecord = { ...packet, length: 300, bytes: Uint8Array.of(5, 1), error: 'too-long' };

async function openCapture(file: string, decoder?: string, names: readonly string[] = []): Promise<FileSink> {
  const [capture] = await openSinks(
    { pcapng: file },
    { names, decoder: decoder === undefined ? undefined : decoderOfAll({ name: decoder }) },
  );
  return capture!;
}

async function written(all: readonly PacketRecord[], decoder?: string, names?: readonly string[]): Promise<Buffer> {
  const file = path.join(await temporaryFolder(), 'a.pcapng');
  const capture = await openCapture(file, decoder, names);
  capture.begin();
  for (const record of all) {
    await capture.write(record);
  }
  await capture.close();
  return readFile(file);
}

async function read(bytes: Uint8Array, chunkBytes = 1_000): Promise<PacketRecord[]> {
  const all: PacketRecord[] = [];
  for await (const record of readPcapng(inChunks(bytes, chunkBytes))) {
    all.push(record);
  }
  return all;
}

const u16 = (value: number, little = true) => {
  const bytes = Buffer.alloc(2);
  little ? bytes.writeUInt16LE(value) : bytes.writeUInt16BE(value);
  return bytes;
};
const u32 = (value: number, little = true) => {
  const bytes = Buffer.alloc(4);
  little ? bytes.writeUInt32LE(value) : bytes.writeUInt32BE(value);
  return bytes;
};

/** A block, spelled out after the specification. */
function block(type: number, body: Buffer, little = true): Buffer {
  const length = u32(12 + body.length, little);
  return Buffer.concat([u32(type, little), length, body, length]);
}

const section = (little = true) =>
  block(
    0x0a0d0d0a,
    Buffer.concat([u32(0x1a2b3c4d, little), u16(1, little), u16(0, little), Buffer.alloc(8, 0xff)]),
    little,
  );
const description = (linkType: number, options = Buffer.alloc(0), little = true) =>
  block(1, Buffer.concat([u16(linkType, little), u16(0), u32(0), options]), little);
const enhanced = (high: number, low: number, bytes: Buffer, onWire = bytes.length, little = true, id = 0) =>
  block(
    6,
    Buffer.concat([
      ...[id, high, low, bytes.length, onWire].map((value) => u32(value, little)),
      bytes,
      Buffer.alloc(-bytes.length & 3),
    ]),
    little,
  );

describe('a capture', () => {
  test('can be read back', async () => {
    const all = [
      packet,
      sent,
      frame,
      { ...frame, error: 'malformed' as const },
      { ...frame, error: 'checksum' as const },
    ];
    for (const decoder of [undefined, 'cbor', 'struct']) {
      expect((await read(await written(all, decoder))).map(plain)).toEqual(all.map(plain));
    }
  });

  test('can be read back with any records and any chunks', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(records, { maxLength: 6 }),
        fc.constantFrom(undefined, 'json'),
        fc.integer({ min: 1, max: 100 }),
        async (all, decoder, chunkBytes) => {
          const file = await written(all, decoder, ['arm']);
          expect((await read(file, chunkBytes)).map(plain)).toEqual(all.map(plain));
        },
      ),
      { numRuns: 50 },
    );
  });

  test('may come from another program: big-endian, microseconds, several sections, unknown blocks', async () => {
    const file = Buffer.concat([
      section(false),
      block(0x0bad, Buffer.alloc(8), false),
      description(147, undefined, false),
      enhanced(0, 5, Buffer.of(1), 1, false),
      section(true),
      // if_tsresol 2^-10, if_tsoffset 100.
      description(
        147,
        Buffer.concat([u16(9), u16(1), Buffer.of(0x8a, 0, 0, 0), u16(14), u16(8), u32(100), u32(0), u32(0)]),
      ),
      enhanced(0, 512, Buffer.of(2)),
    ]);
    expect((await read(file)).map(plain)).toEqual([
      { timeUs: 5, name: 'interface 0', dir: 'rx', length: 1, hex: '01' },
      { timeUs: 100_500_000, name: 'interface 0', dir: 'rx', length: 1, hex: '02' },
    ]);
  });

  test('gets a name for an interface that has an empty one', async () => {
    const empty = Buffer.concat([u16(2), u16(0)]);
    const file = Buffer.concat([section(), description(147, empty), enhanced(0, 5, Buffer.of(1))]);
    expect((await read(file)).map(({ name }) => name)).toEqual(['interface 0']);
  });

  test('may hold the longest frame, with a dissector too', async () => {
    const longest = { ...frame, length: 2 ** 32 - 1 };
    const [record] = await read(await written([longest], 'json'));
    expect(record).toMatchObject({ error: 'too-long', bytes: Buffer.from(frame.bytes) });
  });

  test.each<[string, Buffer, RegExp]>([
    ['no section', description(147), /^block at byte 0: not a pcapng file/],
    ['text', Buffer.from('hello, here is text'), /^block at byte 0: not a pcapng file/],
    ['a truncated head', section().subarray(0, 10), /^block at byte 0: truncated block/],
    ['a truncated block', section().subarray(0, 20), /^block at byte 0: truncated block/],
    ['another byte order', block(0x0a0d0d0a, Buffer.alloc(16)), /^block at byte 0: invalid byte-order magic/],
    [
      'another link type',
      Buffer.concat([section(), description(1)]),
      /^block at byte 28: unsupported link type 1; expected/,
    ],
    [
      'interfaces that would fill the memory',
      Buffer.concat([section(), Buffer.alloc(20 * 420_000, description(147))]),
      /^block at byte \d+: more than 8388608 bytes describe interfaces/,
    ],
    [
      'no interface',
      Buffer.concat([section(), enhanced(0, 0, Buffer.of(1))]),
      /^block at byte 28: the interface of the packet/,
    ],
    [
      'a packet that was captured in part',
      Buffer.concat([section(), description(147), enhanced(0, 0, Buffer.of(1), 9)]),
      /^block at byte 48: only 1 of the 9 bytes of the packet were captured/,
    ],
    [
      'a packet without a time',
      Buffer.concat([section(), description(147), block(3, Buffer.alloc(8))]),
      /^block at byte 48: simple packet blocks have no timestamp/,
    ],
    [
      'a packet longer than its block',
      Buffer.concat([section(), description(147), block(6, Buffer.concat([u32(0), u32(0), u32(0), u32(99), u32(99)]))]),
      /^block at byte 48: malformed block/,
    ],
    [
      'tags without an end',
      Buffer.concat([section(), description(252), enhanced(0, 0, Buffer.of(0, 12, 0, 0))]),
      /malformed/,
    ],
    [
      'a huge block',
      Buffer.concat([u32(0x0a0d0d0a), u32(0x7ffffffc), u32(0x1a2b3c4d)]),
      /invalid block length 2147483644/,
    ],
    ['two lengths', Buffer.concat([section().subarray(0, 24), u32(99)]), /the two block lengths differ/],
    [
      'a time out of range',
      Buffer.concat([section(), description(147), enhanced(0xffffffff, 0, Buffer.of(1))]),
      /out of range/,
    ],
  ])('%s is rejected', async (_, file, message) => {
    await expect(read(file)).rejects.toThrow(message);
  });

  test('reading arbitrary bytes ends with records or an error', async () => {
    const file = await written([packet, sent, frame], 'json');
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), fc.nat(255), fc.nat(file.length), async (at, byte, end) => {
        const broken = Buffer.from(file.subarray(0, end));
        if (at < end) {
          broken[at] = byte;
        }
        await read(broken).catch((error) => {
          expect(error.message).toMatch(/^block at byte \d+: /);
        });
      }),
      { numRuns: 300 },
    );
  });
});

/** What tshark reads of a capture: a line a packet, with these fields. */
async function tshark(file: string, fields: readonly string[]): Promise<string[][]> {
  const { stdout } = await run('tshark', ['-r', file, '-T', 'fields', ...fields.flatMap((field) => ['-e', field])]);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
}

describe.skipIf(!has('tshark'))('tshark reads a capture (needs tshark)', () => {
  const FIELDS = [
    'frame.time_epoch',
    'frame.interface_name',
    'frame.packet_flags_direction',
    'frame.packet_flags_crc_error',
    'frame.protocols',
  ];

  async function capture(all: readonly PacketRecord[], decoder?: string): Promise<string> {
    const file = path.join(await temporaryFolder(), 'a.pcapng');
    const sink = await openCapture(file, decoder, ['arm', 'leg']);
    for (const record of all) {
      await sink.write(record);
    }
    await sink.close();
    return file;
  }

  test('with times, interfaces, directions, bytes and the flag of an error', async () => {
    const file = await capture([packet, sent, frame]);
    expect(await tshark(file, [...FIELDS, 'data.data', 'frame.len', 'frame.comment'])).toEqual([
      ['1700000000.123456000', 'arm', '0x00000001', '0', 'user_dlt:data', '010203', '3', ''],
      ['1700000000.123457000', 'leg', '0x00000002', '0', '', '', '0', ''],
      ['1700000000.123456000', 'arm', '0x00000001', '1', 'user_dlt:data', '0501', '300', 'rejected: too-long'],
    ]);
  });

  test.each([
    ['cbor', 'a26474656d70f94d606373657107', 'cbor', ['_ws.cbor.float', 'cbor.float16', 'cbor.item.float16']],
    ['msgpack', '81a16101', 'msgpack', []],
    ['json', '7b2261223a317d', 'json', []],
    ['protobuf', '0805', 'protobuf', []],
    ['text', '68656c6c6f', 'data-text-lines', []],
  ])('with the dissector of %s, except for rejected frames', async (decoder, hex, dissector) => {
    const bytes = Buffer.from(hex, 'hex');
    const file = await capture(
      [
        { ...packet, bytes, length: bytes.length },
        { ...frame, error: 'malformed' },
      ],
      decoder,
    );
    expect(await tshark(file, FIELDS)).toEqual([
      ['1700000000.123456000', 'arm', '0x00000001', '0', `exported_pdu:${dissector}`],
      ['1700000000.123456000', 'arm', '0x00000001', '1', 'exported_pdu:data'],
    ]);
  });

  test('with the dissector that its conditions choose', async () => {
    const file = path.join(await temporaryFolder(), 'a.pcapng');
    const decoder = await loadRecordDecoder(['dir=tx:cbor', 'bytes=7b:json']);
    const [sink] = await openSinks({ pcapng: file }, { names: ['arm'], decoder });
    for (const [dir, text] of [
      ['tx', '\x05'],
      ['rx', '{}'],
      ['rx', 'other'],
    ] as const) {
      await sink!.write({ ...packet, dir, bytes: Buffer.from(text), length: text.length });
    }
    await sink!.close();
    expect(await tshark(file, ['frame.protocols'])).toEqual([
      ['exported_pdu:cbor'],
      ['exported_pdu:json'],
      ['exported_pdu:data'],
    ]);
  });

  test('and shows the decoded CBOR', async () => {
    const bytes = Buffer.from('a26474656d70f94d606373657107', 'hex');
    const file = await capture([{ ...packet, bytes, length: bytes.length }], 'cbor');
    const { stdout } = await run('tshark', ['-r', file, '-O', 'cbor']);
    expect(stdout).toMatch(/Text String: temp[\s\S]*Float: 21\.5[\s\S]*Text String: seq[\s\S]*Unsigned Integer: 7/);
  });

  test('from a pipe, while sercom writes it', async () => {
    const command = start('monitor', 'sim:', '-n', '2', '--pcapng', '-');
    const fields = ['-T', 'fields', '-e', 'frame.packet_flags_direction', '-e', 'data.data'];
    const reader = execFile('tshark', ['-i', '-', ...fields]);
    let lines = '';
    reader.stdout!.on('data', (chunk) => {
      lines += chunk;
    });
    command.child.stdout!.pipe(reader.stdin!);
    const [{ code, stderr }] = await Promise.all([
      command.outcome(),
      new Promise((resolve) => reader.on('close', resolve)),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(lines.trim().split('\n')).toEqual([
      '0x00000002\t68656c6c6f2031',
      '0x00000001\t68656c6c6f2031',
      '0x00000002\t68656c6c6f2032',
      '0x00000001\t68656c6c6f2032',
    ]);
  });
});
