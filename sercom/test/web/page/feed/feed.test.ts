import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Batch, Hello } from '../../../../src/web/protocol.js';
import { Feed, type FeedStatus } from '../../../../web/feed/feed.js';

/** One request for the feed, which the test answers. */
interface Attempt {
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
  answer(status: number, body?: string): void;
  /** Begins a stream. */
  stream(): { send(type: string, value: unknown): void; write(text: string): void; end(): void };
  fail(): void;
}

let attempts: Attempt[];
let hellos: Hello[];
let batches: Batch[];
let statuses: FeedStatus[];
let feed: Feed;

const settled = () => vi.advanceTimersByTimeAsync(0);

beforeEach(() => {
  vi.useFakeTimers();
  attempts = [];
  hellos = [];
  batches = [];
  statuses = [];
  vi.stubGlobal('fetch', (url: string, init: RequestInit) => request(url, init));
  feed = new Feed({
    token: 'secret',
    onHello: (hello) => hellos.push(hello),
    onBatch: (batch) => batches.push(batch),
    onStatus: (status) => statuses.push(status),
  });
});

afterEach(async () => {
  feed.stop();
  await settled();
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

function request(url: string, init: RequestInit): Promise<Response> {
  const signal = init.signal!;
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
    attempts.push({
      url,
      signal,
      headers: init.headers as Record<string, string>,
      answer: (status, body = '') => resolve(new Response(body, { status })),
      fail: () => reject(new TypeError('fetch failed')),
      stream() {
        let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
        const body = new ReadableStream<Uint8Array>({
          start(started) {
            controller = started;
          },
        });
        signal.addEventListener('abort', () => controller?.error(signal.reason));
        resolve(new Response(body, { status: 200 }));
        const write = (text: string) => controller?.enqueue(new TextEncoder().encode(text));
        return {
          write,
          send: (type, value) => write(`event: ${type}\ndata: ${JSON.stringify(value)}\n\n`),
          end: () => controller?.close(),
        };
      },
    });
  });
}

const kinds = () => statuses.map(({ kind }) => kind);

/** Starts the feed and its stream. */
async function open() {
  feed.start();
  const stream = attempts.at(-1)!.stream();
  stream.send('hello', { version: 1 });
  await settled();
  return stream;
}

test('asks with the token in a header, and passes on what comes', async () => {
  const stream = await open();
  expect(attempts[0]!.url).toBe('api/feed');
  expect(attempts[0]!.headers.Authorization).toBe('Bearer secret');
  expect(hellos).toEqual([{ version: 1 }]);
  stream.send('batch', { skippedRows: 1 });
  stream.write('event: batch\ndata: {"skipp');
  stream.write('edRows":2}\n\n');
  await settled();
  expect(batches).toEqual([{ skippedRows: 1 }, { skippedRows: 2 }]);
  expect(kinds()).toEqual(['connecting', 'open']);
});

test('starting again while it is open changes nothing', async () => {
  await open();
  feed.start();
  expect(attempts).toHaveLength(1);
});

test('stopping ends the request, and nothing is passed on from then on', async () => {
  const stream = await open();
  feed.stop();
  expect(attempts[0]!.signal.aborted).toBe(true);
  expect(() => stream.send('batch', {})).toThrow();
  await settled();
  expect(batches).toEqual([]);
  expect(kinds()).toEqual(['connecting', 'open', 'paused']);
});

test('starts again after it was stopped', async () => {
  await open();
  feed.stop();
  const stream = await open();
  stream.send('batch', {});
  await settled();
  expect(hellos).toHaveLength(2);
  expect(batches).toHaveLength(1);
});

test('decodes characters that are divided between chunks', async () => {
  const bytes = new TextEncoder().encode('event: batch\ndata: {"end":{"isOver":true,"text":"é"}}\n\n');
  const middle = bytes.indexOf(0xc3) + 1;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(bytes.slice(0, middle));
      controller.enqueue(bytes.slice(middle));
      controller.close();
    },
  });
  vi.stubGlobal('fetch', () => Promise.resolve(new Response(body)));
  feed.start();
  await settled();
  expect(batches[0]!.end!.text).toBe('é');
});

