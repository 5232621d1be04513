import { stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DANGEROUS } from '../../support/dangerous.js';
import { type Family, parseExposition } from '../../support/exposition.js';
import { type PageClient, servePage } from '../../support/page-client.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** The metrics, as a scraper reads them. */
async function familiesOf(client: PageClient): Promise<Family[]> {
  const { status, headers, body } = await client.get('/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  return parseExposition(body.toString());
}

/** The samples of the metrics, by name and labels. */
async function metricsOf(client: PageClient): Promise<Map<string, number>> {
  const samples = (await familiesOf(client)).flatMap(({ name, samples }) =>
    samples.map(({ labels, value }) => [[name, ...Object.values(labels)].join(' '), value] as const),
  );
  return new Map(samples);
}

describe('the metrics', () => {
  test('count the traffic of each connection, and what the page holds', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    const lines = [
      '(1.000000) arm rx#0102',
      '(2.000000) arm rx#03',
      '(3.000000) arm tx#0405',
      '(4.000000) "leg\\"%0A rx!checksum/9#01',
    ];
    await writeFile(file, lines.map((line) => `${line}\n`).join(''));
    const { client } = await servePage('replay', file, '-q');
    const feed = await client.feed();
    await feed.until(() => feed.latest.held?.end === 4);
    const samples = await metricsOf(client);
    expect(Object.fromEntries(samples)).toMatchObject({
      'sercom_packets_total arm received': 2,
      'sercom_packets_total arm sent': 1,
      'sercom_packet_bytes_total arm received': 3,
      'sercom_packet_bytes_total arm sent': 2,
      // Escaped once more than the format asks for.
      'sercom_rejected_frames_total "leg\\\\"\\n checksum': 1,
      sercom_web_held_rows: 4,
      sercom_web_dropped_rows_total: 0,
      sercom_web_feeds: 1,
      sercom_web_skipped_rows_total: 0,
      sercom_web_refused_connections_total: 0,
    });
    // A recording has no ports.
    expect([...samples.keys()].filter((name) => name.startsWith('sercom_connected'))).toEqual([]);
  });

  test('have a type and a description each, and a value from the start, so that the first event is an increase', async () => {
    const { client } = await servePage('monitor', 'arm=sim:', 'leg=sim:', '-q');
    const families = await familiesOf(client);
    for (const { name, type, help, samples } of families) {
      expect(name).toMatch(type === 'counter' ? /^sercom_\w+_total$/ : /^sercom_\w+(?<!_total)$/);
      expect(help).toMatch(/^[A-Z].*\.$/);
      expect(samples, name).not.toEqual([]);
    }
    const labelsOf = (metric: string) =>
      families.find(({ name }) => name === metric)!.samples.map(({ labels }) => labels);
    const reasons = ['malformed', 'too-long', 'too-short', 'checksum'];
    expect(labelsOf('sercom_rejected_frames_total')).toEqual(
      ['arm', 'leg'].flatMap((name) => reasons.map((reason) => ({ name, reason }))),
    );
    const before = await metricsOf(client);
    expect(before.get('sercom_rejected_frames_total arm checksum')).toBe(0);
    expect(before.get('sercom_web_refused_requests_total host')).toBe(0);
    await client.raw('/', { headers: { Host: 'evil.example' } });
    const after = await metricsOf(client);
    expect(after.get('sercom_web_refused_requests_total host')).toBe(1);
    // All were there before, so each can increase.
    expect([...after.keys()]).toEqual([...before.keys()]);
  });

  test('keep names apart that look alike when they are escaped, and harmless', async () => {
    const file = path.join(await temporaryFolder(), 'a.log');
    const names = ['a%0A', 'a\\n', 'a\\\\n', '"', '%7F', '\\x7f', '{}', ',', '%E2%80%AE'];
    await writeFile(file, names.map((name) => `(1.000000) ${name} rx#00\n`).join(''));
    const { client } = await servePage('replay', file, '-q');
    const feed = await client.feed();
    await feed.until(() => feed.latest.held?.end === names.length);
    const packets = (await familiesOf(client)).find(({ name }) => name === 'sercom_packets_total')!;
    const received = packets.samples.filter(({ labels }) => labels.direction === 'received');
    expect(received.map(({ value }) => value)).toEqual(names.map(() => 1));
    expect(new Set(received.map(({ labels }) => labels.name)).size).toBe(names.length);
    for (const { labels } of received) {
      expect(labels.name).not.toMatch(DANGEROUS);
    }
  });

  test('have the state of ports', async () => {
    const { client } = await servePage('monitor', 'arm=sim:', '-q');
    expect(Object.fromEntries(await metricsOf(client))).toMatchObject({
      'sercom_connected arm': 1,
      'sercom_losses_total arm': 0,
      'sercom_failed_packets_total arm': 0,
      'sercom_reconnects_total arm': 0,
      'sercom_queued_packets arm': 0,
      'sercom_queued_bytes arm': 0,
      'sercom_skipped_bytes_total arm': 0,
    });
  });

  test('need the token, which a file keeps over restarts', async () => {
    const file = path.join(await temporaryFolder(), 'token');
    const options = ['monitor', 'arm=sim:', '-q', '--web-token-file', file];
    const first = await servePage(...options);
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await metricsOf(first.client);
    expect((await first.client.raw('/metrics')).status).toBe(401);
    first.process.child.kill('SIGINT');
    await first.process.outcome();
    const second = await servePage(...options);
    expect(second.token).toBe(first.token);
    // A journal may keep what is printed for longer than the token should be known.
    for (const { process } of [first, second]) {
      expect(process.stderr).toContain(`/ (add #token= with the contents of ${file})\n`);
      expect(process.stderr).not.toContain(first.token);
    }
    await metricsOf(second.client);
    expect(second.process.stderr).not.toContain('warning');
  });
});
