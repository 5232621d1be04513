import { describe, expect, test } from 'vitest';
import { ReplyTracker } from '../src/commands/send/replies.js';
import type { PacketRecord } from '../src/records/packet-record.js';

function record(byte: number, error?: PacketRecord['error']): PacketRecord {
  return { timeUs: 0, name: 'arm', dir: 'rx', length: 1, bytes: Uint8Array.of(byte), ...(error && { error }) };
}

describe('the answers to a packet', () => {
  test('are what comes once it has been sent, as many as are wanted', async () => {
    const answers = new ReplyTracker(2);
    expect(answers.take(record(0), 0)).toBe(false);
    answers.sending();
    expect(answers.sent(1)).toEqual([]);
    expect([1, 2, 3].map((byte) => answers.take(record(byte), 2))).toEqual([true, true, false]);
    await answers.all();
  });

  test('may be read just before the write is told to have ended', async () => {
    const answers = new ReplyTracker(1);
    const answer = record(1);
    answers.sending();
    expect(answers.take(answer, 1_000)).toBe(false);
    expect(answers.sent(1_001)).toEqual([answer]);
    await answers.all();
    expect(answers.missing).toBe(0);
  });

  test('are not what came while the device took no bytes', () => {
    const answers = new ReplyTracker(1);
    answers.sending();
    for (let atMs = 0; atMs < 900; atMs += 100) {
      answers.take(record(1), atMs);
    }
    expect(answers.sent(1_000)).toEqual([]);
    expect(answers.missing).toBe(1);
  });

  test('may be rejected frames, which do not count', () => {
    const answers = new ReplyTracker(1);
    answers.sending();
    const frame = record(1, 'malformed');
    answers.take(frame, 0);
    expect(answers.sent(0)).toEqual([frame]);
    expect(answers.missing).toBe(1);
  });

  test('do not come any more once it is lost', () => {
    const answers = new ReplyTracker(1);
    answers.sending();
    answers.take(record(1), 0);
    answers.forget();
    expect(answers.take(record(2), 0)).toBe(false);
  });

  test('are not kept where none is wanted', () => {
    const answers = new ReplyTracker(0);
    answers.sending();
    expect(answers.take(record(1), 0)).toBe(false);
    expect(answers.sent(0)).toEqual([]);
  });
});
