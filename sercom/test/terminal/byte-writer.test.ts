import { Writable } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ByteWriter, FULL_BYTES } from '../../src/terminal/byte-writer.js';

/** Writes that the stream has not completed: what their bytes were at the call, and how to complete or fail them. */
interface PendingWrite {
  readonly bytes: Buffer;
  readonly content: string;
  done(error?: Error): void;
}

/** A stream that completes its writes when the test says so. */
function manualStream() {
  const pending: PendingWrite[] = [];
  const written: string[] = [];
  const stream = new Writable({
    write(bytes: Buffer, _encoding, done) {
      pending.push({ bytes, content: bytes.toString('latin1'), done });
    },
  });
  /** Completes the write in progress, and checks that its memory was not reused before. */
  const complete = async () => {
    const { bytes, content, done } = pending.shift()!;
    expect(bytes.toString('latin1')).toBe(content);
    written.push(content);
    done();
    await nextTurn();
  };
  return { stream, pending, written, complete };
}

/** A stream that completes its writes at once. */
function textStream() {
  const chunks: Buffer[] = [];
  const stream = new Writable({
    write(bytes: Buffer, _encoding, done) {
      chunks.push(Buffer.from(bytes));
      done();
    },
  });
  return { stream, chunks, written: () => Buffer.concat(chunks) };
}

const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

describe('a byte writer', () => {
  test('writes what one turn of the event loop gave it as one batch', async () => {
    const { stream, chunks } = textStream();
    const writer = new ByteWriter(stream);
    writer.writeText('one\n');
    writer.write(Uint8Array.of(0xff, 0));
    writer.writeText('zwölf\n');
    expect(chunks).toEqual([]);
    await nextTurn();
    expect(chunks).toEqual([Buffer.concat([Buffer.from('one\n'), Buffer.of(0xff, 0), Buffer.from('zwölf\n')])]);
  });

  test('writes every byte in order', async () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 50 }),
      fc.uint8Array({ maxLength: 50 }),
      fc.constantFrom('x'.repeat(70_000), 'ä€💡'.repeat(30_000), new Uint8Array(200_000).fill(7)),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), async (pieces) => {
        const { stream, written } = textStream();
        const writer = new ByteWriter(stream);
        for (const each of pieces) {
          if (typeof each === 'string') {
            void writer.writeText(each);
          } else {
            void writer.write(each);
          }
        }
        await writer.flush();
        expect(written().equals(Buffer.concat(pieces.map((each) => Buffer.from(each as string))))).toBe(true);
      }),
      { numRuns: 100 },
    );
  });

  test('never changes bytes that the stream has not written yet, and reuses their memory afterwards', async () => {
    const { stream, pending, written, complete } = manualStream();
    const writer = new ByteWriter(stream);
    const memory = new Set<ArrayBufferLike>();
    let expected = '';
    for (let batch = 0; batch < 40; batch++) {
      // More than a batch, so that several are handed to the stream while the first is in progress.
      const text = `${String(batch).padStart(4, '0')}`.repeat(16_500);
      expected += text;
      void writer.writeText(text);
      await nextTurn();
      if (batch % 3 === 2) {
        while (pending.length > 0) {
          memory.add(pending[0]!.bytes.buffer);
          await complete();
        }
      }
    }
    while (pending.length > 0) {
      memory.add(pending[0]!.bytes.buffer);
      await complete();
    }
    expect(written.join('')).toBe(expected);
    expect(memory.size).toBeLessThan(10);
  });

  test('while the stream is busy, collects the next batch', async () => {
    const { stream, pending, complete } = manualStream();
    const writer = new ByteWriter(stream);
    for (const text of ['a', 'b', 'c']) {
      writer.writeText(text);
      await nextTurn();
    }
    expect(pending.map(({ content }) => content)).toEqual(['a']);
    await complete();
    expect(pending.map(({ content }) => content)).toEqual(['bc']);
  });

  test('asks to wait while much waits, is full while more does, and says when there is room again', async () => {
    const { stream, pending, complete } = manualStream();
    const writer = new ByteWriter(stream);
    const kilobyte = '.'.repeat(1_024);
    let kilobytes = 1;
    let wait = writer.writeText(kilobyte);
    for (; wait === undefined; kilobytes++) {
      wait = writer.writeText(kilobyte);
    }
    expect(kilobytes).toBeLessThanOrEqual(FULL_BYTES / 1_024);
    expect(writer.isFull).toBe(false);
    while (!writer.isFull) {
      void writer.writeText(kilobyte);
    }
    expect(writer.waitingBytes).toBeGreaterThan(FULL_BYTES);
    let hasRoom = false;
    const released = Promise.resolve(wait).then(() => {
      hasRoom = true;
    });
    await nextTurn();
    expect(hasRoom).toBe(false);
    while (pending.length > 0) {
      await complete();
    }
    await released;
    expect(writer.waitingBytes).toBe(0);
    expect(writer.writeText(kilobyte)).toBeUndefined();
  });

  test('push hands over the batch at once, and flush waits until it is written', async () => {
    const { stream, pending, complete } = manualStream();
    const writer = new ByteWriter(stream);
    writer.writeText('now');
    writer.push();
    expect(pending.map(({ content }) => content)).toEqual(['now']);
    writer.writeText(' and then');
    let isFlushed = false;
    const flushed = writer.flush().then(() => {
      isFlushed = true;
    });
    await complete();
    expect(isFlushed).toBe(false);
    while (pending.length > 0) {
      await complete();
    }
    await flushed;
  });

  test('appends its trailer to each batch, and to nothing else', async () => {
    const { stream, chunks } = textStream();
    const writer = new ByteWriter(stream, () => '|');
    writer.push();
    writer.writeText('a');
    writer.writeText('b');
    await nextTurn();
    writer.writeText('c');
    await writer.flush();
    expect(chunks.map(String).filter((text) => text !== '')).toEqual(['ab|', 'c|']);
  });

  test.each([
    ['a reader that closes its pipe is not a failure', 'EPIPE', false],
    ['a full disk is a failure', 'ENOSPC', true],
  ])('%s; in both cases what follows is discarded and no caller waits', async (_, code, isFailure) => {
    const { stream, pending } = manualStream();
    const writer = new ByteWriter(stream);
    let wait = writer.writeText('.');
    while (wait === undefined) {
      wait = writer.writeText('.'.repeat(1_024));
    }
    const error = Object.assign(new Error(code), { code });
    pending[0]!.done(error);
    await writer.ended;
    await wait;
    expect(writer.hasEnded).toBe(true);
    expect(writer.failure).toBe(isFailure ? error : undefined);
    expect(writer.writeText('more')).toBeUndefined();
    expect(writer.write(Uint8Array.of(1))).toBeUndefined();
    await writer.flush();
    expect(writer.waitingBytes).toBe(0);
  });
});
