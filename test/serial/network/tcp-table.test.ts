import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findRow, keyOf } from '../../../src/serial/network/tcp-table.js';

/** A row of `/proc/net/tcp`, as Linux 6 writes it. */
function row(queued: string, timer: string, retransmissions: string, probes: string): string {
  const key = '0100007F:8366 0100007F:A32F';
  return `  28: ${key} 01 ${queued}:00000000 ${timer}:000001E9 ${retransmissions}     0        ${probes} 6422662 3 0 20 0 0 10 -1`;
}

const SOCKET = {
  localAddress: '127.0.0.1',
  localPort: 0x8366,
  remoteAddress: '127.0.0.1',
  remotePort: 0xa32f,
} as Socket;

describe('a row of the table of connections', () => {
  test.each([
    ['idle', row('00000000', '00', '00000000', '0'), { unacknowledged: 0, unanswered: 0, hasEnded: false }],
    [
      'with bytes in flight',
      row('0000002A', '01', '00000000', '0'),
      { unacknowledged: 42, unanswered: 0, hasEnded: false },
    ],
    [
      'that retransmits',
      row('0000002A', '01', '0000000B', '0'),
      { unacknowledged: 42, unanswered: 11, hasEnded: false },
    ],
    [
      'whose keep-alives are not answered',
      row('00000000', '02', '00000000', '3'),
      { unacknowledged: 0, unanswered: 3, hasEnded: false },
    ],
    [
      'whose window probes are not answered',
      row('00FFFFFF', '04', '00000000', '7'),
      { unacknowledged: 16_777_215, unanswered: 7, hasEnded: false },
    ],
    [
      'that delays an acknowledgement',
      row('00000001', '00', '00000002', '5'),
      { unacknowledged: 1, unanswered: 0, hasEnded: false },
    ],
  ])('%s', (_, text, expected) => {
    const table = `  sl  local_address rem_address   st\n${row('00000000', '00', '0', '0').replace('8366', '8367')}\n${text}\n`;
    expect(findRow(table, keyOf(SOCKET))).toEqual(expected);
  });

  test('that is missing is undefined', () => {
    expect(findRow('', keyOf(SOCKET))).toBeUndefined();
    expect(findRow(row('0', '0', '0', '0').replace('8366', '8367'), keyOf(SOCKET))).toBeUndefined();
  });

  test.skipIf(process.platform !== 'linux').each([
    ['IPv4', '127.0.0.1', '127.0.0.1', '/proc/net/tcp'],
    ['IPv6', '::1', '::1', '/proc/net/tcp6'],
    ['IPv4 in an IPv6 address', '::', '::ffff:127.0.0.1', '/proc/net/tcp6'],
  ])('is found in the table of the kernel: %s', async (_, listened, host, file) => {
    const server = createServer().listen(0, listened);
    await once(server, 'listening');
    const socket = connect((server.address() as { port: number }).port, host);
    onTestFinished(() => {
      socket.destroy();
      server.close();
    });
    server.on('connection', (accepted) => accepted.on('error', () => {}).resume());
    await once(socket, 'connect');
    expect(findRow(readFileSync(file, 'utf8'), keyOf(socket))).toEqual({
      unacknowledged: 0,
      unanswered: 0,
      hasEnded: false,
    });
  });
});
