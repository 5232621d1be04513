import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DECODER_GRAMMAR, dissectorOf, loadDecoder, PLAIN_DECODERS } from '../../src/decoders/index.js';
import { RunningProcess, SERCOM } from '../support/sercom-process.js';
import { temporaryFolder } from '../support/temporary-folder.js';

const bytesOf = (hex: string) => new Uint8Array(Buffer.from(hex.replaceAll(' ', ''), 'hex'));

async function decoded(spec: string, hex: string): Promise<unknown> {
  return (await loadDecoder(spec)).decode(bytesOf(hex)).value;
}

describe('text and json', () => {
  test.each([
    ['text', '', ''],
    ['text', '68c3a4', 'hä'],
    ['text', 'efbbbf41', '\ufeffA'],
    ['json', '7b2261223a5b312c6e756c6c5d7d', { a: [1, null] }],
    ['json', '2278 22', 'x'],
  ])('%s decodes %j', async (spec, hex, value) => {
    expect(await decoded(spec, hex)).toEqual(value);
  });

  test.each([
    ['text', 'ff', /^invalid UTF-8$/],
    ['json', '7b', /JSON/],
    ['json', '', /JSON/],
    ['json', '22ff22', /^invalid UTF-8$/],
    ['json', '5b'.repeat(200) + '5d'.repeat(200), /nested more than/],
  ])('%s rejects %.20j', async (spec, hex, reason) => {
    await expect(decoded(spec, hex)).rejects.toThrow(reason);
  });
});

describe('cbor', () => {
  // Most of these are from appendix A of RFC 8949.
  test.each([
    ['00', 0],
    ['1818', 24],
    ['1bffffffffffffffff', '18446744073709551615'],
    ['3903e7', -1000],
    ['c249010000000000000000', '18446744073709551616'],
    ['f93c00', 1],
    ['fb3ff199999999999a', 1.1],
    ['f97c00', 'Infinity'],
    ['f97e00', 'NaN'],
    ['f4', false],
    ['f6', null],
    ['f7', null],
    ['4401020304', '01020304'],
    ['6449455446', 'IETF'],
    ['62c3bc', 'ü'],
    ['83010203', [1, 2, 3]],
    ['9f018202039f0405ffff', [1, [2, 3], [4, 5]]],
    ['a201020304', { 1: 2, 3: 4 }],
    ['a26161016162820203', { a: 1, b: [2, 3] }],
    ['c11a514b67b0', '2013-03-21T20:04:00.000Z'],
    ['d82a4101', { tag: 42, contents: '01' }],
    ['7f657374726561646d696e67ff', 'streaming'],
    ['5f42010243030405ff', '0102030405'],
    ['bf6161019f02ff03ff', { a: 1, '[2]': 3 }],
    ['f0', { value: 16 }],
    ['d82063613a62', 'a:b'],
    ['d823632e2a61', '.*a'],
    ['d95249612e', '.'],
    ['d84144000100ff', [1, 255]],
    ['d90102820102', [1, 2]],
    ['c240', 0],
    [`c2590401${'ff'.repeat(1_025)}`, { tag: 2, contents: 'ff'.repeat(1_025) }],
    ['a1810102', { '[1]': 2 }],
    ['a1695f5f70726f746f5f5f01', JSON.parse('{"__proto__":1}')],
  ])('decodes %s', async (hex, value) => {
    expect(JSON.stringify(await decoded('cbor', hex))).toBe(JSON.stringify(value));
  });

  test.each([
    ['', /empty/],
    ['18', /ends in the middle/],
    ['8201', /ends in the middle/],
    ['6568', /ends in the middle/],
    ['0000', /Extra data/],
    ['ff', /./],
    ['1c', /./],
    ['c201', /bignum/],
    ['3f', /indefinite/],
    ['5f6161ff', /invalid part/],
    ['61ff', /UTF-8/],
    ['a1'.repeat(50) + '00'.repeat(51), /nested more than/],
    ['9bffffffffffffffff', /ends in the middle/],
    ['81'.repeat(65_000), /nested more than/],
  ])('rejects %.20s', async (hex, reason) => {
    await expect(decoded('cbor', hex)).rejects.toThrow(reason);
  });
});

describe('msgpack', () => {
  test.each([
    ['07', 7],
    ['ff', -1],
    ['cfffffffffffffffff', '18446744073709551615'],
    ['cb3ff199999999999a', 1.1],
    ['c0', null],
    ['c3', true],
    ['a568656c6c6f', 'hello'],
    ['c403010203', '010203'],
    ['93010203', [1, 2, 3]],
    ['82a16101a162c2', { a: 1, b: false }],
    ['d6ff5f000000', '2020-07-04T04:05:20.000Z'],
    ['d40105', { type: 1, data: '05' }],
  ])('decodes %s', async (hex, value) => {
    expect(await decoded('msgpack', hex)).toEqual(value);
  });

  test.each([
    ['', /empty/],
    ['c1', /c1/],
    ['91', /ends in the middle/],
    ['0102', /Extra/],
    ['ddffffffff', /./],
    [`${'91'.repeat(60_000)}01`, /nested more than/],
  ])('rejects %.20s', async (hex, reason) => {
    await expect(decoded('msgpack', hex)).rejects.toThrow(reason);
  });
});

