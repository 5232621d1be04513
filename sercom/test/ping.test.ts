import { describe, expect, test } from 'vitest';
import { newSerialStats } from '../../src/serial/serial-stats.js';
import { DeviceFraming, encodeForWire } from '../../src/testing/mock/device-framing.js';
import { has } from '../../test/support/tools.js';
import { pingTrouble } from '../src/commands/ping/diagnosis.js';
import { Distribution } from '../src/commands/ping/distribution.js';
import { PingTally } from '../src/commands/ping/tally.js';
import { run, start } from './support/sercom-process.js';
import { TerminalProcess } from './support/terminal-process.js';
import { openTestPort, write } from './support/test-port.js';

/** Answers each packet with what `answer` makes of it. */
async function pinged(answer: (packet: Uint8Array, number: number) => Uint8Array[], ...options: string[]) {
  const { path, device } = await openTestPort();
  const framing = new DeviceFraming(65_536, 'none');
  let number = 0;
  device.on('data', (chunk: Buffer) => {
    for (const packet of framing.push(chunk)) {
      if (packet instanceof Uint8Array) {
        for (const echo of answer(packet, number)) {
          device.write(encodeForWire(echo, 'none'));
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
  test('every packet of every size comes back', async () => {
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

  test('for people: counts, percentiles, throughput, histogram', async () => {
    const { code, stdout } = await run('ping', 'uno=sim:', '-n', '5', '--size', '16');
    expect(stdout).toMatch(
      /^5 packets sent to uno, 5 received, 0 lost, 0 corrupted, 0 reordered\nround trip: p50 [\d.]+ ms {2}p90 [\d.]+ ms {2}p99 [\d.]+ ms {2}max [\d.]+ ms\nthroughput: [\d.]+ k?B\/s each way, [\d.]+ % of the line \(12 kB\/s\)\n( +[\d.]+ ms - +[\d.]+ ms +\d( +#+)?\n)+$/,
    );
    expect(code).toBe(0);
  });

  test('Ctrl-C reports what there is', async () => {
    const ping = start('ping', 'sim:', '-n', '100000', '--json');
    await ping.child.stdin!.end();
    setTimeout(() => ping.child.kill('SIGINT'), 2_000);
    const { code, stdout } = await ping.outcome();
    const { sent, received, lost, corrupted } = JSON.parse(stdout);
    expect(received).toBeGreaterThan(0);
    expect({ sent, lost, corrupted }).toEqual({ sent: received, lost: 0, corrupted: 0 });
    expect(code).toBe(0);
  });

  test.skipIf(!has('python3'))('a line of progress on a terminal (needs python3)', async () => {
    const ping = new TerminalProcess(['ping', 'sim:', '-n', '60']);
    await ping.printed(/\d+ of 60 sent, \d+ received, 0 lost, 0 corrupted, p50 [\d.]+ ms/);
    const { code, stdout } = await ping.outcome();
    expect(stdout).toContain('60 packets sent to sim:, 60 received');
    expect(code).toBe(0);
  });
});

describe.skipIf(!has('socat'))('sercom ping against devices that do it wrong (needs socat)', () => {
  test('loses', async () => {
    const { code, result } = await pinged((packet, number) => (number % 3 === 1 ? [] : [packet]), '-n', '6');
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 6, received: 4, lost: 2 });
    expect(code).toBe(1);
  });

  test('corrupts', async () => {
    const wrong = (packet: Uint8Array) => packet.map((byte, index) => (index === 40 ? byte ^ 1 : byte));
    const { code, result } = await pinged((packet, number) => [number === 2 ? wrong(packet) : packet], '-n', '5');
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 5, received: 4, corrupted: 1 });
    expect(code).toBe(1);
  });

  test('reorders', async () => {
    const held: Uint8Array[] = [];
    const swap = (packet: Uint8Array) => {
      held.unshift(packet);
      return held.length === 2 ? held.splice(0) : [];
    };
    const { code, result } = await pinged(swap, '-n', '8', '--window', '2');
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 8, received: 8, reordered: 4 });
    expect(code).toBe(0);
  });

  test('says more than it was asked', async () => {
    const { code, result } = await pinged((packet) => [Uint8Array.of(9, 9, 9), packet, packet], '-n', '3');
    // What comes after the last echo is not waited for.
    expect(result).toMatchObject({ ...ALL_GOOD, sent: 3, received: 3, unexpected: expect.any(Number) });
    expect(result.unexpected).toBeGreaterThanOrEqual(5);
    expect(code).toBe(0);
  });

  test('never answers', async () => {
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

describe.skipIf(!has('socat'))('sercom ping says why packets did not come back (needs socat)', () => {
  test.each([
    ['nothing came', '', [], /^sercom: not a byte came: does the device echo\? .*try --settle 2000\n$/],
    ['nothing came', '', ['--size', '600'], /room for packets of 600 bytes \(--size\)/],
    ['no delimiter came', '48 69', [], /2 bytes came, but no delimiter \(00\): .*baud rate/],
    ['a frame was cut', '05 01 02 00', [], /1 frame rejected: .*--checksum/],
    ['another packet came', '03 01 02 00', [], /does the device echo\?\n$/],
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

  test('--json has no room for that', async () => {
    expect((await pinged(() => [], '-n', '1')).stderr).toBe('');
  });
});

describe('why packets did not come back', () => {
  const line = { settleMs: 0, isSimulated: false, window: 1 };
  const before = newSerialStats();
  const some = { ...before, bytesRead: 10, delimiters: 2, packetsReceived: 1 };
  /** One packet of each size that came back, or did not. */
  const tallyOf = (back: number[], lost: number[]) => {
    const tally = new PingTally();
    for (const bytes of [...back, ...lost]) {
      const { number, packet } = tally.add(bytes, 0);
      if (back.includes(bytes)) {
        tally.arrived(packet, 1);
      } else {
        tally.lose(number);
      }
    }
    return tally;
  };

  test('there is nothing to say if all came back', () => {
    expect(pingTrouble(tallyOf([8], []), some, before, line)).toBeUndefined();
  });

  test('only long ones are missing', () => {
    expect(pingTrouble(tallyOf([8, 200], [600, 700]), some, before, line)).toMatch(
      /up to 200 bytes came back: .* of 600 bytes \(--size\)/,
    );
  });

  test('some are missing, of any size', () => {
    const tally = tallyOf([8, 200], [100, 600]);
    expect(pingTrouble(tally, some, before, line)).toMatch(/--interval/);
    expect(pingTrouble(tally, some, before, { ...line, window: 4 })).toMatch(/room for 4 packets \(--window\)/);
  });

  test('what came before the first packet is no sign of an echo', () => {
    expect(pingTrouble(tallyOf([], [8]), some, some, line)).toMatch(/^not a byte came in answer: .*--settle 2000/);
  });
});

describe('the tally', () => {
  test('an answer that comes too late is not lost any more', () => {
    const tally = new PingTally();
    const { packet } = tally.add(8, 0);
    tally.expire(1);
    expect(tally.lost).toBe(1);
    tally.arrived(packet, 5);
    expect([tally.lost, tally.received, tally.rttMs.percentile(1)]).toEqual([0, 1, 5]);
  });

  test('a rejected frame is the answer that was due; without one it is unexpected', () => {
    const tally = new PingTally();
    tally.add(8, 0);
    tally.rejected();
    tally.rejected();
    expect([tally.corrupted, tally.pending, tally.unexpected]).toEqual([1, 0, 1]);
  });

  test('a second echo of a packet that was answered is unexpected, not a corrupt answer to the next', () => {
    const tally = new PingTally();
    const { packet } = tally.add(8, 0);
    tally.arrived(packet, 1);
    tally.add(8, 2);
    tally.arrived(packet, 3);
    expect([tally.received, tally.unexpected, tally.corrupted, tally.pending]).toEqual([1, 1, 0, 1]);
  });

  test('what is abandoned counts neither as sent nor as lost', () => {
    const tally = new PingTally();
    tally.add(8, 0);
    tally.abandon();
    expect([tally.sent, tally.lost, tally.pending]).toEqual([0, 0, 0]);
  });

  test('packets hold every byte value, zeros among them', () => {
    const tally = new PingTally();
    expect(new Set(tally.add(4_096, 0).packet).size).toBe(256);
  });
});

describe('a distribution', () => {
  test('tells percentiles by nearest rank', () => {
    const distribution = new Distribution();
    for (let value = 100; value > 0; value--) {
      distribution.add(value);
    }
    expect([0.5, 0.9, 0.99, 1].map((share) => distribution.percentile(share))).toEqual([50, 90, 99, 100]);
    expect(new Distribution().percentile(0.5)).toBeUndefined();
  });

  test('has a histogram with every value in it', () => {
    const distribution = new Distribution();
    for (const value of [0.1, 0.1, 3, 9.99]) {
      distribution.add(value);
    }
    const rows = distribution.histogram(12);
    expect(rows.reduce((sum, { count }) => sum + count, 0)).toBe(4);
    expect(rows[0]).toEqual({ from: 0, to: 1, count: 2 });
    expect(new Distribution().histogram(12)).toEqual([]);
  });
});
