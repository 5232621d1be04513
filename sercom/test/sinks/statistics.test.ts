import { expect, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { Statistics } from '../../src/sinks/statistics.js';

function record(name: string, timeUs = 0): PacketRecord {
  return { timeUs, name, dir: 'rx', length: 1, bytes: Uint8Array.of(1) };
}

test('connections without records are listed', () => {
  expect(new Statistics(['arm']).summary()).toEqual([
    '"arm": received 0 packets (0 bytes), sent 0 packets (0 bytes), rejected 0 frames',
  ]);
});

test('the recorded rate leaves out steps of the clock back, and rounds', () => {
  const statistics = new Statistics();
  for (const timeUs of [5_000_000, 7_000_000, 1_000_000, 3_000_000]) {
    statistics.write(record('arm', timeUs));
  }
  expect(statistics.summary()).toEqual([
    '"arm": received 4 packets (4 bytes), 1/s, sent 0 packets (0 bytes), rejected 0 frames',
  ]);
});

test('a recording with any number of names takes a limited amount of memory, and every packet counts', () => {
  const statistics = new Statistics();
  for (let index = 0; index < 5_000; index++) {
    statistics.write(record(`name ${index}`));
  }
  const summary = statistics.summary();
  expect(summary).toHaveLength(1_001);
  expect(summary.at(-1)).toMatch(/^"other connections": received 4000 packets /);
  expect(statistics.sum()).toMatchObject({ receivedPackets: 5_000, receivedBytes: 5_000 });
});