describe('struct', () => {
  // The bytes are what Python's struct.pack returns for these values.
  test.each([
    ['<Hf:seq,temp', '0500 0000ac41', { seq: 5, temp: 21.5 }],
    ['Hf', '0500 cdcccc3d', [5, 0.1]],
    ['>HiQ', '0005 ffffffff 0000000000000007', [5, -1, 7]],
    ['!bB?', 'ff ff 01', [-1, 255, true]],
    ['<hIlLq', '0080 ffffffff feffffff 01000000 ffffffffffffffff', [-32768, 4294967295, -2, 1, -1]],
    ['<Q', 'ffffffffffffffff', ['18446744073709551615']],
    ['<e d', '003c 182d4454fb210940', [1, Math.PI]],
    ['<ee', '007c 0100', ['Infinity', 2 ** -24]],
    ['<3B2xH', '010203 0000 0400', [1, 2, 3, 4]],
    ['<5sc:tag,kind', '6869000000 41', { tag: 'hi', kind: 'A' }],
    ['<B:__proto__', '01', JSON.parse('{"__proto__":1}')],
  ])('%s decodes %s', async (format, hex, value) => {
    expect(JSON.stringify(await decoded(`struct:${format}`, hex))).toBe(JSON.stringify(value));
  });

  test('uses the byte order of this machine for =', async () => {
    expect(await decoded('struct:=H', Buffer.from(Uint16Array.of(258).buffer).toString('hex'))).toEqual([258]);
  });

  test.each(['01', '010203'])('rejects a packet of another length (%s)', async (hex) => {
    await expect(decoded('struct:<H', hex)).rejects.toThrow(/^<H is 2 bytes long, but the packet has [13]$/);
  });

  test.each([
    ['struct:', /no values/],
    ['struct:<', /no values/],
    ['struct:4x', /no values/],
    ['struct:<z', /unknown code "z"/],
    ['struct:@H', /unknown code "@"/],
    ['struct:<3', /missing code after 3/],
    ['struct:<HB:a', /names given: 1, but the layout has 2 values/],
    ['struct:<HB:a,a', /two values are named "a"/],
    ['struct:<HB:a,', /a name is empty/],
    ['struct:70000B', /longer than/],
    ['struct:<HB:a,b,c', /names given: 3/],
  ])('reports %s as a usage error', async (spec, message) => {
    await expect(loadDecoder(spec)).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });
});

