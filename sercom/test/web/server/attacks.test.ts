import { once } from 'node:events';
import { connect } from 'node:net';
import { networkInterfaces } from 'node:os';
import { describe, expect, onTestFinished, test } from 'vitest';
import {
  connection,
  EVIL,
  expectNoCors,
  expectRefused,
  expectUnharmed,
  JSON_TYPE,
  SECRETS,
  served,
  untilServed,
} from '../../support/attacks.js';
import { servePage } from '../../support/page-client.js';
import { run } from '../../support/sercom-process.js';

describe('a client without the token', () => {
  test('gets nothing that is secret', async () => {
    const { client } = await served();
    const wrong = ['', 'Bearer', `Bearer ${client.token}x`, `Bearer ${client.token.slice(1)}`, `Basic ${client.token}`];
    for (const [method, path] of SECRETS) {
      for (const authorization of [undefined, ...wrong]) {
        const headers = { ...JSON_TYPE, ...(authorization !== undefined && { Authorization: authorization }) };
        const answer = await client.raw(path, { method, headers }, method === 'POST' ? '{}' : undefined);
        expectRefused(answer, 401, `${path} with ${authorization}`);
        expect(answer.body.toString()).not.toContain(client.token);
      }
    }
    await expectUnharmed(client);
  });

  test('gets nothing with the token in the query, where logs and histories keep it', async () => {
    const { client } = await served();
    for (const path of ['/api/feed', '/metrics', '/', '/api/packet']) {
      const answer = await client.raw(`${path}?token=${client.token}`);
      expectRefused(answer, 401);
    }
    await expectUnharmed(client);
  });

  test('gets the page, which has no secrets', async () => {
    const { client, token } = await served();
    for (const [path, type] of [
      ['/', 'text/html'],
      ['/page.js', 'text/javascript'],
      ['/page.css', 'text/css'],
    ] as const) {
      const { status, headers, body } = await client.raw(path);
      expect(status).toBe(200);
      expect(headers['content-type']).toBe(`${type}; charset=utf-8`);
      expect(body.toString()).not.toContain(token);
    }
  });
});

test('every answer tells the browser what the page may do, and keeps it away from other sites', async () => {
  const { client } = await served();
  const answers = [await client.raw('/'), await client.get('/metrics'), await client.raw('/nothing')];
  for (const { headers } of answers) {
    expect(headers['content-security-policy']).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' blob: data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-resource-policy': 'same-origin',
      'cache-control': 'no-store',
    });
  }
});

describe('a web page whose name leads to this machine (DNS rebinding)', () => {
  test('gets nothing, as its host is not one of this machine', async () => {
    const { client, token } = await served();
    const hosts = [
      'evil.example',
      'evil.example:80',
      '127.0.0.1.evil.example',
      'localhost.evil.example',
      'localhost@evil.example',
      '192.0.2.1',
      '[2001:db8::1]',
      '[127.0.0.1',
    ];
    for (const host of hosts) {
      for (const path of ['/', '/page.js', '/metrics', '/api/feed']) {
        const headers = { Host: host, Authorization: `Bearer ${token}` };
        expectRefused(await client.raw(path, { headers }), 421, `${path} of ${host}`);
      }
    }
    await expectUnharmed(client);
  });

  test('gets nothing without a host', async () => {
    const { client, token } = await served();
    const headers = { Authorization: `Bearer ${token}` };
    expectRefused(await client.raw('/metrics', { setHost: false, headers }), 400);
  });

  test('is not what people open who use ssh -L, or another name of this machine', async () => {
    const { client, token } = await served();
    for (const host of ['localhost:9000', '127.0.0.1', '[::1]:80', 'LOCALHOST']) {
      const headers = { Host: host, Origin: `http://${host}`, Authorization: `Bearer ${token}` };
      expect((await client.raw('/metrics', { headers })).status).toBe(200);
    }
  });
});

