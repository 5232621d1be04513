import { cobsEncode, FrameDecoder } from 'serial-communicator';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { run, start } from '../../support/sercom-process.js';
import { TerminalProcess } from '../../support/terminal-process.js';
import { openTestPort, write } from '../../support/test-port.js';

/** Pings a device that replies to each packet with what `reply` returns. */
async function pinged(reply: (packet: Uint8Array, number: number) => Uint8Array[], ...options: string[]) {
  const { path, device } = await openTestPort();
  const decoder = new FrameDecoder();
  let number = 0;
  device.on('data', (chunk: Buffer) => {
    decoder.push(chunk);
    for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) {
      if (packet instanceof Uint8Array) {
        for (const echo of reply(packet, number)) {
          device.write(Buffer.concat([cobsEncode(echo), Buffer.of(0)]));
        }
        number++;
      }
    }
  });
  const { code, stdout, stderr } = await start('ping', path, '--json', '--timeout', '0.3', ...options).outcome();
  return { code, stderr, result: JSON.parse(stdout) };
}

const ALL_GOOD = { lost: 0, corrupted: 0, reordered: 0, unexpected: 0 };

describe('sercom ping sim:', () => {
  test('gets back packets of every size', async () => {
    const { code, stdout, stderr } = await run('ping', 'sim:', '-n', '12', '--size', '0-4,64,254,255', '--json');
    const { rttMs, bytesPerSecond, lineBytesPerSecond, seconds, ...counts } = JSON.parse(stdout);
    expect(counts).toEqual({ ...ALL_GOOD, sent: 12, received: 12 });
    expect(Object.keys(rttMs)).toEqual(['p50', 'p90', 'p99', 'max']);
    expect(rttMs.p50).toBeLessThanOrEqual(rttMs.p90);
    expect(rttMs.p99).toBeLessThanOrEqual(rttMs.max);
    expect(rttMs.max).toBeLessThanOrEqual(seconds * 1_000);
    expect(lineBytesPerSecond).toBe(11_520);
    const bytes = 0 + 1 + 2 + 3 + 4 + 64 + 254 + 255 + 0 + 1 + 2 + 3;
    // Both are rounded.
    expect((bytesPerSecond * seconds) / bytes).toBeCloseTo(1, 1);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('prints counts, percentiles, throughput and a histogram', async () => {
    const { code, stdout } = await run('ping', 'uno=sim:', '-n', '5', '--size', '16');
    expect(stdout).toMatch(
      /^5 packets sent to uno, 5 received, 0 lost, 0 corrupted, 0 reordered\nround trip: p50 [\d.]+ ms {2}p90 [\d.]+ ms {2}p99 [\d.]+ ms {2}max [\d.]+ ms\nthroughput: [\d.]+ k?B\/s in each direction, [\d.]+ % of the line rate \(12 kB\/s\)\n( +[\d.]+ ms - +[\d.]+ ms +\d( +#+)?\n)+$/,
    );
    expect(code).toBe(0);
  });

  test('reports the packets so far on Ctrl-C', async () => {
    const ping = start('ping', 'sim:', '-n', '100000', '--json');
    await ping.child.stdin!.end();
    setTimeout(() => ping.child.kill('SIGINT'), 2_000);
    const { code, stdout } = await ping.outcome();
    const { sent, received, lost, corrupted } = JSON.parse(stdout);
    expect(received).toBeGreaterThan(0);
    expect({ sent, lost, corrupted }).toEqual({ sent: received, lost: 0, corrupted: 0 });
    expect(code).toBe(0);
  });

  test.skipIf(!has('python3'))('shows a status line on a terminal (needs python3)', async () => {
    const ping = new TerminalProcess(['ping', 'sim:', '-n', '60']);
    await ping.printed(/\d+ of 60 sent, \d+ received, 0 lost, 0 corrupted, p50 [\d.]+ ms/);
    const { code, stdout } = await ping.outcome();
    expect(stdout).toContain('60 packets sent to sim:, 60 received');
    expect(code).toBe(0);
  });
});

describe.skipIf(!has('socat'))('sercom ping with a faulty device (needs socat)', () => {
  test('counts packets that do not come back as lost', async () => {
    const { code, result } = await pinged((packet, number) => (number % 3 === 1 ? [] : [packet]), '-n', '6');
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 6, received: 4, lost: 2 });
    expect(code).toBe(1);
  });

  test('counts altered packets as corrupted', async () => {
    const wrong = (packet: Uint8Array) => packet.map((byte, index) => (index === 40 ? byte ^ 1 : byte));
    const { code, result } = await pinged((packet, number) => [number === 2 ? wrong(packet) : packet], '-n', '5');
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 5, received: 4, corrupted: 1 });
    expect(code).toBe(1);
  });

  test('counts packets that come back out of order as reordered', async () => {
    const held: Uint8Array[] = [];
    const swap = (packet: Uint8Array) => {
      held.unshift(packet);
      return held.length === 2 ? held.splice(0) : [];
    };
    const { code, result } = await pinged(swap, '-n', '8', '--window', '2');
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 8, received: 8, reordered: 4 });
    expect(code).toBe(0);
  });

  test('counts unsolicited packets as unexpected', async () => {
    const { code, result } = await pinged((packet) => [Uint8Array.of(9, 9, 9), packet, packet], '-n', '3');
    // Packets after the last echo may not be read in time.
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 3, received: 3, unexpected: expect.any(Number) });
    expect(result.unexpected).toBeGreaterThanOrEqual(5);
    expect(code).toBe(0);
  });

  test('reports null times if nothing comes back', async () => {
    const { code, result } = await pinged(() => [], '-n', '2');
    expect(result).toMatchObject({
      ...ALL_GOOD,
      sent: 2,
      received: 0,
      lost: 2,
      rttMs: { p50: null, p90: null, p99: null, max: null },
      bytesPerSecond: 0,
    });
    expect(code).toBe(1);
  });
});

describe.skipIf(!has('socat'))('sercom ping explains why packets did not come back (needs socat)', () => {
  test.each([
    ['no bytes', '', [], /^sercom: no bytes received: does the device echo\? .*try --settle 2000\n$/],
    ['no bytes', '', ['--size', '600'], /can it buffer packets of 600 bytes \(--size\)/],
    ['no delimiter', 'f8 e1', [], /2 bytes received, but no delimiter \(00\): .*baud rate/],
    ['text', '48 69', [], /2 bytes received, but no delimiter \(00\): they look like text \("Hi"\)/],
    ['a truncated frame', '05 01 02 00', [], /1 frame rejected: .*--checksum/],
    ['another packet', '03 01 02 00', [], /does the device echo\?\n$/],
  ] as const)('%s', async (_, hex, options, reason) => {
    const { path, device, arrived } = await openTestPort();
    const ping = start('ping', path, '-n', '1', '--timeout', '0.4', ...options);
    await arrived(2);
    write(device, hex);
    const { code, stdout, stderr } = await ping.outcome();
    expect(stdout).toMatch(/^1 packet sent to .*, 0 received/);
    expect(stderr).toMatch(/^sercom: [^\n]*\n$/);
    expect(stderr).toMatch(reason);
    expect(code).toBe(1);
  });

  test('except with --json', async () => {
    expect((await pinged(() => [], '-n', '1')).stderr).toBe('');
  });
});
