import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { connection, EVIL, everything, expectUnharmed, served } from '../../support/attacks.js';
import { servePage } from '../../support/page-client.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** The bytes of a request. */
function requestText(first: string, headers: Readonly<Record<string, string | readonly string[]>>, body = ''): string {
  const lines = Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => `${name}: ${value}\r\n`),
  );
  return `${first}\r\n${lines.join('')}\r\n${body}`;
}

/** Sends bytes over a connection of its own, and returns everything that comes back until it is closed. */
async function answerTo(page: { host: string; port: number }, text: string): Promise<string> {
  const socket = await connection(page.host, page.port);
  const answer = everything(socket);
  socket.write(Buffer.from(text, 'latin1'));
  return answer;
}

/** The status lines of answers. */
function statuses(answer: string): number[] {
  return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status));
}

test('a request with two hosts is refused, whichever is the right one', async () => {
  const page = await served();
  const Authorization = `Bearer ${page.token}`;
  for (const Host of [
    ['127.0.0.1', 'evil.example'],
    ['evil.example', '127.0.0.1'],
    ['127.0.0.1', '127.0.0.1'],
  ]) {
    const text = requestText('GET /metrics HTTP/1.1', { Host, Authorization, Connection: 'close' });
    expect(statuses(await answerTo(page, text))[0]).toBeOneOf([400, 421]);
  }
  await expectUnharmed(page.client);
});

test('a host is accepted in no other form than those that browsers write', async () => {
  const page = await served();
  for (const Host of [
    '127.0.0.1.',
    'localhost.',
    '0.0.0.0',
    '[::]',
    '[::ffff:8.8.8.8]',
    '127.1',
    '2130706433',
    '0x7f.0.0.1',
    '127.0.0.1:http',
    '127.0.0.1:123456',
    'user@127.0.0.1',
    '127.0.0.1, evil.example',
    '127.0.0.1/evil.example',
    'http://127.0.0.1',
    '[::1%25lo]',
    '',
  ]) {
    const headers = { Host, Authorization: `Bearer ${page.token}`, Connection: 'close' };
    const answer = await answerTo(page, requestText('GET /metrics HTTP/1.1', headers));
    expect({ Host, status: statuses(answer)[0] }).toEqual({ Host, status: 421 });
  }
  await expectUnharmed(page.client);
});

test('HTTP/1.0 gets no further than HTTP/1.1', async () => {
  const page = await served();
  const Authorization = `Bearer ${page.token}`;
  // A host is not required there.
  expect(statuses(await answerTo(page, requestText('GET /metrics HTTP/1.0', { Authorization })))).toEqual([421]);
  const evil = requestText('GET / HTTP/1.0', { Host: 'evil.example' });
  expect(statuses(await answerTo(page, evil))).toEqual([421]);
  expect(statuses(await answerTo(page, requestText('GET /metrics HTTP/1.0', { Host: 'localhost' })))).toEqual([401]);
  const right = requestText('GET /metrics HTTP/1.0', { Host: 'localhost', Authorization });
  expect(statuses(await answerTo(page, right))).toEqual([200]);
});

test('a request for a whole URL is refused, so that its host cannot differ from the header', async () => {
  const page = await served();
  const headers = { Host: '127.0.0.1', Authorization: `Bearer ${page.token}`, Connection: 'close' };
  for (const target of ['http://evil.example/', 'http://127.0.0.1/', '//evil.example/', 'https://127.0.0.1/metrics']) {
    expect(statuses(await answerTo(page, requestText(`GET ${target} HTTP/1.1`, headers)))).toEqual([404]);
  }
});

