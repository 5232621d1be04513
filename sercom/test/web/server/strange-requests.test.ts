import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  connection,
  everything,
  expectRefused,
  expectUnharmed,
  JSON_TYPE,
  SECRETS,
  served,
  untilServed,
} from '../../support/attacks.js';

/** Requests that no page sends. */
const NONSENSE: readonly (readonly [api: string, body: string])[] = [
  ['rows', '[]'],
  ['rows', 'null'],
  ['rows', '{'],
  ['rows', ''],
  ['rows', '{"feed":1,"position":0,"count":1}'],
  ['packet', '{"row":-1}'],
  ['packet', '{"row":1.5}'],
  ['packet', '{"row":"0"}'],
  ['packet', '{"__proto__":{"row":0}}'],
  ['plot', '{"series":[0.5],"columns":10}'],
  ['plot', '{"series":[99],"columns":10}'],
  ['plot', '{"series":{"length":1e9},"columns":10}'],
  ['plot', '{"series":[],"columns":1e9}'],
  ['plot', '{"series":[],"columns":10,"fromUs":2,"toUs":1}'],
  ['save', '{"format":"exe"}'],
  ['save', '{"format":"toString"}'],
  ['save-plot', '{"series":[7]}'],
  ['send', '{"name":7,"format":"text","text":""}'],
  ['send', '{"name":0,"format":"text"}'],
  ['send', '{"name":0,"format":"text","text":"x","replyTimeoutMs":1e99}'],
  ['mark', `{"text":"${'x'.repeat(201)}"}`],
];

describe('a client that asks for too much', () => {
  test('cannot send a long body, announced or not', async () => {
    const { client, token } = await served();
    const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}` };
    const body = `{"row":0,"more":"${'x'.repeat(70_000)}"}`;
    expectRefused(await client.raw('/api/packet', { method: 'POST', headers }, body), 413);
    const chunked = { ...headers, 'Transfer-Encoding': 'chunked' };
    expectRefused(await client.raw('/api/packet', { method: 'POST', headers: chunked }, body), 413);
    await expectUnharmed(client);
  });

  test('cannot make the server read a body without the token', async () => {
    const { client, host, port } = await served('--allow-send');
    const socket = await connection(host, port);
    socket.write(
      `POST /api/send HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n`,
    );
    // The answer comes although no body does.
    expect(await everything(socket)).toMatch(/^HTTP\/1\.1 401 /);
    await expectUnharmed(client);
  });

  test('cannot send long headers, or many', async () => {
    const { client, token } = await served();
    const long = { Authorization: `Bearer ${token}`, 'X-Long': 'x'.repeat(10_000) };
    expectRefused(await client.raw('/metrics', { headers: long }), 431);
    const many = Object.fromEntries(Array.from({ length: 1_000 }, (_, index) => [`X-${index}`, 'x'.repeat(10)]));
    expectRefused(await client.raw('/metrics', { headers: many }), 431);
    await expectUnharmed(client);
  });

  test('cannot keep a connection busy with slow headers, or with none', async () => {
    const { client, host, port } = await served();
    const silent = everything(await connection(host, port));
    const slow = await connection(host, port);
    slow.write('GET / HTTP/1.1\r\n');
    const dripping = setInterval(() => slow.write('X-Slow: 1\r\n'), 500);
    onTestFinished(() => clearInterval(dripping));
    const answers = await Promise.all([silent, everything(slow)]);
    for (const answer of answers) {
      expect(answer).toMatch(/^(?:HTTP\/1\.1 408 |$)/);
    }
    await expectUnharmed(client);
  });

  test('cannot keep a connection that it does not use', async () => {
    const { client, host, port } = await served();
    const socket = await connection(host, port);
    socket.write(`GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    expect(await everything(socket)).toMatch(/^HTTP\/1\.1 200 /);
    await expectUnharmed(client);
  });

  test('cannot open any number of connections', async () => {
    const { client, host, port } = await served();
    const sockets = Array.from({ length: 80 }, () => connect({ host, port }));
    onTestFinished(() => sockets.forEach((socket) => void socket.destroy()));
    let closed = 0;
    const isRefused = new Promise<void>((resolve) => {
      for (const socket of sockets) {
        socket.on('error', () => {});
        socket.on('close', () => {
          closed++;
          if (closed === 80 - 64) {
            resolve();
          }
        });
      }
    });
    await isRefused;
    for (const socket of sockets) {
      socket.destroy();
    }
    await delay(0);
    await untilServed(client);
    const refused = /^sercom_web_refused_connections_total (\d+)$/m.exec(
      (await client.get('/metrics')).body.toString(),
    );
    expect(Number(refused?.[1])).toBeGreaterThanOrEqual(16);
  });

  test('cannot open any number of feeds', async () => {
    const { client } = await served();
    const feeds = [];
    for (let index = 0; index < 8; index++) {
      feeds.push(await client.feed());
    }
    const refused = await client.get('/api/feed');
    expect(refused.status).toBe(503);
    expect(refused.json().problem).toBe('8 pages are open already; close one');
    feeds[0]!.close();
    await untilServed(client, '/metrics', /^sercom_web_feeds 7$/m);
    await client.feed();
  });
});