describe('when the connection is lost', () => {
  test('tries again less and less often, and says so', async () => {
    feed.start();
    for (let failure = 0; failure < 7; failure++) {
      attempts.at(-1)!.fail();
      await vi.advanceTimersToNextTimerAsync();
    }
    const delays = statuses.flatMap((status) => (status.kind === 'waiting' ? [status.delayMs] : []));
    expect(delays).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000]);
    expect(attempts).toHaveLength(8);
  });

  test('begins with a short delay again after it was open', async () => {
    feed.start();
    for (let failure = 0; failure < 3; failure++) {
      attempts.at(-1)!.fail();
      await vi.advanceTimersToNextTimerAsync();
    }
    const stream = attempts.at(-1)!.stream();
    stream.send('hello', { version: 1 });
    await settled();
    stream.end();
    await settled();
    expect(statuses.at(-1)).toEqual({ kind: 'waiting', problem: 'no connection to sercom', delayMs: 250 });
  });

  test('tries again at once when it is started', async () => {
    feed.start();
    attempts[0]!.fail();
    await settled();
    feed.start();
    expect(attempts).toHaveLength(2);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(attempts).toHaveLength(2);
  });

  test('does not try again when it was stopped', async () => {
    feed.start();
    attempts[0]!.fail();
    await settled();
    feed.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(attempts).toHaveLength(1);
  });

  test('gives up after a minute: its attempts carry the token, and the port may be that of another program', async () => {
    feed.start();
    while (statuses.at(-1)?.kind !== 'lost') {
      attempts.at(-1)!.fail();
      await vi.advanceTimersToNextTimerAsync();
    }
    expect(statuses.at(-1)).toEqual({ kind: 'lost', problem: 'no connection to sercom' });
    const delays = statuses.flatMap((status) => (status.kind === 'waiting' ? [status.delayMs] : []));
    const totalMs = delays.reduce((sum, each) => sum + each, 0);
    expect(totalMs).toBeGreaterThan(50_000);
    expect(totalMs).toBeLessThanOrEqual(60_000);
    await expectNothingMore();
  });

  test('counts the minute from the last time that it was open', async () => {
    for (let loss = 0; loss < 3; loss++) {
      const stream = await open();
      stream.end();
      await settled();
      expect(statuses.at(-1)!.kind).toBe('waiting');
      await vi.advanceTimersByTimeAsync(40_000);
    }
  });

  test('counts the minute from the loss, not from when it was stopped', async () => {
    await open();
    feed.stop();
    await vi.advanceTimersByTimeAsync(3_600_000);
    feed.start();
    attempts.at(-1)!.fail();
    await settled();
    expect(statuses.at(-1)!.kind).toBe('waiting');
    feed.stop();
    await vi.advanceTimersByTimeAsync(3_600_000);
    feed.start();
    attempts.at(-1)!.fail();
    await settled();
    expect(statuses.at(-1)!.kind).toBe('lost');
  });

  test('tries for another minute if the user wants it', async () => {
    feed.start();
    while (statuses.at(-1)?.kind !== 'lost') {
      attempts.at(-1)!.fail();
      await vi.advanceTimersToNextTimerAsync();
    }
    const before = attempts.length;
    feed.reconnect();
    attempts.at(-1)!.fail();
    await settled();
    expect(statuses.at(-1)).toEqual({ kind: 'waiting', problem: 'no connection to sercom', delayMs: 250 });
    await vi.advanceTimersByTimeAsync(250);
    expect(attempts).toHaveLength(before + 2);
  });

  test('notices silence', async () => {
    const stream = await open();
    for (let second = 0; second < 60; second += 10) {
      await vi.advanceTimersByTimeAsync(10_000);
      stream.write(':\n\n');
      await settled();
    }
    expect(statuses.at(-1)!.kind).toBe('open');
    await vi.advanceTimersByTimeAsync(36_000);
    expect(kinds()).toContain('waiting');
    expect(attempts[0]!.signal.aborted).toBe(true);
  });
});

