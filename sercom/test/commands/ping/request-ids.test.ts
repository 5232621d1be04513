import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { openIdDevice } from '../../support/id-device.js';
import { run, start } from '../../support/sercom-process.js';

type Packet = readonly number[];

/** Pings a device with ids of one byte. */
async function pinged(answer: (packet: Packet, index: number) => Packet[], ...options: string[]) {
  const { path, received } = await openIdDevice(answer);
  const { code, stdout, stderr } = await start(
    'ping',
    `arm=${path}`,
    '--request-ids',
    '1',
    '--json',
    ...options,
  ).outcome();
  return { code, stderr, received, result: stdout === '' ? undefined : JSON.parse(stdout) };
}

const ALL_GOOD = { lost: 0, corrupted: 0, reordered: 0, unexpected: 0, late: 0 };

describe.skipIf(!has('socat'))('sercom ping --request-ids (needs socat)', () => {
  test.each([['1'], ['4']])('gets the reply to each of its requests, %s in flight', async (window) => {
    const { code, stderr, received, result } = await pinged(
      (packet) => [packet],
      ...['-n', '12', '--size', '0-3', '--window', window, '--timeout', '30'],
    );
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 12, received: 12 });
    expect(result.rttMs.p50).toBeGreaterThan(0);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(received.map(({ length }) => length)).toEqual([1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4]);
    expect(new Set(received.map(([id]) => id)).size).toBe(12);
  });

  test('does not take a late reply for the next one, which it equals, and counts it', async () => {
    let held: Packet[] = [];
    const { code, result } = await pinged(
      (packet, index) => {
        held = [...held, packet];
        return index === 0 ? [] : held.splice(0);
      },
      ...['-n', '3', '--size', '0', '--timeout', '2'],
    );
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 3, received: 2, lost: 1, late: 1 });
    expect(code).toBe(1);
  });

  test('counts a second reply as late, and what is no reply as unexpected', async () => {
    const { code, result } = await pinged((packet) => [[0, 1], packet, packet], '-n', '3', '--timeout', '30');
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 3, received: 3, unexpected: 3, late: expect.any(Number) });
    // The last one may not be read in time.
    expect(result.late).toBeGreaterThanOrEqual(2);
    expect(code).toBe(0);
  });

  test('counts an altered reply as corrupted', async () => {
    const { code, result } = await pinged(
      (packet, index) => [index === 1 ? [...packet.slice(0, -1), packet.at(-1)! ^ 1] : packet],
      ...['-n', '3', '--timeout', '30'],
    );
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 3, received: 2, corrupted: 1 });
    expect(code).toBe(1);
  });

  test('fails at once if the device answers with an error', async () => {
    const { code, stderr, received } = await pinged(([id]) => [[0x80, id!, 2]], '-n', '3', '--timeout', '30');
    expect(stderr).toMatch(/^sercom: "arm" answered with error 2: there is no handler; [^\n]*\n$/);
    expect(code).toBe(1);
    expect(received).toHaveLength(1);
  });

  test('ends when the device disconnects for good while a request waits', async () => {
    const { path, arrived, unplug } = await openIdDevice();
    const ping = start('ping', path, '--request-ids', '1', '--no-reconnect', '--timeout', '60');
    await arrived(60);
    await unplug();
    expect(await ping.outcome()).toMatchObject({ code: 1, stderr: expect.stringMatching(/disconnected/) });
  });

  test('reports the packets so far on Ctrl-C while a request waits', async () => {
    const { path, arrived } = await openIdDevice((packet, index) => (index < 2 ? [packet] : []));
    const ping = start('ping', path, '--request-ids', '1', '--size', '3', '--timeout', '60');
    // A delimiter, and three frames of at least five bytes and a delimiter.
    await arrived(19);
    ping.child.kill('SIGINT');
    const { code, stdout } = await ping.outcome();
    expect(stdout).toMatch(/^2 packets sent to .*, 2 received, 0 lost, 0 corrupted, 0 reordered\n/);
    expect(code).toBe(0);
  });

  test.each([
    [
      'replies come too late',
      [],
      /, 1 late\nsercom: 1 reply came, but no packet waited for it: increase --timeout, .* repeats the id of each request\n$/,
    ],
    [
      'no ids are repeated',
      [[0, 1]],
      /unexpected\nsercom: received no reply: does the device repeat the id of each request/,
    ],
    ['nothing comes', undefined, /\nsercom: no bytes received: does the device echo\? .*--settle 2000\n$/],
  ])('says why if %s', async (_, always, reason) => {
    const held: Packet[] = [];
    const { path } = await openIdDevice((packet) => {
      const answers = always === undefined ? [] : [...held.splice(0), ...always];
      if (always?.length === 0) {
        held.push(packet);
      }
      return answers;
    });
    const ping = start('ping', path, '--request-ids', '1', '-n', '2', '--timeout', '1');
    const { code, stdout, stderr } = await ping.outcome();
    expect(stdout + stderr).toMatch(reason);
    expect(code).toBe(1);
  });
});

test('sercom ping sim: --request-ids 2', async () => {
  const { code, stdout } = await run('ping', 'sim:', '-n', '5', '--request-ids', '2', '--timeout', '30');
  expect(stdout).toMatch(/^5 packets sent to sim:, 5 received, 0 lost, 0 corrupted, 0 reordered\nround trip: /);
  expect(code).toBe(0);
});
