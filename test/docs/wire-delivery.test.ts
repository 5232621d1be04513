import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cobsDecode, cobsEncode } from '../../src/index.js';

interface Frame {
  kind: string;
  body: string;
  crc: string;
  wire: string;
}

interface Vectors {
  keys: { h: number; d: number; crc: number; key: number }[];
  frames: (Frame & { name: string; key?: number })[];
  dialog: (Frame & { from: string; event: string })[];
}

const VECTORS = path.resolve(import.meta.dirname, '../vectors');
const TEXT = readFileSync(path.join(VECTORS, 'delivery.json'), 'utf8');
const WIRE = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');
const { keys, frames, dialog } = JSON.parse(TEXT) as Vectors;
const HANDSHAKE = ['OPEN', 'STATUS', 'NO_SESSION'];

/** The body of a frame, if its CRC with this start value is right. */
function open(wire: string, start: number): string | undefined {
  const frame = Buffer.from(wire, 'hex');
  expect(frame.at(-1)).toBe(0);
  const sealed = Buffer.from(cobsDecode(frame.subarray(0, -1)));
  expect([...cobsEncode(sealed)]).toEqual([...frame.subarray(0, -1)]);
  const body = sealed.subarray(0, -4);
  // zlib expects the CRC so far, which is the register with every bit inverted.
  return sealed.readUInt32LE(sealed.length - 4) === crc32(body, (start ^ 0xffffffff) >>> 0)
    ? body.toString('hex')
    : undefined;
}

describe('test/vectors/delivery.json', () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'vectors-'));
  });

  afterAll(() => rmSync(folder, { recursive: true }));

  test('is what make-delivery.mjs writes', () => {
    const file = path.join(folder, 'delivery.json');
    execFileSync(process.execPath, [path.join(VECTORS, 'make-delivery.mjs'), file]);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(JSON.parse(TEXT));
  });

  test.each(keys)('has the key of $h and $d', ({ h, d, crc, key }) => {
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(h, 0);
    bytes.writeUInt32BE(d, 4);
    expect(crc32(bytes)).toBe(crc);
    expect(key).toBe(crc === 0xffffffff ? 0 : crc);
  });

  test('has a key that is 0 because its CRC is ffffffff', () => {
    expect(keys.map(({ key }) => key)).toContain(0);
  });

  test.each(frames)('has the bytes of $name', ({ wire, body, key }) => {
    expect(open(wire, key ?? 0xffffffff)).toBe(body);
    expect(open(wire, ((key ?? 0xffffffff) ^ 1) >>> 0)).toBeUndefined();
  });
});

test('the dialog in docs/wire.md is that of the vectors', () => {
  const start = WIRE.indexOf('### A dialog to the byte');
  const rows = WIRE.slice(start)
    .split('\n')
    .filter((line) => /^\| (host|device) \|/.test(line));
  const expected = dialog.map(({ from, event, kind, wire }) => {
    const bytes = `${HANDSHAKE.includes(kind) ? '00' : ''}${wire}`.match(/../g)!.join(' ');
    return `| ${from} | ${event} | \`${kind}\` | \`${bytes}\` |`;
  });
  expect(rows.slice(0, expected.length)).toEqual(expected);
  expect(expected.length).toBeGreaterThan(10);
});