test('the body of a refused request is not taken for another request', async () => {
  const page = await served('--allow-send');
  const { host, token } = page;
  const json = { 'Content-Type': 'application/json', Authorization: `Bearer ${token}` };
  const hidden = requestText(
    'POST /api/send HTTP/1.1',
    { Host: host, ...json, 'Content-Length': String(EVIL.length) },
    EVIL,
  );
  for (const headers of [
    { Host: host, 'Content-Length': String(hidden.length) },
    { Host: 'evil.example', ...json, 'Content-Length': String(hidden.length) },
    { Host: host, ...json, 'Content-Type': 'text/plain', 'Content-Length': String(hidden.length) },
    // Two lengths, of which one would end the request before its body.
    { Host: host, ...json, 'Content-Length': ['0', String(hidden.length)] },
    { Host: host, ...json, 'Transfer-Encoding': 'chunked', 'Content-Length': '0' },
    { Host: host, ...json, 'Transfer-Encoding': ' chunked, identity' },
  ]) {
    const answer = await answerTo(page, requestText('POST /api/send HTTP/1.1', headers, hidden));
    expect(statuses(answer)).toHaveLength(1);
    expect(statuses(answer)[0]).toBeGreaterThanOrEqual(400);
  }
  await expectUnharmed(page.client);
  expect(page.process.stdout).not.toContain('evil');
});

test('a body in chunks is refused when it is too long, also if only what is around the chunks is', async () => {
  const page = await served();
  const headers = {
    Host: page.host,
    Authorization: `Bearer ${page.token}`,
    'Content-Type': 'application/json',
    'Transfer-Encoding': 'chunked',
  };
  const small = `${'1\r\n \r\n'.repeat(70_000)}0\r\n\r\n`;
  const extended = `2;${'x'.repeat(100_000)}\r\n{}\r\n0\r\n\r\n`;
  const trailed = `2\r\n{}\r\n0\r\n${'X: y\r\n'.repeat(10_000)}\r\n`;
  for (const body of [small, extended, trailed]) {
    const answer = await answerTo(page, requestText('POST /api/packet HTTP/1.1', headers, body));
    // Its rest is not read, so the connection may be cut before the answer is.
    expect(statuses(answer)[0] ?? 413).toBeOneOf([400, 413, 431]);
  }
  await expectUnharmed(page.client);
});

test('no other protocol can be chosen', async () => {
  const page = await served();
  for (const Upgrade of ['websocket', 'h2c', 'TLS/1.0']) {
    const headers = { Host: page.host, Connection: 'Upgrade, close', Upgrade, 'Sec-WebSocket-Version': '13' };
    for (const target of ['/', '/api/feed']) {
      expect(statuses(await answerTo(page, requestText(`GET ${target} HTTP/1.1`, headers)))[0]).not.toBe(101);
    }
  }
  expect(await answerTo(page, 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')).toMatch(/^(?:HTTP\/1\.1 4\d\d |$)/);
  await expectUnharmed(page.client);
});

test('there are not more searches at a time than a few', async () => {
  const file = path.join(await temporaryFolder(), 'a.log');
  const records = 100_000;
  await writeFile(file, '(1700000000.000000) arm rx#00112233\n'.repeat(records));
  const page = await servePage('replay', file, '-q');
  const feed = await page.client.feed();
  await feed.until(() => feed.latest.end !== undefined && feed.latest.held?.end === records);
  const body = JSON.stringify({ feed: feed.id, what: 'nowhere', position: 0 });
  const headers = {
    Host: page.host,
    Authorization: `Bearer ${page.token}`,
    'Content-Type': 'application/json',
    'Content-Length': String(body.length),
  };
  // They come at once, and each takes many turns of the event loop.
  const answer = statuses(await answerTo(page, requestText('POST /api/find HTTP/1.1', headers, body).repeat(40)));
  expect(answer).toHaveLength(40);
  expect(new Set(answer)).toEqual(new Set([200, 503]));
  expect(answer.filter((status) => status === 200).length).toBeGreaterThanOrEqual(16);
  // Their places are free again.
  expect((await page.client.post('find', JSON.parse(body))).json()).toEqual({});
});
