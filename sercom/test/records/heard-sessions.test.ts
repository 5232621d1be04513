import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runSeed } from '../../../test/support/random.js';
import { HeardSessions } from '../../src/records/heard-sessions.js';
import { parseLogLine } from '../../src/records/log-line.js';
import type { PacketRecord } from '../../src/records/record.js';
import type { SessionEvent } from '../../src/records/session-event.js';
import { DIALOG, DIALOG_LOG } from '../support/heard-dialog.js';
import { records } from '../support/records.js';

const FRAMES = DIALOG_LOG.trim().split('\n').map(parseLogLine);

/** What is made of records: events as text, packets as hex, hidden records as `-`. */
function heardIn(frames: readonly PacketRecord[]): { shown: string[]; records: PacketRecord[]; summary: string[] } {
  const shown: string[] = [];
  const taken: PacketRecord[] = [];
  const heard = new HeardSessions(({ dir, event }: SessionEvent) => shown.push(`${dir} ${event}`));
  const take = (record: PacketRecord) => {
    taken.push(record);
    const hex = Buffer.from(record.bytes).toString('hex');
    shown.push(record.isHidden ? '-' : `${record.dir} ${record.error ?? hex}`);
  };
  for (const frame of frames) {
    void heard.pass(frame, take);
  }
  void heard.end(take);
  return { shown, records: taken, summary: heard.summary() };
}

describe('sessions that are heard', () => {
  test('yield the packets, once each, and events', () => {
    const { shown, records: taken, summary } = heardIn(FRAMES);
    expect(shown).toEqual([
      ...['rx noSession', '-', 'tx open', '-', 'rx status', '-'],
      ...['tx session', 'tx 6869', 'rx session', '-', '-'],
      ...['tx 6869', 'tx 6f6b', '-', '-', 'rx 6f6b', '-', '-', '-', 'tx 6869'],
    ]);
    expect(taken[3]).toMatchObject({ length: 2, heard: { type: 'data', number: 0 }, onWire: FRAMES[3] });
    expect(taken.at(-1)).toMatchObject({ heard: { type: 'datagram' } });
    expect(summary).toEqual([
      '"arm" rx: heard 1 session, 0 repetitions, 4 acknowledgements, 2 handshake frames, 0 frames of no known session',
      '"arm" tx: heard 1 session, 1 repetition, 2 acknowledgements, 1 handshake frame, 0 frames of no known session',
    ]);
  });

  test('are found without their handshake, with the time of the first frame', () => {
    const { shown, records: taken } = heardIn(FRAMES.slice(6, 9));
    expect(shown).toEqual(['tx session', 'tx 6869', 'tx 6f6b', 'rx session', '-']);
    expect(taken.map(({ timeUs }) => timeUs)).toEqual(FRAMES.slice(6, 9).map(({ timeUs }) => timeUs));
  });

  test('are not found in other frames, which are rejected, and reported once', () => {
    const plain = Array.from({ length: 12 }, (_, index) =>
      parseLogLine(`(1700000000.000000) arm rx#00010203040506${(index + 10).toString(16).padStart(2, '0')}`),
    );
    const { shown } = heardIn(plain);
    expect(shown.filter((each) => each === 'rx checksum')).toHaveLength(12);
    expect(shown.filter((each) => each !== 'rx checksum')).toEqual(['rx noneHeard']);
  });

  test('keep the order of what waits for its consumer', async () => {
    const taken: number[] = [];
    const heard = new HeardSessions(() => {});
    const take = async ({ timeUs }: PacketRecord) => {
      await null;
      taken.push(timeUs);
    };
    const frames = FRAMES.filter(({ dir }) => dir === 'tx').slice(1, 4);
    for (const frame of frames) {
      await heard.pass(frame, take);
    }
    expect(taken).toEqual(frames.map(({ timeUs }) => timeUs));
  });
});

test('every record of a recording is passed on once', () => {
  const seed = runSeed();
  const dialog = fc.nat(DIALOG.length - 1).map((index) => FRAMES[index]!);
  const property = fc.property(fc.array(fc.oneof(records, dialog), { maxLength: 60 }), (all) => {
    const onWire = heardIn(all).records.map((record) => record.onWire ?? record);
    for (const name of new Set(all.map((record) => record.name))) {
      const given = all.filter((record) => record.name === name);
      const passed = onWire.filter((record) => record.name === name);
      expect(passed.length).toBe(given.length);
      for (const dir of ['rx', 'tx']) {
        const bytes = (each: PacketRecord[]) =>
          each.filter((record) => record.dir === dir && !record.error).map((record) => record.bytes);
        expect(bytes(passed).every((packet, index) => packet === bytes(given)[index])).toBe(true);
      }
    }
  });
  try {
    fc.assert(property, { seed, numRuns: 200 });
  } catch (error) {
    throw new Error(`repeat it with TEST_SEED=${seed}\n${error}`, { cause: error });
  }
});
