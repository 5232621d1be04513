import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Pty } from '../../../../test/support/pty.js';
import { has } from '../../../../test/support/tools.js';
import type { MarkRow, PlotAnswer, Row } from '../../../src/web/protocol.js';
import { startLinkDevice } from '../../support/link-device.js';
import { servePage } from '../../support/page-client.js';
import { run } from '../../support/sercom-process.js';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { openTestPort, write } from '../../support/test-port.js';

/** The frame of the packet `hello`. */
const HELLO = '00 06 68656c6c6f 00';

function marksIn(rows: readonly Row[]): MarkRow[] {
  return rows.filter((row): row is MarkRow => 'mark' in row);
}

describe('the page of a simulated board', () => {
  test('shows its packets as they come', async () => {
    const { client, process } = await servePage('monitor', 'arm=sim:', '--json');
    const feed = await client.feed();
    expect(feed.hello).toMatchObject({ title: 'monitor arm', isLive: true, names: ['arm'], hasDecoder: false });
    await feed.show({ follow: 100 });
    await feed.until(() => feed.rows.length >= 4);
    expect(feed.rows).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ dir: 'tx', name: 0, text: expect.stringMatching(/^"hello \d+"$/) }),
        expect.objectContaining({ dir: 'rx', name: 0, text: expect.stringMatching(/^"hello \d+"$/) }),
      ]),
    );
    // None is missing or comes twice.
    const numbers = feed.rows.map(({ row }) => row);
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
    await feed.until(() => (feed.latest.connections?.[0]?.receivedPerSecond ?? 0) > 0);
    expect(feed.latest.connections).toMatchObject([{ state: 'connected', path: 'sim:', rejected: {} }]);
    // The screen goes on beside it.
    await process.printed(/"hex":"68656c6c6f/);
  });

  test.each(['--changes', '--raw'])('decodes packets although %s shows none of that on the screen', async (option) => {
    const { client } = await servePage('monitor', 'arm=sim:', option, '--decode', 'text');
    const feed = await client.feed();
    expect(feed.hello).toMatchObject({ hasDecoder: true });
    await feed.show({ follow: 100 });
    await feed.until(() => feed.rows.length >= 2);
    // No bytes that are not packets.
    for (const row of feed.rows) {
      expect(row).toMatchObject({ length: 7, decoded: expect.stringMatching(/^"?hello \d"?$/) });
    }
  });

  test('ends with Ctrl-C, and says so', async () => {
    const { client, process } = await servePage('monitor', 'arm=sim:', '-q');
    const feeds = [await client.feed(), await client.feed()];
    process.child.kill('SIGINT');
    const { code } = await process.outcome();
    expect(code).toBe(0);
    for (const feed of feeds) {
      await feed.ended();
      expect(feed.latest.end).toEqual({ isOver: false, text: 'sercom has ended' });
    }
  });

  test('ends although a tab reads nothing', async () => {
    const { client, process } = await servePage('monitor', 'arm=sim:', '-q');
    const feed = await client.feed();
    feed.response.pause();
    process.child.kill('SIGINT');
    expect((await process.outcome()).code).toBe(0);
  });

  test('ends with --count like the command', async () => {
    const { client, process } = await servePage('monitor', 'arm=sim:', '-q', '-n', '2');
    const feed = await client.feed();
    await feed.ended();
    expect(feed.latest.end).toMatchObject({ isOver: false });
    expect((await process.outcome()).code).toBe(0);
  });
});

