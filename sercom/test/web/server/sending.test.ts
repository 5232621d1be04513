import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import type { SendAnswer } from '../../../src/web/protocol.js';
import { openIdDevice } from '../../support/id-device.js';
import { type PageClient, servePage } from '../../support/page-client.js';
import { jsonLines, run } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

function send(client: PageClient, packet: object): Promise<SendAnswer> {
  return client.ask<SendAnswer>('send', { name: 0, ...packet });
}

describe('with --allow-send, the page of a simulated board that echoes', () => {
  test('sends hex, text and JSON, which screen and log get too', async () => {
    const log = path.join(await temporaryFolder(), 'a.log');
    const options = ['--allow-send', '--input', 'text', '--json', '--log', log, '--encode', 'msgpack'];
    const { client, process } = await servePage('monitor', 'arm=sim:', ...options);
    const feed = await client.feed();
    expect(feed.hello).toMatchObject({ canSend: true });
    await feed.show({ follow: 100 });
    expect(await send(client, { format: 'hex', text: '01 02 ff' })).toEqual({ isSent: true });
    expect(await send(client, { format: 'text', text: 'hi ☺\n' })).toEqual({ isSent: true });
    expect(await send(client, { format: 'json', text: '{"led": true}' })).toEqual({ isSent: true });
    const sent = ['0102ff', Buffer.from('hi ☺\n').toString('hex'), '81a36c6564c3'];
    // Each is sent, and comes back.
    await feed.until(() => feed.rows.length === 6);
    const hexes = feed.rows.map((row) => ('hex' in row ? `${row.dir} ${row.hex}` : ''));
    expect(hexes).toEqual(expect.arrayContaining(sent.flatMap((hex) => [`tx ${hex}`, `rx ${hex}`])));
    await process.printedLines(6);
    process.child.kill('SIGINT');
    const { stdout } = await process.outcome();
    const shown = jsonLines(stdout).map(({ dir, hex }) => `${dir} ${hex}`);
    expect([...shown].sort()).toEqual([...hexes].sort());
    expect(jsonLines((await run('replay', log, '--json')).stdout)).toHaveLength(6);
  });

  test('says why a packet cannot be sent', async () => {
    const options = ['--allow-send', '--max-packet', '4', '--input', 'hex', '-q'];
    const { client } = await servePage('monitor', 'arm=sim:', ...options);
    expect(await send(client, { format: 'hex', text: '0' })).toEqual({
      isSent: false,
      problem: expect.stringMatching(/^invalid hex "0"; expected pairs/),
    });
    expect(await send(client, { format: 'json', text: '{led\x1b}' })).toEqual({
      isSent: false,
      problem: expect.stringMatching(/^invalid JSON: \{led\\x1b\}/),
    });
    expect(await send(client, { format: 'text', text: 'hello' })).toEqual({
      isSent: false,
      problem: expect.stringMatching(/^packet is longer than 4 bytes; /),
    });
    expect(await send(client, { format: 'text', text: 'ping', replyTimeoutMs: 100 })).toEqual({
      isSent: false,
      problem: 'packets of "arm" have no ids; start the command with --request-ids',
    });
  });

  test('sends the largest packet, however it is written', async () => {
    const { client } = await servePage('monitor', 'arm=sim:', '--allow-send', '--max-packet', '200k', '-q');
    // Six characters for each byte.
    const body = `{"name":0,"format":"text","text":"${'\\u0041'.repeat(204_801)}"}`;
    const headers = { Authorization: `Bearer ${client.token}`, 'Content-Type': 'application/json' };
    const answer = await client.raw('/api/send', { method: 'POST', headers }, body);
    expect(answer.status).toBe(200);
    expect(answer.json()).toMatchObject({ problem: expect.stringMatching(/^packet is longer than 204800 bytes/) });
  });

  test('sets markers, here and in the log, which no text can forge lines of', async () => {
    const log = path.join(await temporaryFolder(), 'a.log');
    const { client, process } = await servePage('monitor', 'arm=sim:', '--allow-send', '--log', log, '--input', 'hex');
    const feed = await client.feed();
    await feed.show({ follow: 100 });
    await client.ask('mark', {});
    await client.ask('mark', { text: 'moved\n(1.000000) arm rx#00' });
    await feed.until(() => feed.rows.length === 2);
    expect(feed.rows).toMatchObject([
      { mark: 'marker', text: 'marker 1 of the page' },
      { mark: 'marker', text: 'moved\\n(1.000000) arm rx#00' },
    ]);
    expect(feed.rows[0]).not.toHaveProperty('name');
    process.child.kill('SIGINT');
    await process.outcome();
    expect(await readFile(log, 'utf8')).toMatch(
      /^# marker 1 of the page {2}\d{4}-\S+Z\n# moved\\n\(1\.000000\) arm rx#00 {2}\d{4}-\S+Z\n$/,
    );
  });
});

