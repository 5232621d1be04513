import { describe, expect, test } from 'vitest';
import { portJson, portTable } from '../../../src/commands/list/table.js';

describe('the table of ports', () => {
  const port = {
    path: '/dev/ttyACM0',
    vendorId: '2341',
    productId: '0043',
    serialNumber: '7533\x1b]0;owned\x07',
    manufacturer: 'Evil\u202e Inc\x9b2J\n/dev/ttyACM9',
    pnpId: undefined,
    locationId: undefined,
  };
  const bare = { ...port, path: '/dev/ttyS0', vendorId: undefined, productId: undefined, serialNumber: undefined };

  test('escapes the strings that USB devices report', () => {
    const table = portTable([port, { ...bare, manufacturer: undefined }]);
    expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['PATH', 'VENDOR', 'PRODUCT', 'SERIAL NUMBER', 'MANUFACTURER'],
      ['/dev/ttyACM0', '2341', '0043', '7533\\x1b]0;owned\\x07', 'Evil\\u{202e} Inc\\u{9b}2J\\n/dev/ttyACM9'],
      ['/dev/ttyS0', '-', '-', '-', '-'],
      [''],
    ]);
  });

  test('aligns its columns', () => {
    expect(portTable([{ ...bare, manufacturer: 'Acme' }])).toBe(
      'PATH        VENDOR  PRODUCT  SERIAL NUMBER  MANUFACTURER\n/dev/ttyS0  -       -        -              Acme\n',
    );
  });

  test('as JSON has null for unknown values and is escaped', () => {
    const json = portJson([port, { ...bare, manufacturer: undefined }]);
    expect(json).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    const { pnpId: _, locationId: __, ...shown } = port;
    expect(JSON.parse(json)).toEqual([
      shown,
      { path: '/dev/ttyS0', vendorId: null, productId: null, serialNumber: null, manufacturer: null },
    ]);
  });
});
