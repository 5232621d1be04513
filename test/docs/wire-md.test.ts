import { readFileSync } from 'node:fs';
import cobs from 'cobs';
import { describe, expect, test } from 'vitest';
import { cobsEncode } from '../../src/index.js';
import { type RequestVector, requestVectors } from '../support/request-vectors.js';

const WIRE = readFileSync(new URL('../../docs/wire.md', import.meta.url), 'utf8');

const KINDS: Readonly<Record<RequestVector['kind'], string>> = {
  plain: 'neither request nor reply',
  request: 'request',
  reply: 'reply',
  errorReply: 'error reply',
  lateReply: 'late reply',
  tooShort: '`too-short`',
};

const hex = (bytes: Uint8Array): string => [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');

/** A row of the table of ids, as the document has it. */
function row({ from, idBytes, kind, packet, frame }: RequestVector): string {
  const shown = packet.length === 0 ? '(empty)' : `\`${hex(packet)}\``;
  return `| ${from} | ${idBytes} byte${idBytes === 1 ? '' : 's'} | ${KINDS[kind]} | ${shown} | \`${hex(frame)} 00\` |`;
}

const kindAndSize = ({ kind, idBytes }: RequestVector): string => `${kind}, ${idBytes}`;

describe('the test vectors of ids in docs/wire.md', () => {
  const rows = WIRE.split('\n').filter((line) => /^\| (host|device) \| \d byte/.test(line));

  test('are rows of test/vectors/requests.json', () => {
    const known = new Set(requestVectors.map(row));
    expect(rows.filter((line) => !known.has(line))).toEqual([]);
  });

  test('show every kind with both sizes of ids', () => {
    const shown = new Set(requestVectors.filter((vector) => rows.includes(row(vector))).map(kindAndSize));
    expect(requestVectors.map(kindAndSize).filter((kind) => !shown.has(kind))).toEqual([]);
  });
});

describe('test/vectors/requests.json', () => {
  const number = (bytes: Uint8Array): number => [...bytes].reduce((sum, byte) => sum * 256 + byte, 0);

  test.each(requestVectors)(
    '$idBytes, $from: $name',
    ({ idBytes, from, kind, id, payload, requestId, code, ...wire }) => {
      expect(cobsEncode(wire.packet)).toEqual(wire.frame);
      expect([...cobs.encode(Buffer.from(wire.packet))]).toEqual([...wire.frame]);
      if (kind === 'tooShort') {
        expect(wire.packet.length).toBeLessThan(idBytes);
        return;
      }
      expect(number(wire.packet.subarray(0, idBytes))).toBe(id);
      const rest = wire.packet.subarray(idBytes);
      const top = idBytes === 1 ? 128 : 32_768;
      const ofHost = (value: number) => value > 0 && value < top;
      switch (kind) {
        case 'plain':
          expect(id).toBe(0);
          break;
        case 'request':
        case 'reply':
          expect(id).not.toBe(top);
          expect(ofHost(id!)).toBe((from === 'host') === (kind === 'request'));
          break;
        default: {
          const valid = rest.length === idBytes + 1 && number(rest.subarray(0, idBytes)) % top > 0;
          const fits = valid && ofHost(number(rest.subarray(0, idBytes))) === (from === 'device');
          expect([id, fits]).toEqual([top, kind === 'errorReply']);
        }
      }
      if (kind === 'errorReply') {
        expect([number(rest.subarray(0, idBytes)), rest.at(-1)]).toEqual([requestId, code]);
      } else {
        expect(rest).toEqual(payload);
      }
    },
  );
});