describe.skipIf(!has('socat'))('the page of a port (needs socat)', () => {
  test('has what matches --filter, and counts what was rejected', async () => {
    const port = await openTestPort();
    const { client } = await servePage('monitor', `arm=${port.path}`, '--reject', 'text=secret', '-q');
    const feed = await client.feed();
    await feed.show({ follow: 10 });
    await port.arrived(1);
    // hello, secret, and a truncated frame.
    write(port.device, `${HELLO} 07 736563726574 00 05 01 00`);
    await feed.until(() => feed.rows.length === 2);
    expect(feed.rows).toMatchObject([
      { text: '"hello"', length: 5 },
      { problem: 'rejected: malformed', hex: '0501', length: 2 },
    ]);
    await feed.until(() => feed.latest.connections?.[0]?.rejected.malformed === 1);
    expect(feed.latest.connections).toMatchObject([
      { state: 'connected', path: port.path, baudRate: 115_200, receivedPackets: 1, receivedBytes: 5 },
    ]);
  });

  test('shows the kind and the id of each packet with --request-ids', async () => {
    const port = await openTestPort();
    const { client } = await servePage('monitor', `arm=${port.path}`, '--request-ids', '1', '-q');
    const feed = await client.feed();
    expect(feed.hello).toMatchObject({ idBytes: 1 });
    await feed.show({ follow: 10 });
    await port.arrived(1);
    // 00 68, 81 68, 05 69, 80 06 02
    write(port.device, '00 01 02 68 00 03 81 68 00 03 05 69 00 04 80 06 02 00');
    await feed.until(() => feed.rows.length === 4);
    expect(feed.rows).toMatchObject([
      { kind: 'plain', id: 0, hex: '68' },
      { kind: 'request', id: 0x81, hex: '68' },
      { kind: 'reply', id: 5, hex: '69' },
      { kind: 'error', id: 6, problem: 'error 2: there is no handler' },
    ]);
    await feed.show({ filter: 'kind=reply' });
    await feed.until(() => feed.latest.matching?.end === 1);
  });
});

describe.skipIf(!has('socat') || !has('mkfifo'))('ports that are released (needs socat and mkfifo)', () => {
  test('are shown as such, and marked', async () => {
    const port = await openTestPort();
    const pipe = path.join(await temporaryFolder(), 'pipe');
    await promisify(execFile)('mkfifo', [pipe]);
    const { client } = await servePage('monitor', `arm=${port.path}`, '--release-for', `cat ${pipe}`, '-q');
    const feed = await client.feed();
    await feed.show({ follow: 100 });
    await feed.until(() => feed.latest.connections?.[0]?.state === 'released');
    // The command ends when someone writes.
    await writeFile(pipe, '');
    await feed.until(() => feed.latest.connections?.[0]?.state === 'connected');
    await feed.until(() => marksIn(feed.rows).some(({ mark }) => mark === 'connected'));
    expect(marksIn(feed.rows)).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ mark: 'disconnected', name: 0, text: 'released' }),
        expect.objectContaining({ mark: 'marker', text: expect.stringMatching(/^released "arm" for "cat \S+"$/) }),
        expect.objectContaining({ mark: 'connected', name: 0, text: `connected (${port.path})` }),
      ]),
    );
  });
});

describe.skipIf(!has('cc'))('sessions of acknowledged delivery (need cc)', () => {
  test('are marked when they begin and when they end', async () => {
    const device = await startLinkDevice();
    const { client, process } = await servePage(
      'monitor',
      `arm=${device.path}`,
      '--delivery',
      'acknowledged',
      '--json',
    );
    const feed = await client.feed();
    await feed.show({ follow: 100 });
    await process.printed(/sessionStarted/);
    await device.tell('reset');
    await process.printed(/peerReset[^]*sessionStarted/);
    await feed.until(() => marksIn(feed.rows).length === 3);
    expect(marksIn(feed.rows)).toMatchObject([
      { mark: 'session', name: 0, text: expect.stringMatching(/^session started: /) },
      { mark: 'session', name: 0, text: expect.stringMatching(/^the device restarted; /) },
      { mark: 'session', name: 0, text: expect.stringMatching(/^session started: /) },
    ]);
  });
});

