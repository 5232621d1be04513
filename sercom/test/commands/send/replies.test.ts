import { describe, expect, test } from 'vitest';
import { ReplyTracker } from '../../../src/commands/send/replies.js';
import type { PacketRecord } from '../../../src/records/record.js';

function record(byte: number, error?: PacketRecord['error']): PacketRecord {
  return { timeUs: 0, name: 'arm', dir: 'rx', length: 1, bytes: Uint8Array.of(byte), ...(error && { error }) };
}

describe('ReplyTracker', () => {
  test('takes the wanted number of packets received after sending as replies', async () => {
    const replies = new ReplyTracker(2);
    expect(replies.take(record(0), 0)).toBe(false);
    replies.sending();
    expect(replies.sent(1)).toEqual([]);
    expect([1, 2, 3].map((byte) => replies.take(record(byte), 2))).toEqual([true, true, false]);
    await replies.all();
  });

  test('accepts a reply that is read just before the end of the write is reported', async () => {
    const replies = new ReplyTracker(1);
    const reply = record(1);
    replies.sending();
    expect(replies.take(reply, 1_000)).toBe(false);
    expect(replies.sent(1_001)).toEqual([reply]);
    await replies.all();
    expect(replies.missing).toBe(0);
  });

  test('ignores packets received while the device accepted no bytes', () => {
    const replies = new ReplyTracker(1);
    replies.sending();
    for (let atMs = 0; atMs < 900; atMs += 100) {
      replies.take(record(1), atMs);
    }
    expect(replies.sent(1_000)).toEqual([]);
    expect(replies.missing).toBe(1);
  });

  test('takes a rejected frame as a reply but does not count it', () => {
    const replies = new ReplyTracker(1);
    replies.sending();
    const frame = record(1, 'malformed');
    replies.take(frame, 0);
    expect(replies.sent(0)).toEqual([frame]);
    expect(replies.missing).toBe(1);
  });

  test('expects no replies to a lost packet', () => {
    const replies = new ReplyTracker(1);
    replies.sending();
    replies.take(record(1), 0);
    replies.forget();
    expect(replies.take(record(2), 0)).toBe(false);
  });

  test('keeps nothing if no replies are wanted', () => {
    const replies = new ReplyTracker(0);
    replies.sending();
    expect(replies.take(record(1), 0)).toBe(false);
    expect(replies.sent(0)).toEqual([]);
  });
});
