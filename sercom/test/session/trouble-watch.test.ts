import type { ConnectionState, SerialStats } from 'serial-communicator';
import { ConnectionError, SerialCommunicator } from 'serial-communicator';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { TroubleWatch, type TroubleWatchOptions } from '../../src/session/trouble-watch.js';
import { redirectMessages } from '../../src/terminal/message.js';

/** Counters that are all zero. */
function noStats(): SerialStats {
  const communicator = new SerialCommunicator();
  communicator.addConnection('arm', { path: '/dev/none', baudRate: 9_600 });
  return communicator.stats('arm');
}

describe('TroubleWatch', () => {
  let stats: SerialStats;
  let state: ConnectionState;
  let unframed: Uint8Array;
  let connectionError: ConnectionError | undefined;
  let incompatibility: string | undefined;
  let messages: string[];
  let watch: TroubleWatch | undefined;

  beforeEach(() => {
    vi.useFakeTimers();
    stats = noStats();
    state = 'connected';
    unframed = new Uint8Array(0);
    connectionError = undefined;
    incompatibility = undefined;
    messages = [];
    redirectMessages((line) => messages.push(line));
  });

  afterEach(() => {
    watch?.close();
    redirectMessages();
    vi.useRealTimers();
  });

  function start({
    settleMs = 0,
    baudRate = 115_200,
    ...options
  }: {
    settleMs?: number;
    baudRate?: number;
    seeBytes?: string | undefined;
  } = {}): void {
    const connection = { path: '/dev/none', baudRate, settleMs, maxPacketBytes: 100 };
    const ports = [{ name: 'arm', connection }] satisfies TroubleWatchOptions['ports'];
    const live = {
      stats: () => ({ ...stats }),
      state: () => state,
      unframed: () => unframed,
      connectionError: () => connectionError,
      incompatibility: () => incompatibility,
    };
    watch = new TroubleWatch({ ports, live, seeBytes: '--raw shows them', ...options });
  }

  test('reports text once, after two seconds', () => {
    start();
    unframed = Buffer.from('temp 21.5\r\ntemp 21.6\r\ntemp 21.7');
    Object.assign(stats, { bytesRead: 31, skippedBytes: 31 });
    vi.advanceTimersByTime(2_000);
    expect(messages).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([
      'sercom: "arm": 31 bytes received, but no delimiter (00): they look like text ("temp 21.5\\r\\ntemp 21.6\\r\\nte"…): ' +
        'the device prints text (Serial.println) instead of COBS frames; --raw shows them\n',
    ]);
  });

  test('reports bytes that are not text', () => {
    start();
    unframed = Uint8Array.of(0xf8, 0xe1, 0x9c);
    Object.assign(stats, { bytesRead: 3, unfinishedBytes: 3 });
    vi.advanceTimersByTime(3_000);
    expect(messages).toEqual([
      'sercom: "arm": 3 bytes received, but no delimiter (00): check the baud rate, and that the device sends COBS frames; ' +
        '--raw shows them\n',
    ]);
  });

  test.each([
    ['only skipped bytes', { skippedBytes: 6, delimiters: 1 }, /the 6 bytes before .* skipped; --no-skip-first/],
    ['only rejected frames', { delimiters: 3, malformedFrames: 2 }, /2 frames rejected: .*--baud and --checksum/],
  ])('reports %s', (_, counters, message) => {
    start();
    Object.assign(stats, { bytesRead: 8, ...counters });
    vi.advanceTimersByTime(3_000);
    expect(messages).toEqual([expect.stringMatching(message)]);
  });

  test('reports text among frames', () => {
    start();
    unframed = Buffer.from('temp 21.5\r\n');
    Object.assign(stats, { bytesRead: 30, delimiters: 4, malformedFrames: 3 });
    vi.advanceTimersByTime(3_000);
    expect(messages).toEqual([
      'sercom: "arm": 3 frames rejected; the last one looks like text ("temp 21.5\\r\\n"): does the device print text ' +
        '(Serial.println) on this port?\n',
    ]);
  });

  // The negotiation of ser2net, opened with tcp://, with and without RFC 2217. 0x00 is its option "binary", and a delimiter.
  test.each([
    ['fffd2c', { delimiters: 3, malformedFrames: 2 }, '2 frames rejected; the last one looks like telnet: '],
    ['fffb', { delimiters: 2, malformedFrames: 1 }, '1 frame rejected; the last one looks like telnet: '],
    ['fffb03fffd03fffb01fffe01', {}, '12 bytes received, but no delimiter (00): they look like telnet: '],
  ])('reports telnet: %s', (hex, counters, message) => {
    start();
    unframed = Buffer.from(hex, 'hex');
    Object.assign(stats, { bytesRead: 12, ...counters });
    vi.advanceTimersByTime(3_000);
    expect(messages).toEqual([expect.stringContaining(message)]);
    expect(messages[0]).toContain('if a server speaks it, use rfc2217:// instead of tcp://');
  });

  test('does not take a long frame that was rejected for telnet', () => {
    start();
    unframed = Buffer.concat([Buffer.of(0xff, 0xfd, 1), Buffer.alloc(61, 7)]);
    Object.assign(stats, { bytesRead: 90, delimiters: 3, malformedFrames: 2 });
    vi.advanceTimersByTime(3_000);
    expect(messages).toEqual([expect.stringContaining('check that --baud and --checksum match the device')]);
  });

  test.each([
    ['no bytes', {}],
    ['an idle line', { bytesRead: 5, delimiters: 5 }],
    ['packets among rejected frames', { bytesRead: 90, delimiters: 9, malformedFrames: 2, packetsReceived: 7 }],
    ['a long packet after others', { bytesRead: 900, delimiters: 1, packetsReceived: 1, unfinishedBytes: 800 }],
  ])('reports nothing for %s', (_, counters) => {
    start();
    Object.assign(stats, counters);
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([]);
  });

  test('reports nothing if a packet arrives within two seconds', () => {
    start();
    Object.assign(stats, { bytesRead: 5, skippedBytes: 5 });
    vi.advanceTimersByTime(1_500);
    Object.assign(stats, { bytesRead: 9, delimiters: 2, packetsReceived: 1 });
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([]);
  });

  test('leaves what arrives to commands that report it themselves', () => {
    start({ seeBytes: undefined });
    Object.assign(stats, { bytesRead: 5, skippedBytes: 5 });
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([]);
  });

  test('reports once that the device accepts no bytes, not before it has settled', () => {
    start({ settleMs: 10_000 });
    Object.assign(stats, { packetsWaiting: 1 });
    vi.advanceTimersByTime(14_500);
    expect(messages).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([expect.stringMatching(/"arm": the device accepts no bytes: check .*--rtscts, --xon/)]);
  });

  test('waits until a slow line has sent what the operating system accepts at once', () => {
    start({ baudRate: 4_800 });
    Object.assign(stats, { packetsWaiting: 2 });
    for (let step = 0; step < 10; step++) {
      stats.bytesWritten += 3_840;
      // With 12 bits for each byte.
      vi.advanceTimersByTime(9_600);
    }
    expect(messages).toEqual([]);
    vi.advanceTimersByTime(5_000);
    expect(messages).toEqual([expect.stringMatching(/accepts no bytes/)]);
  });

  test('reports once that a port which is there does not open, and again after it was away', () => {
    start();
    const denied = new ConnectionError('PERMISSION_DENIED', 'arm', 'connection "arm": permission denied');
    const message = 'sercom: connection "arm": permission denied; trying again\n';
    connectionError = denied;
    vi.advanceTimersByTime(1_500);
    expect(messages).toEqual([]);
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([message]);
    for (const code of ['PORT_NOT_FOUND', 'CONNECTION_LOST'] as const) {
      connectionError = new ConnectionError(code, 'arm', 'reported elsewhere');
      vi.advanceTimersByTime(60_000);
    }
    expect(messages).toEqual([message]);
    connectionError = denied;
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([message, message]);
  });

  test('reports nothing while bytes are accepted, however slowly, or the port is disconnected', () => {
    start();
    Object.assign(stats, { packetsWaiting: 1 });
    for (let second = 0; second < 60; second += 4) {
      stats.bytesWritten++;
      vi.advanceTimersByTime(4_000);
    }
    state = 'disconnected';
    vi.advanceTimersByTime(60_000);
    expect(messages).toEqual([]);
  });
});
