import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { openIdDevice } from '../../support/id-device.js';
import { jsonLines, type RunningProcess, run, start } from '../../support/sercom-process.js';

const TEXT = [...Buffer.from('hi')];

/** Starts `sercom send --request` with a time limit that only tests of the time limit reach. */
function request(path: string, ...options: string[]): RunningProcess {
  return start('send', `arm=${path}`, '--request', '--json', '--timeout', '30', ...options);
}

describe.skipIf(!has('socat'))('sercom send --request (needs socat)', () => {
  test.each([1, 2])('prints the reply with the id of the request, and nothing else (%d bytes)', async (idBytes) => {
    const plain = Array.from({ length: idBytes }, () => 0);
    const { path, received } = await openIdDevice((packet, index) => {
      const id = packet.slice(0, idBytes);
      const other = [...id.slice(0, -1), id.at(-1)! ^ 1];
      // A plain packet, a reply to another request, a request of the device, then the reply, twice.
      return index > 0
        ? []
        : [
            [...plain, 1],
            [...other, 2],
            [0x81, ...id.slice(1), 3],
            [...id, 4],
            [...id, 5],
          ];
    });
    const { code, stdout, stderr } = await request(path, '--text', 'hi', '--request-ids', `${idBytes}`).outcome();
    expect(jsonLines(stdout)).toEqual([{ ts: expect.any(String), name: 'arm', dir: 'rx', length: 1, hex: '04' }]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [id, ...payload] = received[0]!;
    expect(id).toBeLessThan(0x80);
    expect(payload.slice(idBytes - 1)).toEqual(TEXT);
  });

  test('has ids of one byte by default, and a new one for each packet', async () => {
    const { path, received } = await openIdDevice(([id, ...packet]) => [[id!, ...packet]]);
    const send = request(path, '--input', 'text');
    send.child.stdin!.end('a\nb\nc\n');
    const { code, stdout } = await send.outcome();
    expect(jsonLines(stdout).map(({ hex }) => hex)).toEqual(['61', '62', '63']);
    expect(received.map(([, ...payload]) => payload)).toEqual([[0x61], [0x62], [0x63]]);
    expect(new Set(received.map(([id]) => id)).size).toBe(3);
    expect(received.every(([id]) => id! > 0 && id! < 0x80)).toBe(true);
    expect(code).toBe(0);
  });

  test('answers a request of the device with an error: there is no handler', async () => {
    const device = await openIdDevice(([id], index) => (index === 0 ? [[0x85, 1]] : id === 0x80 ? [[first(), 7]] : []));
    const first = () => device.received[0]![0]!;
    const { stdout } = await request(device.path, '--text', 'hi').outcome();
    expect(device.received[1]).toEqual([0x80, 0x85, 2]);
    expect(jsonLines(stdout)).toMatchObject([{ hex: '07' }]);
  });

  test.each([
    [1, 'the handler failed'],
    [2, 'there is no handler'],
    [9, 'unknown code'],
  ])('exits with 1 if the device answers with error %d', async (replyCode, meaning) => {
    const { path } = await openIdDevice(([id]) => [[0x80, id!, replyCode]]);
    expect(await request(path, '--text', 'hi').outcome()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `sercom: "arm" answered with error ${replyCode}: ${meaning}; check the packet, and what the device does with it\n`,
    });
  });

  test('prints a frame that is rejected while it waits', async () => {
    const { path, device } = await openIdDevice(([id]) => {
      device.write(Buffer.of(5, 1, 2, 0, 1, 0));
      return [[id!, 4]];
    });
    const { stdout } = await request(path, '--text', 'hi').outcome();
    expect(jsonLines(stdout)).toMatchObject([
      { hex: '050102', error: 'malformed' },
      { error: 'too-short' },
      { hex: '04' },
    ]);
  });

  test.each([
    ['nothing', [], /; no bytes received: a board that resets .*: try --settle 2000, or increase --timeout\n$/],
    ['other packets', [[0, 1], [2]], /; 2 packets arrived, but no reply: does the device repeat the id .*--timeout\n$/],
    ['packets without ids', [[]], /; 1 frame rejected as too short for an id: check .* uses ids \(--request-ids\)\n$/],
  ])('exits with 3 if there is no reply in time, but %s', async (_, packets, reason) => {
    const ofOthers = (id: number, packet: readonly number[]) => packet.map((byte) => (byte === id ? byte ^ 1 : byte));
    const { path } = await openIdDevice(([id]) => packets.map((packet) => ofOthers(id!, packet)));
    const { code, stderr } = await request(path, '--text', 'hi', '--timeout', '2').outcome();
    expect(stderr).toMatch(/^sercom: no reply from "arm" within 2 seconds; [^\n]*\n$/);
    expect(stderr).toMatch(reason);
    expect(code).toBe(3);
  });

  test('exits with 1 when the device disconnects', async () => {
    const { path, arrived, unplug } = await openIdDevice();
    const send = request(path, '--text', 'hi');
    await arrived(6);
    await unplug();
    expect(await send.outcome()).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^sercom: .*disconnected.*\n$/),
    });
  });

  test('exits with 130 on Ctrl-C', async () => {
    const { path, arrived } = await openIdDevice();
    const send = request(path, '--text', 'hi');
    await arrived(6);
    send.child.kill('SIGINT');
    expect(await send.outcome()).toMatchObject({
      code: 130,
      stdout: '',
      stderr: 'sercom: received 0 packets (0 bytes), sent 1 packet (2 bytes)\n',
    });
  });
});

test.each([
  [['--wait', '1'], '--request cannot be used with --wait'],
  [['--columns', 'id'], '--columns id cannot be used with --request'],
])('--request with %j is a usage error', async (options, message) => {
  const { code, stderr } = await run('send', 'sim:', '--text', 'hi', '--request', ...options);
  expect({ code, stderr }).toEqual({ code: 2, stderr: `sercom: ${message}\n` });
});
