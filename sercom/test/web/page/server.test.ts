import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { HttpServer, ServerClosed, ServerProblem } from '../../../web/server.js';

interface Sent {
  readonly url: string;
  readonly init: RequestInit;
  answer(status: number, body: string): void;
  fail(error: unknown): void;
}

let sent: Sent[];
let server: HttpServer;

beforeEach(() => {
  sent = [];
  server = new HttpServer('secret');
  vi.stubGlobal(
    'fetch',
    (url: string, init: RequestInit) =>
      new Promise((resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal!.reason));
        sent.push({ url, init, answer: (status, body) => resolve(new Response(body, { status })), fail: reject });
      }),
  );
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const PACKET = { row: 7 };

test('posts JSON with the token in a header, not in the address', async () => {
  const answer = server.ask('packet', PACKET);
  const { url, init } = sent[0]!;
  expect(url).toBe('api/packet');
  expect(init).toMatchObject({
    method: 'POST',
    body: '{"row":7}',
    headers: { Authorization: 'Bearer secret', 'Content-Type': 'application/json' },
  });
  sent[0]!.answer(200, '{"hex":"00"}');
  expect(await answer).toEqual({ hex: '00' });
});

test('throws the problem that the server reports', async () => {
  const answer = server.ask('packet', PACKET);
  sent[0]!.answer(404, '{"problem":"row 7 was dropped"}');
  await expect(answer).rejects.toMatchObject({ name: 'ServerProblem', status: 404, message: 'row 7 was dropped' });
});

test('throws if the server cannot be reached', async () => {
  const answer = server.ask('packet', PACKET);
  sent[0]!.fail(new TypeError('fetch failed'));
  await expect(answer).rejects.toEqual(new ServerProblem(0, 'no connection to sercom'));
});

test('sends nothing, and so no token, while it is closed', async () => {
  server.setClosed(true);
  const problem = new ServerClosed();
  expect(problem).toMatchObject({ status: 0, message: 'no connection to sercom' });
  await expect(server.ask('packet', PACKET)).rejects.toEqual(problem);
  await expect(server.download('save', { format: 'log' }, 'a.log')).rejects.toEqual(problem);
  expect(sent).toEqual([]);
  server.setClosed(false);
  const answer = server.ask('packet', PACKET);
  sent[0]!.answer(200, '{"hex":"00"}');
  expect(await answer).toEqual({ hex: '00' });
});

test('throws if the server does not answer in time', async () => {
  vi.useFakeTimers();
  const answer = server.ask('packet', PACKET);
  const failure = expect(answer).rejects.toMatchObject({ status: 0, message: 'sercom does not answer' });
  await vi.advanceTimersByTimeAsync(59_999);
  expect(sent[0]!.init.signal!.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  await failure;
});

test('leaves no timer behind', async () => {
  vi.useFakeTimers();
  const answered = server.ask('packet', PACKET);
  sent[0]!.answer(200, '{}');
  await answered;
  const refused = server.ask('packet', PACKET);
  sent[1]!.answer(404, '{"problem":"row 7 was dropped"}');
  await expect(refused).rejects.toBeInstanceOf(ServerProblem);
  const givenUp = server.ask('packet', PACKET, { purpose: 'packet' });
  const newer = server.ask('packet', PACKET, { purpose: 'packet' });
  sent[3]!.answer(200, '{}');
  await Promise.all([givenUp, newer]);
  server.setClosed(true);
  await expect(server.ask('packet', PACKET)).rejects.toBeInstanceOf(ServerClosed);
  expect(vi.getTimerCount()).toBe(0);
});

test('throws if the answer is no JSON', async () => {
  const answer = server.ask('packet', PACKET);
  sent[0]!.answer(200, '<html>');
  await expect(answer).rejects.toBeInstanceOf(ServerProblem);
});

test('gives up a request for a newer one of the same purpose', async () => {
  const first = server.ask('packet', PACKET, { purpose: 'packet' });
  const other = server.ask('find', { feed: 'a', what: 'x', position: 0 }, { purpose: 'find' });
  const second = server.ask('packet', { row: 8 }, { purpose: 'packet' });
  expect(await first).toBeUndefined();
  expect(sent.map(({ init }) => init.signal!.aborted)).toEqual([true, false, false]);
  sent[1]!.answer(200, '{"position":1}');
  sent[2]!.answer(200, '{"hex":"01"}');
  expect(await other).toEqual({ position: 1 });
  expect(await second).toEqual({ hex: '01' });
});

test('gives up nothing that has been answered', async () => {
  const first = server.ask('packet', PACKET, { purpose: 'packet' });
  sent[0]!.answer(200, '{}');
  await first;
  const second = server.ask('packet', PACKET, { purpose: 'packet' });
  expect(sent[0]!.init.signal!.aborted).toBe(false);
  sent[1]!.answer(200, '{}');
  await second;
});

test('resolves to undefined if the caller gives it up', async () => {
  const controller = new AbortController();
  const answer = server.ask('packet', PACKET, { signal: controller.signal });
  controller.abort();
  expect(await answer).toBeUndefined();
});

test('throws what is wrong with a download', async () => {
  const download = server.download('save', { format: 'log' }, 'packets.log');
  expect(sent[0]!.url).toBe('api/save');
  sent[0]!.answer(503, '{"problem":"4 files are being saved"}');
  await expect(download).rejects.toMatchObject({ status: 503, message: '4 files are being saved' });
});
