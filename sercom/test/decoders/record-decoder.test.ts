import { describe, expect, test } from 'vitest';
import { DECODER_FORMS, DECODER_GRAMMAR } from '../../src/decoders/index.js';
import { loadRecordDecoder } from '../../src/decoders/record-decoder.js';
import type { PacketRecord } from '../../src/records/record.js';

function record(dir: PacketRecord['dir'], hex: string, name = 'arm'): PacketRecord {
  const bytes = Buffer.from(hex, 'hex');
  return { timeUs: 0, name, dir, length: bytes.length, bytes };
}

describe('--decode with conditions', () => {
  const COMMAND = 'dir=tx:struct:<BH:command,speed';
  const STATUS = 'dir=rx,bytes=81:struct:<BH:kind,volts';
  const LOG = 'dir=rx,bytes=82:text';

  test.each<[string, PacketRecord, unknown]>([
    ['a command', record('tx', '010200'), { command: 1, speed: 2 }],
    ['an answer', record('rx', '810300'), { kind: 0x81, volts: 3 }],
    ['an answer of another kind', record('rx', '826869'), '\ufffdhi'],
    ['any other packet', record('rx', '7b7d'), {}],
  ])('chooses a decoder by direction and leading bytes: %s', async (_, packet, value) => {
    const decoder = (await loadRecordDecoder([COMMAND, STATUS, LOG, 'json']))!;
    const { decode } = decoder.of(packet)!;
    if (value === '\ufffdhi') {
      expect(decoder.of(packet)!.name).toBe('text');
    } else {
      expect(decode(packet.bytes).value).toEqual(value);
    }
    expect(decoder.names).toEqual(['struct', 'struct', 'text', 'json']);
  });

  test('uses the first that matches, and the one without conditions last, wherever it is given', async () => {
    const decoder = (await loadRecordDecoder(['json', 'dir=tx:text', 'dir=tx:cbor', 'length>2:msgpack']))!;
    const names = [record('tx', '00'), record('rx', '00'), record('rx', '000000')].map(
      (each) => decoder.of(each)!.name,
    );
    expect(names).toEqual(['text', 'json', 'msgpack']);
  });

  test('leaves a packet alone that no decoder is for', async () => {
    const decoder = (await loadRecordDecoder([COMMAND]))!;
    expect(decoder.of(record('rx', '010200'))).toBeUndefined();
    expect(await loadRecordDecoder()).toBeUndefined();
  });

  test.each([
    ['name=sim::json', 'sim:'],
    ['name=usb:2341:0043:json', 'usb:2341:0043'],
    ['name=json:json', 'json'],
    ['name=arm,bytes=01:02/ff:0f:json', 'arm'],
  ])('finds the decoder after the colons of conditions: %s', async (spec, name) => {
    const decoder = (await loadRecordDecoder([spec]))!;
    expect(decoder.of(record('rx', '0102', name))?.name).toBe('json');
    expect(decoder.of(record('rx', '0102', 'another'))).toBeUndefined();
  });

  test.each([
    [['dir=up:json'], /^--decode "dir=up:json": unknown condition "dir=up"; expected name=NAME/],
    [['bytes=8:json'], /^--decode "bytes=8:json": /],
    [[':json'], /^--decode ":json": unknown condition ""/],
    [['dir=rx:xml'], /^--decode: unknown decoder "dir=rx:xml"; expected text, json/],
    [['dir=rx:json:5'], /^--decode: unknown decoder "json:5"/],
    [['dir=rx:struct:z'], /^--decode "struct:z": unknown code "z"/],
    [['json', 'dir=rx:text', 'cbor'], /^--decode: two decoders are for all packets; .*, for example dir=rx:cbor$/],
  ])('%j is a usage error', async (specs, message) => {
    await expect(loadRecordDecoder(specs)).rejects.toThrow(
      expect.objectContaining({ exitCode: 2, message: expect.stringMatching(message) }),
    );
  });
});

test('the messages list the decoders in the order of the table', () => {
  expect(DECODER_GRAMMAR).toContain('text, json, cbor, msgpack, ');
  expect(DECODER_GRAMMAR.replace(' or ', ', ').split(', ')).toEqual(DECODER_FORMS);
});