describe.skipIf(!has('socat'))('requests from the page (need socat)', () => {
  test.each([1, 2])('get their replies, found by their ids of %d bytes', async (idBytes) => {
    const device = await openIdDevice((packet) => [[...packet.slice(0, idBytes), ...packet.slice(idBytes).reverse()]]);
    const options = ['--allow-send', '--request-ids', String(idBytes), '--json'];
    const { client, process } = await servePage('monitor', `arm=${device.path}`, ...options);
    const feed = await client.feed();
    await feed.show({ follow: 100 });
    const answers = await Promise.all(
      ['01 02', '03 04', '05 06'].map((text) => send(client, { format: 'hex', text, replyTimeoutMs: 10_000 })),
    );
    expect(answers).toEqual(
      ['0201', '0403', '0605'].map((hex) => ({
        isSent: true,
        reply: { hex, text: expect.any(String), tookMs: expect.any(Number) },
      })),
    );
    const ids = device.received.map((packet) => packet.slice(0, idBytes).join());
    expect(new Set(ids).size).toBe(3);
    // Requests and replies are records like all others.
    await feed.until(() => feed.rows.length === 6);
    expect(feed.rows.filter((row) => 'kind' in row && row.kind === 'request' && row.dir === 'tx')).toHaveLength(3);
    expect(feed.rows.filter((row) => 'kind' in row && row.kind === 'reply' && row.dir === 'rx')).toHaveLength(3);
    await process.printedLines(6);
  });

  test('say that there was no reply, or an error', async () => {
    // The ids of replies are those of the requests; 80 is that of an error reply.
    const device = await openIdDevice(([id, first]) => (first === 1 ? [[0x80, id!, 2]] : []));
    const { client } = await servePage('monitor', `arm=${device.path}`, '--allow-send', '--request-ids', '1', '-q');
    expect(await send(client, { format: 'hex', text: '01', replyTimeoutMs: 10_000 })).toEqual({
      isSent: true,
      problem: '"arm" answered with error 2: there is no handler',
    });
    expect(await send(client, { format: 'hex', text: '02', replyTimeoutMs: 50 })).toEqual({
      isSent: false,
      problem: expect.stringMatching(/^no reply from "arm" within 0\.05 seconds; /),
    });
    // A plain packet has the id 0.
    expect(await send(client, { format: 'hex', text: '03' })).toEqual({ isSent: true });
    await expect.poll(() => device.received.at(-1)).toEqual([0, 3]);
  });

  test('are limited in number, and end with the command', async () => {
    const device = await openIdDevice();
    const options = ['--allow-send', '--request-ids', '1', '-q'];
    const { client, process } = await servePage('monitor', `arm=${device.path}`, ...options);
    const waiting = Promise.all(
      Array.from({ length: 8 }, () =>
        client.post('send', { name: 0, format: 'hex', text: '01', replyTimeoutMs: 3_600_000 }),
      ),
    );
    await expect.poll(() => device.received.length).toBe(8);
    const refused = await client.post('send', { name: 0, format: 'hex', text: '02', replyTimeoutMs: 1 });
    expect({ status: refused.status, ...refused.json() }).toEqual({
      status: 503,
      problem: '8 packets are being sent; wait for them',
    });
    process.child.kill('SIGINT');
    expect((await process.outcome()).code).toBe(0);
    for (const { status } of await waiting) {
      expect([0, 200]).toContain(status);
    }
  });
});

test('says that the port is missing', async () => {
  const { client, process } = await servePage('monitor', 'arm=/dev/nowhere', '--await-port', '--allow-send', '-q');
  await process.complained(/waiting for "arm"/);
  expect(await send(client, { format: 'hex', text: '01' })).toEqual({
    isSent: false,
    problem: expect.stringMatching(/"arm"/),
  });
});

test('--allow-send cannot be used with --delivery listen', async () => {
  const { code, stderr } = await run('monitor', 'sim:', '--delivery', 'listen', '--web', '--allow-send');
  expect(stderr).toBe('sercom: --allow-send cannot be used with --delivery listen, which sends nothing\n');
  expect(code).toBe(2);
});
