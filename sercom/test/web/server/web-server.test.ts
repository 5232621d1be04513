import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { redirectMessages } from '../../../src/terminal/message.js';
import { EventStream } from '../../../src/web/server/event-stream.js';
import type { Limits } from '../../../src/web/server/limits.js';
import { Token } from '../../../src/web/server/token.js';
import { type Route, WebServer } from '../../../src/web/server/web-server.js';
import { PageClient } from '../../support/page-client.js';

/** Serves one path, `/x`. */
async function serve(route: Route, limits: Partial<Limits> = {}) {
  const token = await Token.create();
  const server = await WebServer.open({
    address: { host: '127.0.0.1', port: 0 },
    isPublic: false,
    token,
    files: new Map(),
    routes: new Map([['/x', route]]),
    limits,
  });
  let closing: Promise<void> | undefined;
  const close = () => {
    closing ??= server.close();
    return closing;
  };
  onTestFinished(close);
  const port = Number(new URL(server.origin).port);
  return { server, close, port, client: new PageClient('127.0.0.1', port, token.text) };
}

/** Sends the headers of a request for `/x`. */
async function requested(port: number, token: string, method = 'GET', more = ''): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port });
  onTestFinished(() => void socket.destroy());
  socket.on('error', () => {
    // The server has cut it.
  });
  await once(socket, 'connect');
  socket.write(`${method} /x HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${token}\r\n${more}\r\n`);
  return socket;
}

/** Collects messages until the test ends. */
function messages(): string[] {
  const lines: string[] = [];
  redirectMessages((line) => lines.push(line));
  onTestFinished(() => redirectMessages());
  return lines;
}

describe('the server', () => {
  test('refuses clients that ask too often, those without the token by themselves', async () => {
    // The next one may come after a thousand seconds.
    const limits = { requestsPerSecond: 0.001, requestsAtOnce: 5 };
    const { client, server } = await serve({ method: 'GET', answer: (exchange) => exchange.json('yes') }, limits);
    const without = Array.from({ length: 8 }, () => client.raw('/x'));
    expect((await Promise.all(without)).map(({ status }) => status).sort()).toEqual([
      401, 401, 401, 401, 401, 429, 429, 429,
    ]);
    // A wrong token does not help.
    const wrong = await client.raw('/x', { headers: { Authorization: `Bearer ${client.token}x` } });
    expect({ status: wrong.status, wait: wrong.headers['retry-after'], ...wrong.json() }).toEqual({
      status: 429,
      wait: '1',
      problem: 'too many requests; wait a second',
    });
    const having = Array.from({ length: 8 }, () => client.get('/x'));
    expect((await Promise.all(having)).map(({ status }) => status).sort()).toEqual([
      200, 200, 200, 200, 200, 429, 429, 429,
    ]);
    expect(server.refusals.get('rate')).toBe(7);
  });

  test('cuts off a client that takes nothing of an answer', async () => {
    let isCut = false;
    const { port, client } = await serve(
      {
        method: 'GET',
        answer: async (exchange) => {
          exchange.signal.addEventListener('abort', () => {
            isCut = true;
          });
          await exchange.file('text/plain', endless());
        },
      },
      { stallTimeoutMs: 300 },
    );
    const socket = await requested(port, client.token);
    socket.pause();
    await vi.waitFor(() => expect(isCut).toBe(true), { timeout: 15_000 });
  });

  test('cuts off a client that takes nothing of a feed, which goes on sending when it may', async () => {
    let sent = 0;
    let closed = 0;
    const { port, client } = await serve(
      {
        method: 'GET',
        answer({ response }) {
          const send = () => {
            while (!stream.isBlocked) {
              stream.send('batch', 'x'.repeat(1_000_000));
              sent++;
            }
          };
          const stream: EventStream = new EventStream(response, 50, send, () => closed++);
          send();
        },
      },
      { stallTimeoutMs: 300 },
    );
    const socket = await requested(port, client.token);
    socket.pause();
    await vi.waitFor(() => expect(closed).toBe(1), { timeout: 15_000 });
    // What the operating system takes, and one more.
    expect(sent).toBeLessThan(100);
  });

  test('cuts off a client whose body does not come', async () => {
    const { port, client } = await serve(
      { method: 'POST', answer: async (exchange) => exchange.json((await exchange.fields()).has('x')) },
      { requestTimeoutMs: 300, headersTimeoutMs: 300 },
    );
    const type = 'Content-Type: application/json\r\nContent-Length: 10\r\n';
    const socket = await requested(port, client.token, 'POST', type);
    socket.write('{');
    const received: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    await once(socket, 'close');
    expect(Buffer.concat(received).toString()).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
  });

  test('counts what the parser of Node refuses, but no connection that was lost', async () => {
    const { port, client, server } = await serve(
      { method: 'GET', answer: (exchange) => exchange.json('yes') },
      { requestTimeoutMs: 300, headersTimeoutMs: 300, headerBytes: 1_000 },
    );
    const lost = await requested(port, client.token);
    lost.resetAndDestroy();
    const answers: string[] = [];
    for (const text of [
      '\x16\x03\x01\r\n\r\n',
      `GET /x HTTP/1.1\r\nX: ${'x'.repeat(2_000)}\r\n\r\n`,
      'GET /x HTTP/1.1\r\n',
    ]) {
      const socket = connect({ host: '127.0.0.1', port });
      onTestFinished(() => void socket.destroy());
      socket.on('error', () => {
        // The server has cut it.
      });
      socket.on('data', (data) => answers.push(data.toString().slice(0, 12)));
      socket.write(text);
      await once(socket, 'close');
    }
    expect(answers).toEqual(['HTTP/1.1 400', 'HTTP/1.1 431', 'HTTP/1.1 408']);
    await vi.waitFor(() => expect(Object.fromEntries(server.refusals)).toEqual({ malformed: 1, headers: 1, slow: 1 }));
    const headers = { Authorization: `Bearer ${client.token}` };
    expect((await client.raw('/x', { setHost: false, headers })).status).toBe(400);
    expect(server.refusals.get('malformed')).toBe(2);
    expect((await client.raw('/x', { headers: { ...headers, Expect: 'miracles' } })).status).toBe(200);
  });

  test('lets a client wait for an answer that takes long', async () => {
    const { client } = await serve(
      {
        method: 'GET',
        async answer(exchange) {
          const answered = exchange.awaitAnswer();
          await delay(600);
          exchange.json('late');
          answered();
        },
      },
      { stallTimeoutMs: 200 },
    );
    expect((await client.get('/x')).json()).toBe('late');
  });

  test('says that it has failed, to the client without details', async () => {
    const lines = messages();
    const { client } = await serve({
      method: 'GET',
      answer() {
        throw new Error('the secret is 42');
      },
    });
    const answer = await client.get('/x');
    expect({ status: answer.status, ...answer.json() }).toEqual({
      status: 500,
      problem: 'sercom has failed; see its messages',
    });
    expect(lines).toEqual(['sercom: the page: the secret is 42\n']);
  });

  test('cuts off an answer that cannot be completed, so that it is not taken for a whole one', async () => {
    messages();
    const { client } = await serve({
      method: 'GET',
      answer: (exchange) =>
        exchange.file(
          'text/plain',
          (async function* () {
            yield 'the beginning';
            await delay(0);
            throw new Error('no more');
          })(),
        ),
    });
    expect((await client.get('/x')).status).toBe(0);
  });

  test('ends although clients keep their connections', async () => {
    const { port, client, close } = await serve({
      method: 'GET',
      answer: (exchange) => exchange.file('text/plain', endless()),
    });
    const stalled = await requested(port, client.token);
    stalled.pause();
    const idle = connect({ host: '127.0.0.1', port });
    idle.on('error', () => {});
    onTestFinished(() => void idle.destroy());
    await once(idle, 'connect');
    await close();
    await expect(client.get('/x')).resolves.toMatchObject({ status: 0 });
  });
});