/** Neither time nor a tab that is hidden and shown makes it try again. */
async function expectNothingMore(): Promise<void> {
  const before = { attempts: attempts.length, status: statuses.at(-1) };
  await vi.advanceTimersByTimeAsync(600_000);
  feed.stop();
  feed.start();
  await vi.advanceTimersByTimeAsync(600_000);
  expect({ attempts: attempts.length, status: statuses.at(-1) }).toEqual(before);
}

describe('when sercom ends', () => {
  const END = { end: { isOver: false, text: 'sercom has ended' } };

  test('does not try again', async () => {
    const stream = await open();
    stream.send('batch', END);
    await settled();
    expect(batches).toEqual([END]);
    expect(statuses.at(-1)).toEqual({ kind: 'ended' });
    // It does not wait until sercom closes the connection.
    expect(attempts[0]!.signal.aborted).toBe(true);
    await expectNothingMore();
  });

  test('connects again if the user wants it', async () => {
    const stream = await open();
    stream.send('batch', END);
    await settled();
    feed.reconnect();
    attempts.at(-1)!.stream().send('hello', { version: 1 });
    await settled();
    expect(attempts).toHaveLength(2);
    expect(kinds().slice(-3)).toEqual(['ended', 'connecting', 'open']);
  });

  test('goes on after the end of a recording, whose server stays', async () => {
    const stream = await open();
    stream.send('batch', { end: { isOver: true, text: 'the recording is over' } });
    stream.send('batch', { skippedRows: 1 });
    await settled();
    expect(batches).toHaveLength(2);
    expect(kinds()).toEqual(['connecting', 'open']);
  });
});

test('reports a fault of the page as one, and goes on', async () => {
  const faults: unknown[] = [];
  vi.stubGlobal('reportError', (fault: unknown) => faults.push(fault));
  const fail = (what: string) => {
    throw new Error(what);
  };
  feed = new Feed({
    token: 'secret',
    onHello: () => fail('hello'),
    onBatch: (batch) => (batches.push(batch) === 1 ? fail('batch') : undefined),
    onStatus: (status) => statuses.push(status),
  });
  const stream = await open();
  stream.send('batch', { skippedRows: 1 });
  stream.send('batch', { end: { isOver: false, text: 'sercom has ended' } });
  await settled();
  expect(faults).toEqual([new Error('hello'), new Error('batch')]);
  expect(batches).toHaveLength(2);
  expect(kinds()).toEqual(['connecting', 'open', 'ended']);
});

test('gives up if the token is wrong', async () => {
  feed.start();
  attempts[0]!.answer(401, '{"problem":"the token is wrong"}');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(statuses.at(-1)).toEqual({ kind: 'refused', problem: 'the token is wrong' });
  expect(attempts).toHaveLength(1);
});

test.each([
  ['{"problem":"there are 8 pages"}', 'there are 8 pages'],
  ['<html>', 'the server answered with status 503'],
  ['{"problem":7}', 'the server answered with status 503'],
  ['null', 'the server answered with status 503'],
])('says why it is refused for now: %s', async (body, problem) => {
  feed.start();
  attempts[0]!.answer(503, body);
  await settled();
  expect(statuses.at(-1)).toMatchObject({ kind: 'waiting', problem });
});

test('takes a stream that it does not understand for a lost one', async () => {
  feed.start();
  const stream = attempts[0]!.stream();
  stream.write('event: hello\ndata: {"version"\n\n');
  await settled();
  expect(statuses.at(-1)!.kind).toBe('waiting');
  expect(attempts[0]!.signal.aborted).toBe(true);
});