describe('protobuf', () => {
  const PROTO = `
    syntax = "proto3";
    package arm;
    enum Mode { IDLE = 0; RUN = 1; }
    message Pose {
      uint32 seq = 1;
      float temp = 2;
      int64 big = 3;
      bytes raw = 4;
      Mode mode = 5;
      message Joint { sint32 angle = 1; }
      repeated Joint joints = 6;
    }`;

  async function protoFile(): Promise<string> {
    const file = path.join(await temporaryFolder(), 'arm.proto');
    await writeFile(file, PROTO);
    return file;
  }

  test('finds a message type by its full name or by the last part', async () => {
    const file = await protoFile();
    // Encoded by hand, following the protobuf encoding guide.
    const hex = '0805 150000c03f 188180808080808010 22020102 2801 32020802 32020801';
    const value = {
      seq: 5,
      temp: 1.5,
      big: '9007199254740993',
      raw: '0102',
      mode: 'RUN',
      joints: [{ angle: 1 }, { angle: -1 }],
    };
    expect(await decoded(`protobuf:${file}:arm.Pose`, hex)).toEqual(value);
    expect(await decoded(`protobuf:${file}:Pose`, hex)).toEqual(value);
    expect(await decoded(`protobuf:${file}:Pose`, '')).toEqual({});
  });

  test.each([
    ['15', /ends in the middle/],
    ['0f01', /./],
    ['00', /./],
  ])('rejects %s', async (hex, reason) => {
    await expect(decoded(`protobuf:${await protoFile()}:Pose`, hex)).rejects.toThrow(reason);
  });

  test('lists the available types when the type is unknown', async () => {
    await expect(loadDecoder(`protobuf:${await protoFile()}:Nope`)).rejects.toThrow(
      expect.objectContaining({
        exitCode: 2,
        message: expect.stringMatching(/"Nope".*available: arm\.Pose, arm\.Pose\.Joint$/),
      }),
    );
  });

  test.each(['protobuf', 'protobuf:x.proto', 'protobuf::T'])('reports %s as a usage error', async (spec) => {
    await expect(loadDecoder(spec)).rejects.toThrow(/protobuf:FILE:TYPE/);
  });

  test('imports from --proto-path, well-known files, and nanopb options', async () => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'common'));
    await mkdir(path.join(folder, 'sub'));
    await writeFile(path.join(folder, 'common/time.proto'), 'syntax = "proto3"; message Stamp { uint32 ms = 1; }');
    const file = path.join(folder, 'sub/msg.proto');
    await writeFile(
      file,
      `syntax = "proto3"; import "common/time.proto"; import "google/protobuf/descriptor.proto";
      import "google/protobuf/timestamp.proto"; import "nanopb.proto";
      extend google.protobuf.FieldOptions { string unit = 50001; }
      message Msg { Stamp at = 1 [(unit) = "ms", (nanopb).max_count = 8]; google.protobuf.Timestamp t = 2; }`,
    );
    const decoder = await loadDecoder(`protobuf:${file}:Msg`, [folder]);
    expect(decoder.decode(bytesOf('0a020807 12020809')).value).toEqual({ at: { ms: 7 }, t: { seconds: 9 } });
    await expect(loadDecoder(`protobuf:${file}:Msg`)).rejects.toThrow(
      /^--decode: cannot read \S*sub\/common\/time\.proto, which \S*msg\.proto imports: no such file; .* with --proto-path$/,
    );
  });

  test.each([
    ['a device', '/dev/zero', /not a regular file/],
    ['a missing file', '/nowhere.proto', /^--decode: cannot read \/nowhere\.proto: no such file; check its name$/],
    ['a folder', '/tmp', /cannot read \/tmp: not a regular file/],
  ])('refuses %s', async (_, file, reason) => {
    await expect(loadDecoder(`protobuf:${file}:T`)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(reason),
    });
  });

  test('refuses a pipe without waiting for its writer', async () => {
    const pipe = path.join(await temporaryFolder(), 'pipe');
    execFileSync('mkfifo', [pipe]);
    await expect(loadDecoder(`protobuf:${pipe}:T`)).rejects.toThrow(/not a regular file/);
  });

  test.each([
    [
      'too many fields',
      Array.from({ length: 100_000 }, (_, index) => `uint32 f${index} = ${index};`).join(),
      /larger|fields/,
    ],
    [
      '5,000 fields',
      Array.from({ length: 5_000 }, (_, index) => `uint32 f${index} = ${index};`).join(),
      /more than 4000 fields/,
    ],
    ['2 MB', ' '.repeat(2_000_000), /larger than 1048576 bytes/],
  ])('refuses a file with %s', async (_, text, reason) => {
    const file = path.join(await temporaryFolder(), 'big.proto');
    await writeFile(file, `syntax = "proto3"; message T {${text}}`);
    await expect(loadDecoder(`protobuf:${file}:T`)).rejects.toThrow(reason);
  });
});

test.each(['yaml', 'cbor:x', 'text:', '', 'constructor'])('reports --decode %j as a usage error', async (spec) => {
  await expect(loadDecoder(spec)).rejects.toThrow(
    expect.objectContaining({
      exitCode: 2,
      message: `--decode: unknown decoder "${spec}"; expected ${DECODER_GRAMMAR}`,
    }),
  );
});

test.each([...PLAIN_DECODERS, 'struct:<HBx'])('%s has the name it is selected by', async (spec) => {
  const { name } = await loadDecoder(spec);
  expect(spec.split(':')[0]).toBe(name);
  expect(dissectorOf(name)).toBe(dissectorOf(spec.split(':')[0]!));
});

test.each([...PLAIN_DECODERS, 'struct:<HBx'])('%s turns any packet into a JSON value or an Error', async (spec) => {
  const decoder = await loadDecoder(spec);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 64 }), (packet) => {
      try {
        const { value, text } = decoder.decode(packet);
        expect(JSON.parse(JSON.stringify(value))).toEqual(value);
        expect(typeof text).toBe('string');
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
        expect((error as Error).name).not.toBe('AssertionError');
      }
    }),
    { numRuns: 1_000 },
  );
});

function dataUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`;
}

test('loads only the package that the decoder needs', async () => {
  // Write the URL of each loaded module to stderr.
  const hooks = `import { writeSync } from 'node:fs';
    export function load(url, context, next) { writeSync(2, url + '\\n'); return next(url, context); }`;
  const probe = `import { register } from 'node:module'; register(${JSON.stringify(dataUrl(hooks))});`;
  const loaded = async (spec: string) => {
    const commandLine = ['--import', dataUrl(probe), SERCOM, 'replay', '-', '--decode', spec];
    const node = new RunningProcess(process.execPath, commandLine);
    node.child.stdin!.end('(1700000000.000000) arm rx#00\n');
    const { code, stderr } = await node.outcome();
    expect(code).toBe(0);
    return ['cbor2', '@msgpack/msgpack', 'protobufjs', 'serialport'].filter((name) =>
      stderr.includes(`/node_modules/${name}/`),
    );
  };
  expect(await loaded('struct:B')).toEqual([]);
  expect(await loaded('cbor')).toEqual(['cbor2']);
  expect(await loaded('msgpack')).toEqual(['@msgpack/msgpack']);
});
