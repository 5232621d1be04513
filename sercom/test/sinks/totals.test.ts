import { expect, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { RecordFlow } from '../../src/sinks/flow.js';
import type { RecordSink } from '../../src/sinks/sink.js';
import { Totals } from '../../src/sinks/totals.js';

const packet: PacketRecord = { timeUs: 0, name: 'arm', dir: 'rx', length: 4, bytes: Uint8Array.of(1, 2, 3, 4) };
const rejected: PacketRecord = { ...packet, length: 300, bytes: Uint8Array.of(1, 2), error: 'too-long' };

test('the totals count in words', () => {
  const totals = new Totals();
  expect(`${totals}`).toBe('received 0 packets (0 bytes)');
  totals.write({ ...packet, length: 1 });
  totals.write({ ...packet, dir: 'tx' });
  totals.write(rejected);
  totals.write(rejected);
  totals.write({ ...rejected, error: 'checksum' });
  totals.notShown = 5;
  expect(`${totals}`).toBe(
    'received 1 packet (1 byte), sent 1 packet (4 bytes), rejected 3 frames (2 too-long, 1 checksum), 5 not shown',
  );
});

test('the totals name bytes that are in no packet', () => {
  const totals = new Totals();
  totals.unframed = { skippedBytes: 6, unfinishedBytes: 1 };
  expect(`${totals}`).toBe('received 0 packets (0 bytes), skipped 6 bytes, left 1 byte unfinished');
});

test('the totals count the rejected frames that the screen has room for, and all packets', () => {
  const screen: RecordSink & { isFull: boolean } = { whenFull: 'drop', isFull: false, write() {} };
  const totals = new Totals(screen);
  const flow = new RecordFlow([totals, screen]);
  flow.take(rejected);
  screen.isFull = true;
  flow.take(rejected);
  flow.take(packet);
  totals.notShown = flow.lostRecords(screen);
  expect(`${totals}`).toBe('received 1 packet (4 bytes), rejected 1 frame (1 too-long), 2 not shown');
});
