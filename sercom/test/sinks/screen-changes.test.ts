import { describe, expect, test } from 'vitest';
import type { PacketRecord } from '../../src/records/record.js';
import { separateId } from '../../src/records/request-ids.js';
import { ScreenChanges } from '../../src/sinks/screen-changes.js';
import { cutLine, paint } from '../../src/terminal/styled-line.js';
import { columnsOf } from '../../src/text/columns.js';

function received(ms: number, ...bytes: number[]): PacketRecord {
  return { timeUs: ms * 1_000, name: 'arm', dir: 'rx', length: bytes.length, bytes: Uint8Array.from(bytes) };
}

function linesOf(changes: ScreenChanges, columns?: number): string[] {
  return changes.lines(columns).map((line) => paint(line, (_, text) => text));
}

describe('the lines of --changes', () => {
  test('have the mean interval and the last one, which differ if packets come in bursts', () => {
    const changes = new ScreenChanges(1);
    // Three packets in each read, every 300 ms.
    for (const ms of [0, 0, 0, 300, 300, 300, 600, 600, 600]) {
      changes.write(received(ms, 1));
    }
    expect(linesOf(changes)).toEqual([
      'name  dir   count   interval       last  length  packet',
      'arm   rx        9    75.0 ms     0.0 ms       1  01  "\\x01"',
    ]);
    changes.write(received(1_600, 1));
    expect(linesOf(changes)[1]).toBe('arm   rx       10   177.8 ms  1000.0 ms       1  01  "\\x01"');
  });

  test('have a column for the kinds of packets with ids, and none for their ids', () => {
    const changes = new ScreenChanges(1);
    const onWire = [
      { ...received(0, 5, 1), dir: 'tx' as const },
      { ...received(10, 6, 1), dir: 'tx' as const },
      received(20, 5, 1),
      received(30, 0x80, 6, 2),
      received(40),
    ];
    for (const record of onWire) {
      changes.write(separateId(record, 1));
    }
    expect(linesOf(changes)).toEqual([
      'name  dir  kind      count   interval       last  length  packet',
      'arm   rx                 1          -          -       0    rejected: too-short',
      'arm   rx   error         1          -          -       2  06 02  error 2: there is no handler',
      'arm   rx   reply         1          -          -       1  01  "\\x01"',
      'arm   tx   request       2    10.0 ms    10.0 ms       1  01  "\\x01"',
    ]);
  });

  test('mark the bytes that changed', () => {
    const changes = new ScreenChanges(1);
    changes.write(received(0, 1, 2, 3));
    changes.write(received(1, 1, 9, 3));
    expect(paint(changes.lines()[1]!, (color, text) => (color === 'changed' ? `<${text}>` : text))).toContain(
      '01 <09> 03',
    );
  });

  test.each([20, 40, 80, 120, 300])(
    'of %d columns line up, whatever the names, and keep room for the packet',
    (columns) => {
      const changes = new ScreenChanges(1);
      for (const name of ['arm', '测量', 'e\u0301', '/dev/serial/by-id/usb-Arduino__www.arduino.cc__0043_7533']) {
        changes.write({ ...received(0, 1, 2), name });
      }
      const lines = changes.lines(columns).map((line) => paint(cutLine(line, columns), (_, text) => text));
      expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(columns);
      const starts = lines.slice(1).map((line) => columnsOf(line.slice(0, line.search(/ rx|…$/))));
      expect(new Set(starts).size).toBe(1);
      expect(lines.filter((line) => line.includes('01'))).toHaveLength(columns > 40 ? 4 : 0);
    },
  );
});
