import { describe, expect, test } from 'vitest';
import { fittedCells, table } from '../../src/terminal/table.js';
import { VirtualTerminal } from '../support/virtual-terminal.js';

const TITLES = ['PATH', 'VENDOR', 'SERIAL NUMBER', 'MANUFACTURER'];

const ROWS = [
  ['/dev/ttyACM0', '2341', '75335313437351D0F1A2', 'Arduino'],
  ['/dev/ttyUSB0', '1a86', '-', '南京沁恒'],
  ['/dev/ttyS0', '-', '-', '-'],
];

describe('a table', () => {
  test('lines up its columns, wide characters too', () => {
    const rows = ROWS.map(([path = '', , , manufacturer = '']) => [manufacturer, path]);
    expect(table(['MAKER', 'PATH'], rows)).toEqual([
      'MAKER     PATH',
      'Arduino   /dev/ttyACM0',
      '南京沁恒  /dev/ttyUSB0',
      '-         /dev/ttyS0',
    ]);
  });

  test('that is wider than the terminal has a paragraph for each row, without what is unknown', () => {
    expect(table(TITLES, ROWS, 40)).toEqual([
      '/dev/ttyACM0',
      '  VENDOR 2341',
      '  SERIAL NUMBER 75335313437351D0F1A2',
      '  MANUFACTURER Arduino',
      '/dev/ttyUSB0',
      '  VENDOR 1a86  MANUFACTURER 南京沁恒',
      '/dev/ttyS0',
    ]);
  });

  test.each([20, 40, 80, 120, 300])('fits a terminal of %d columns', async (columns) => {
    const terminal = new VirtualTerminal({ columns });
    await terminal.writeLines(table(TITLES, ROWS, columns));
    await terminal.writeLines(ROWS.flatMap((row) => fittedCells(['present', ...row], columns)));
    expect(terminal.wrappedRows).toEqual([]);
    expect(terminal.rows.join('\n')).toContain('南京沁恒');
  });
});
