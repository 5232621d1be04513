import { describe, expect, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { RecordFlow } from '../../src/sinks/flow.js';
import type { RecordSink } from '../../src/sinks/sink.js';

const packet: PacketRecord = { timeUs: 1, name: 'arm', dir: 'rx', length: 1, bytes: Uint8Array.of(1) };
const rejected: PacketRecord = { ...packet, error: 'malformed' };

/** A sink that keeps its records, and is full or slow when the test says so. */
class TestSink implements RecordSink {
  takesRaw = false;
  readonly records: PacketRecord[] = [];
  readonly calls: string[] = [];
  isFull = false;
  written: Promise<void> | undefined;

  constructor(
    readonly whenFull: RecordSink['whenFull'] = 'hold',
    readonly ended: Promise<void> = new Promise(() => {}),
  ) {}

  begin() {
    this.calls.push('begin');
  }

  write(record: PacketRecord) {
    this.records.push(record);
    return this.written;
  }

  remark(text: string) {
    this.calls.push(text);
  }

  async close(lostRecords: number) {
    this.calls.push(`close, ${lostRecords} lost`);
  }
}

describe('a flow', () => {
  test('passes bytes that are no packet only to sinks that take them, and loses them while such a sink is full', () => {
    const raw: PacketRecord = { ...packet, isRaw: true };
    const [screen, log] = [new TestSink(), new TestSink()];
    screen.takesRaw = true;
    const flow = new RecordFlow([screen, log]);
    flow.take(raw);
    screen.isFull = true;
    flow.take(raw);
    expect([screen.records, log.records]).toEqual([[raw], []]);
    expect([screen, log].map((sink) => flow.lostRecords(sink))).toEqual([1, 0]);
  });

  test('passes each record through the filter once, and what matches to every sink', () => {
    const sinks = [new TestSink(), new TestSink()];
    let filtered = 0;
    const flow = new RecordFlow(sinks, ({ length }) => {
      filtered++;
      return length > 0;
    });
    flow.take(packet);
    flow.take({ ...packet, length: 0 });
    expect(filtered).toBe(2);
    expect(sinks.map(({ records }) => records)).toEqual([[packet], [packet]]);
    flow.write({ ...packet, length: 0 });
    expect(filtered).toBe(2);
    expect(sinks[0]!.records).toHaveLength(2);
  });

  test('asks its source to wait until every sink that holds has room', async () => {
    const sinks = [new TestSink(), new TestSink(), new TestSink()];
    const flow = new RecordFlow(sinks);
    expect(flow.take(packet)).toBeUndefined();
    const releases: (() => void)[] = [];
    for (const sink of sinks.slice(1)) {
      sink.written = new Promise((resolve) => releases.push(resolve));
    }
    let hasRoom = false;
    const waiting = Promise.resolve(flow.take(packet)).then(() => {
      hasRoom = true;
    });
    releases[0]!();
    await new Promise((resolve) => setImmediate(resolve));
    expect(hasRoom).toBe(false);
    releases[1]!();
    await waiting;
  });

  test('never waits for a sink that drops', () => {
    const sink = new TestSink('drop');
    sink.written = new Promise(() => {});
    expect(new RecordFlow([sink]).take(packet)).toBeUndefined();
  });

  test.each([
    ['drop', packet, 1],
    ['drop', rejected, 1],
    ['hold', packet, 0],
    ['hold', rejected, 1],
  ] as const)('with a full sink that would %s: %o is lost %i times, and only there', (whenFull, record, lost) => {
    const [full, other] = [new TestSink(whenFull), new TestSink(whenFull)];
    full.isFull = true;
    const flow = new RecordFlow([full, other]);
    flow.take(record);
    expect(full.records).toHaveLength(1 - lost);
    expect(other.records).toHaveLength(1);
    expect([flow.lostRecords(full), flow.lostRecords(other)]).toEqual([lost, 0]);
  });

  test('begins, remarks and closes every sink, and passes each the number of records it lost', async () => {
    const sinks = [new TestSink(), new TestSink()];
    const bare: RecordSink = { whenFull: 'hold', write() {} };
    const flow = new RecordFlow([...sinks, bare]);
    flow.begin();
    flow.remark('here');
    sinks[1]!.isFull = true;
    flow.take(rejected);
    await flow.close();
    expect(sinks.map(({ calls }) => calls)).toEqual([
      ['begin', 'here', 'close, 0 lost'],
      ['begin', 'here', 'close, 1 lost'],
    ]);
  });

  test('ends when its first sink does', async () => {
    const reader = new RecordFlow([new TestSink(), new TestSink('hold', Promise.resolve())]);
    await expect(reader.ended).resolves.toBeUndefined();
    const failure = new RecordFlow([new TestSink('hold', Promise.reject(new Error('disk full'))), new TestSink()]);
    await expect(failure.ended).rejects.toThrow('disk full');
  });
});
