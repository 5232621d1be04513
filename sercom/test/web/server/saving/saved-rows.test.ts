import { describe, expect, test } from 'vitest';
import { SavedRows } from '../../../../src/web/server/saving/saved-rows.js';
import { PacketStore } from '../../../../src/web/store/packet-store.js';
import { packet } from '../../store/stored-rows.js';

const ROWS = 20_000;
/** More than can be looked at in a few milliseconds. */
const MANY_ROWS = 200_000;

function numbered(count: number, memoryBytes: number): PacketStore {
  const store = new PacketStore({ memoryBytes });
  for (let index = 0; index < count; index++) {
    store.add(packet([(index >> 8) & 0xff, index & 0xff]));
  }
  return store;
}

/** A file with a line for each packet, of which some are missing. */
const WRITER = {
  record: ({ bytes }: { bytes: Uint8Array }, missedRows: number) =>
    `${missedRows === 0 ? '' : `-${missedRows} `}${(bytes[0]! << 8) | bytes[1]!}\n`,
};

describe('a file of rows', () => {
  test('is read no further when nobody wants it any more, even if nothing matches', async () => {
    const reading = new AbortController();
    let looks = 0;
    const matches = () => {
      if (++looks === 1_000) {
        reading.abort();
      }
      return false;
    };
    const rows = new SavedRows(numbered(MANY_ROWS, 64_000_000), matches, WRITER, reading.signal);
    for await (const chunk of rows) {
      expect(chunk).toHaveLength(0);
    }
    // What was begun when it was aborted is finished.
    expect(looks).toBeLessThan(MANY_ROWS);
  });

  test('says where rows are missing that were dropped while it was read', async () => {
    const store = numbered(ROWS, 4_000_000);
    const rows = new SavedRows(store, undefined, WRITER, new AbortController().signal);
    let text = '';
    for await (const chunk of rows) {
      text += Buffer.from(chunk);
      for (let index = 0; index < ROWS * 10 && rows.missedRows === 0; index++) {
        store.add(packet(new Array(100).fill(0)));
      }
    }
    const lines = text.trimEnd().split('\n');
    const dropped = lines.flatMap((line) => /^-(\d+) /.exec(line)?.[1] ?? []).map(Number);
    expect(rows.missedRows).toBeGreaterThan(0);
    expect(lines.length + rows.missedRows).toBe(ROWS);
    expect(dropped.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(rows.missedRows);
  });
});