describe('an address', () => {
  const open = (host: string, port: number, isPublic = false) =>
    Token.create().then((token) =>
      WebServer.open({ address: { host, port }, isPublic, token, files: new Map(), routes: new Map() }),
    );

  test('that another program uses is refused', async () => {
    const { port } = await serve({ method: 'GET', answer() {} });
    await expect(open('127.0.0.1', port)).rejects.toMatchObject({
      exitCode: 1,
      message: `--web-listen 127.0.0.1:${port}: another program listens there; choose another port`,
    });
  });

  test('that this machine does not have is refused', async () => {
    await expect(open('192.0.2.1', 0, true)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^--web-listen 192\.0\.2\.1:0: this machine does not have this address; /),
    });
  });

  test('whose host is unknown is refused', async () => {
    await expect(open('nowhere.invalid', 0)).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(/^--web-listen nowhere\.invalid:0: .*; \w/),
    });
  });

  test('may be a name', async () => {
    const server = await open('localhost', 0);
    expect(server.origin).toMatch(/^http:\/\/localhost:\d+\/$/);
    await server.close();
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));

  test.skipIf(!hasIpv6)('may be of IPv6 (needs IPv6)', async () => {
    const server = await open('::1', 0);
    expect(server.origin).toMatch(/^http:\/\/\[::1\]:\d+\/$/);
    await server.close();
  });
});

describe('an event stream', () => {
  test('sends a comment from time to time, so that the client knows that it is alive', async () => {
    const { port, client } = await serve({
      method: 'GET',
      answer({ response }) {
        new EventStream(
          response,
          100,
          () => {},
          () => {},
        );
      },
    });
    const socket = await requested(port, client.token);
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    await vi.waitFor(() => expect(text.split(':\n\n').length).toBeGreaterThan(3), { timeout: 15_000 });
    expect(text).toMatch(/\r\nContent-Type: text\/event-stream; charset=utf-8\r\n/);
  });

  test('is blocked until the client takes what was sent, and says when it is not any more', async () => {
    let stream: EventStream | undefined;
    let unblocked = 0;
    let closed = 0;
    const { port, client } = await serve({
      method: 'GET',
      answer({ response }) {
        stream = new EventStream(
          response,
          60_000,
          () => unblocked++,
          () => closed++,
        );
      },
    });
    const socket = await requested(port, client.token);
    socket.pause();
    await vi.waitFor(() => expect(stream).toBeDefined());
    while (!stream!.isBlocked || unblocked > 0) {
      unblocked = 0;
      stream!.send('batch', 'x'.repeat(1_000_000));
      // What the operating system takes, it takes at once.
      await new Promise((resolve) => setImmediate(resolve));
    }
    socket.resume();
    await vi.waitFor(() => expect(unblocked).toBe(1));
    expect(stream!.isBlocked).toBe(false);
    socket.destroy();
    await vi.waitFor(() => expect(closed).toBe(1));
  });
});

async function* endless(): AsyncGenerator<string> {
  while (true) {
    yield 'x'.repeat(65_536);
  }
}