describe('another site', () => {
  test('cannot send requests, even with the token', async () => {
    const { client, token, process } = await served('--allow-send');
    const foreign: Record<string, string>[] = [
      { Origin: 'http://evil.example' },
      { Origin: 'null' },
      { Origin: 'http://localhost:3000' },
      { Origin: 'https://127.0.0.1' },
      { 'Sec-Fetch-Site': 'cross-site' },
      { 'Sec-Fetch-Site': 'same-site' },
      { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate', 'Sec-Fetch-Dest': 'document' },
    ];
    for (const [method, path] of SECRETS) {
      for (const each of foreign) {
        const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}`, ...each };
        const body = method === 'POST' ? EVIL : undefined;
        expectRefused(await client.raw(path, { method, headers }, body), 403, `${path} with ${JSON.stringify(each)}`);
      }
    }
    await expectUnharmed(client);
    expect(process.stdout).not.toContain('evil');
  });

  test('cannot send what needs no permission of the server, such as a form', async () => {
    const { client, token, process } = await served('--allow-send');
    const types = [
      '',
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'text/plain; application/json',
    ];
    for (const type of types) {
      const headers = { Authorization: `Bearer ${token}`, ...(type !== '' && { 'Content-Type': type }) };
      expectRefused(await client.raw('/api/send', { method: 'POST', headers }, EVIL), 415, type);
    }
    await expectUnharmed(client);
    expect(process.stdout).not.toContain('evil');
  });

  test('gets no permission of the server (CORS)', async () => {
    const { client, host, port } = await served();
    for (const [method, path] of SECRETS) {
      for (const Origin of ['http://evil.example', `http://${host}:${port}`]) {
        const headers = {
          Origin,
          'Access-Control-Request-Method': method,
          'Access-Control-Request-Headers': 'authorization,content-type',
          'Access-Control-Request-Private-Network': 'true',
        };
        const answer = await client.raw(path, { method: 'OPTIONS', headers });
        expect([403, 405]).toContain(answer.status);
        expectNoCors(answer);
      }
    }
  });

  test('can link to the page, but not embed it or its parts', async () => {
    const { client } = await served();
    const from = (mode: string, dest: string) => ({
      headers: { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': mode, 'Sec-Fetch-Dest': dest },
    });
    expect((await client.raw('/', from('navigate', 'document'))).status).toBe(200);
    expectRefused(await client.raw('/', from('navigate', 'iframe')), 403);
    expectRefused(await client.raw('/', from('no-cors', 'object')), 403);
    expectRefused(await client.raw('/page.js', from('no-cors', 'script')), 403);
    expectRefused(await client.raw('/page.css', from('no-cors', 'style')), 403);
  });
});

describe('without --allow-send', () => {
  test('nothing is sent, and no marker is set', async () => {
    const { client, process } = await served();
    const feed = await client.feed();
    expect(feed.hello).toMatchObject({ canSend: false });
    const answers = [
      await client.post('send', { name: 0, format: 'text', text: 'evil' }),
      await client.post('send', { name: 0, format: 'hex', text: '00', replyTimeoutMs: 10 }),
      await client.post('mark', { text: 'evil' }),
    ];
    for (const answer of answers) {
      expect(answer.status).toBe(403);
      expect(answer.json().problem).toMatch(/--allow-send$/);
    }
    expect(process.stdout).not.toContain('evil');
  });

  test('a recording sends nothing at all', async () => {
    const { code, stderr } = await run('replay', '-', '--web', '--allow-send');
    expect(stderr).toMatch(/^sercom: unknown option '--allow-send'/);
    expect(code).toBe(2);
  });
});

describe('an address that other machines can reach', () => {
  test.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:0'])('is refused without --web-public: %s', async (address) => {
    const { code, stderr, stdout } = await run('monitor', 'sim:', '--web', '--web-listen', address);
    expect(stderr).toMatch(
      /^sercom: --web-listen \S+: other machines can reach this address; use 127\.0\.0\.1 and ssh -L, or add --web-public\n$/,
    );
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  const own = Object.values(networkInterfaces())
    .flatMap((each) => each ?? [])
    .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

  test('is served with --web-public after a warning, and guarded as well', async () => {
    const page = await servePage('monitor', 'sim:', '--web-listen', '0.0.0.0:0', '--web-public');
    expect(page.process.stderr).toMatch(
      /^sercom: warning: other machines can reach the page on 0\.0\.0\.0:\d+, without encryption: .*; use a firewall, or 127\.0\.0\.1 and ssh -L$/m,
    );
    expect(page.host).toBe(own ?? '127.0.0.1');
    await expectUnharmed(page.client);
    expectRefused(await page.client.raw('/metrics'), 401);
    const headers = { Host: 'evil.example', Authorization: `Bearer ${page.token}` };
    expectRefused(await page.client.raw('/metrics', { headers }), 421);
    const cross = { Origin: 'http://evil.example', Authorization: `Bearer ${page.token}` };
    expectRefused(await page.client.raw('/metrics', { headers: cross }), 403);
  });

  test.skipIf(own === undefined)('is not reached without --web-listen (needs a network)', async () => {
    const { port } = await served();
    const socket = connect({ host: own!, port });
    onTestFinished(() => void socket.destroy());
    await expect(once(socket, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });
});

test('a client that resets its connection at once harms nobody', async () => {
  const { client, host, port, token, process } = await served();
  for (const path of ['/', '/api/feed', '/metrics']) {
    for (let round = 0; round < 10; round++) {
      const socket = await connection(host, port);
      socket.write(`GET ${path} HTTP/1.1\r\nHost: ${host}\r\nAuthorization: Bearer ${token}\r\n\r\n`);
      socket.resetAndDestroy();
    }
  }
  await untilServed(client, '/metrics', /^sercom_web_feeds 0$/m);
  expect(process.stderr).not.toMatch(/error|ECONN|EPIPE/i);
});

test('what was refused is counted by reason', async () => {
  const { client } = await served();
  await client.raw('/metrics');
  await client.raw('/metrics', { headers: { Host: 'evil.example' } });
  await client.raw('/', { headers: { Origin: 'http://evil.example' } });
  const text = (await client.get('/metrics')).body.toString();
  expect(text).toMatch(/^sercom_web_refused_requests_total\{reason="token"\} 1$/m);
  expect(text).toMatch(/^sercom_web_refused_requests_total\{reason="host"\} 1$/m);
  expect(text).toMatch(/^sercom_web_refused_requests_total\{reason="origin"\} 1$/m);
});

test('each run has a token of its own, which opens no other page', async () => {
  const one = await served();
  const other = await served();
  expect(one.token).toMatch(/^[\w-]{32}$/);
  expect(one.token).not.toBe(other.token);
  expectRefused(await one.client.raw('/metrics', { headers: { Authorization: `Bearer ${other.token}` } }), 401);
});