describe.skipIf(!has('python3'))('a device that is unplugged (needs python3)', () => {
  test('is marked when it disconnects and when it comes back, and plots have a gap', async () => {
    const link = path.join(await temporaryFolder(), 'ttyACM0');
    const pty = new Pty();
    onTestFinished(() => pty.end());
    await pty.open(link);
    const log = path.join(await temporaryFolder(), 'a.log');
    const decode = ['--decode', 'struct:5B', '-q'];
    const { client, process } = await servePage('monitor', `arm=${link}`, ...decode, '--log', log);
    const feed = await client.feed();
    await feed.show({ follow: 100 });
    await writeHello(pty);
    await feed.until(() => feed.rows.length > 0);
    await pty.unlink();
    await pty.close();
    await feed.until(() => marksIn(feed.rows).length === 1);
    await feed.until(() => feed.latest.connections?.[0]?.state === 'disconnected');
    expect(feed.latest.connections![0]!.problem).toMatch(/connection "arm"/);
    await pty.open(link);
    await feed.until(() => marksIn(feed.rows).length === 2);
    const before = feed.rows.length;
    await writeHello(pty);
    await feed.until(() => feed.rows.length > before);
    expect(marksIn(feed.rows)).toMatchObject([
      { mark: 'disconnected', name: 0, text: expect.stringMatching(/^connection "arm"/) },
      { mark: 'connected', name: 0, text: `connected (${link})` },
    ]);
    await feed.until(() => feed.latest.connections?.[0]?.reconnects === 1);
    const [{ state, lostAtUs, returnedAtUs } = {}] = feed.latest.connections!;
    expect(state).toBe('connected');
    expect(returnedAtUs).toBeGreaterThan(lostAtUs!);
    // Both marks match every filter.
    await feed.show({ filter: 'length=77' });
    await feed.until(() => feed.latest.matching?.end === 2);
    await feed.until(() => feed.latest.newSeries !== undefined);
    const { series, marks } = await client.ask<PlotAnswer>('plot', { series: [0], columns: 100 });
    expect(series[0]!.values).toContain(null);
    expect(marks.map(({ mark }) => mark)).toEqual(['disconnected', 'connected']);
    // Recordings have both: that of the command, and what the page saves.
    const saved = path.join(path.dirname(log), 'saved.log');
    await writeFile(saved, (await client.post('save', { format: 'log' })).body);
    process.child.kill('SIGINT');
    await process.outcome();
    for (const file of [log, saved]) {
      const replayed = await servePage('replay', file, ...decode);
      const again = await replayed.client.feed();
      await again.until(() => again.latest.end !== undefined && again.latest.newSeries !== undefined);
      const plot = await replayed.client.ask<PlotAnswer>('plot', { series: [0], columns: 100 });
      expect(plot.series[0]!.values).toEqual(series[0]!.values);
      expect(plot.marks.map(({ mark, text, timeUs }) => ({ mark, text, timeUs }))).toEqual(
        marks.map(({ mark, text, timeUs }) => ({ mark, text, timeUs })),
      );
    }
  });
});

/** Writes until the host has the port open and takes a packet. */
async function writeHello(pty: Pty): Promise<void> {
  await pty.write(Buffer.from(HELLO.replaceAll(' ', ''), 'hex'));
}

test('a port that cannot be opened ends the command before it says where the page is', async () => {
  const { code, stderr } = await run('monitor', 'arm=/dev/nowhere', '--web');
  expect(stderr).toMatch(/^sercom: connection "arm" \(\/dev\/nowhere\): no such port; [^\n]*\n$/);
  expect(code).toBe(1);
});

test('--log and --json get the same packets beside the page', async () => {
  const log = path.join(await temporaryFolder(), 'a.log');
  const { client, process } = await servePage('monitor', 'arm=sim:', '--json', '--log', log, '-n', '3');
  const feed = await client.feed();
  await feed.show({ follow: 100 });
  const { code, stdout } = await process.outcome();
  expect(code).toBe(0);
  const lines = (await readFile(log, 'utf8')).trimEnd().split('\n');
  expect(lines).toHaveLength(stdout.trimEnd().split('\n').length);
  expect(lines.filter((line) => line.includes(' rx#'))).toHaveLength(3);
});
