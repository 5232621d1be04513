import fc from 'fast-check';
import type { PacketRecord } from '../../src/records/record.js';
import { packets, wellFormedTexts } from './dangerous.js';

/** Any record that there may be. */
export const records: fc.Arbitrary<PacketRecord> = fc
  .record({
    timeUs: fc.integer({ min: 0, max: 8_000_000_000_000_000 }),
    name: wellFormedTexts.map((name) => name || 'arm'),
    dir: fc.constantFrom('rx' as const, 'tx' as const),
    bytes: packets,
    error: fc.constantFrom(
      undefined,
      undefined,
      'malformed' as const,
      'too-long' as const,
      'checksum' as const,
      'too-short' as const,
    ),
    more: fc.nat(1_000_000),
  })
  .map(({ error, more, ...record }) =>
    error === undefined
      ? { ...record, length: record.bytes.length }
      : { ...record, dir: 'rx', length: record.bytes.length + more, error },
  );

/** A record in a form that tests can compare. */
export function plain({ bytes, ...record }: PacketRecord): unknown {
  return { ...record, hex: Buffer.from(bytes).toString('hex') };
}

/** The bytes of a file, in chunks of a few. */
export async function* inChunks(bytes: Uint8Array, chunkBytes: number): AsyncGenerator<Uint8Array> {
  for (let offset = 0; offset < bytes.length; offset += chunkBytes) {
    yield bytes.subarray(offset, offset + chunkBytes);
  }
}