describe('a client that asks for something else', () => {
  test('gets no other file', async () => {
    const { client } = await served();
    const paths = [
      '/../package.json',
      '/..%2f..%2fpackage.json',
      '/%2e%2e/%2e%2e/package.json',
      '/page.js/../../server/token.js',
      '//etc/passwd',
      '/web-page.js',
      '/server/token.js',
      '/page.js%00.html',
      '/index.html',
      '/\\..\\..\\package.json',
      'http://127.0.0.1/page.js',
      '*',
      '/page.js?x',
      '/__proto__',
      '/constructor',
    ];
    for (const path of paths) {
      const answer = await client.raw(path, { headers: { Authorization: `Bearer ${client.token}` } });
      expectRefused(answer, 404, path);
    }
    await expectUnharmed(client);
  });

  test('cannot use other methods', async () => {
    const { client, token } = await served('--allow-send');
    const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}` };
    for (const method of ['PUT', 'DELETE', 'PATCH', 'TRACE', 'OPTIONS', 'PROPFIND']) {
      for (const path of ['/', '/metrics', '/api/send', '/nothing']) {
        expectRefused(await client.raw(path, { method, headers }), 405, `${method} ${path}`);
      }
    }
    for (const [method, path] of SECRETS) {
      const wrong = method === 'GET' ? 'POST' : 'GET';
      const answer = await client.raw(path, { method: wrong, headers }, wrong === 'POST' ? '{}' : undefined);
      expectRefused(answer, 405, `${wrong} ${path}`);
      expect(answer.headers.allow).toBe(method);
      expectRefused(await client.raw(path, { method: 'HEAD', headers }), 405, `HEAD ${path}`);
    }
    await expectUnharmed(client);
  });

  test('cannot open a tunnel or a web socket', async () => {
    const { client, host, port, token } = await served();
    for (const [target, status] of [
      ['example.com:443', 421],
      [`${host}:${port}`, 405],
    ] as const) {
      const tunnel = await connection(host, port);
      const headers = `Host: ${target}\r\nAuthorization: Bearer ${token}\r\n`;
      tunnel.write(`CONNECT ${target} HTTP/1.1\r\n${headers}\r\nGET /metrics HTTP/1.1\r\n${headers}\r\n`);
      expect(await everything(tunnel)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} (?![^]*HTTP/1)`));
    }
    const counts = (await client.get('/metrics')).body.toString();
    expect(counts).toMatch(/^sercom_web_refused_requests_total\{reason="host"\} 1$/m);
    expect(counts).toMatch(/^sercom_web_refused_requests_total\{reason="method"\} 1$/m);
    const headers = { Connection: 'Upgrade', Upgrade: 'websocket', Authorization: `Bearer ${token}` };
    expect((await client.raw('/api/nothing', { headers })).status).toBe(404);
    await expectUnharmed(client);
  });

  test('gets an error for what is not HTTP', async () => {
    const { client, host, port } = await served();
    const texts = [
      '',
      'hello',
      '\0\x01\x02',
      // The beginning of TLS.
      '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1',
      'GET / HTTP/9.9\r\n\r\n',
      // Two lengths, which servers may understand differently.
      'POST /api/rows HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n',
    ];
    for (const text of texts) {
      const socket = await connection(host, port);
      const answer = everything(socket);
      socket.end(Buffer.from(text, 'latin1'));
      expect(await answer).toMatch(/^(?:HTTP\/1\.1 4\d\d |$)/);
    }
    await expectUnharmed(client);
  });

  test('gets an error for a request that makes no sense', async () => {
    const { client, token } = await served('--allow-send');
    const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}` };
    for (const [api, body] of NONSENSE) {
      const answer = await client.raw(`/api/${api}`, { method: 'POST', headers }, body);
      expectRefused(answer, 400, `${api} ${body}`);
    }
    await expectUnharmed(client);
  });

  test('gets an error for a feed that does not exist', async () => {
    const { client } = await served();
    for (const [api, body] of [
      ['view', { view: 1, follow: 0 }],
      ['rows', { position: 0, count: 1 }],
      ['locate', { row: 0 }],
      ['find', { what: 'x', position: 0 }],
      ['save', { format: 'log' }],
    ] as const) {
      expectRefused(await client.post(api, { ...body, feed: 'other' }), 404);
    }
  });
});
