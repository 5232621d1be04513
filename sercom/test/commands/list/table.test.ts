import { describe, expect, test } from 'vitest';
import { changeLine, portJson, portTable } from '../../../src/commands/list/table.js';

describe('the table of ports', () => {
  const port = {
    path: '/dev/ttyACM0',
    vendorId: '2341',
    productId: '0043',
    serialNumber: '7533\x1b]0;owned\x07',
    manufacturer: 'Evil\u202e Inc\x9b2J\n/dev/ttyACM9',
    pnpId: undefined,
    locationId: '1-2.3',
    interface: 2,
    interfaceName: 'CDC\x1b[2J',
    portNumber: 0,
    hasNode: true,
  };
  const bare = {
    path: '/dev/ttyS0',
    vendorId: undefined,
    productId: undefined,
    serialNumber: undefined,
    manufacturer: undefined,
    locationId: undefined,
    pnpId: undefined,
  };

  test('escapes the strings that USB devices report', () => {
    const table = portTable([port, bare]);
    expect(table.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['PATH', 'VENDOR', 'PRODUCT', 'SERIAL NUMBER', 'LOCATION', 'MANUFACTURER', 'INTERFACE'],
      [
        '/dev/ttyACM0',
        '2341',
        '0043',
        '7533\\x1b]0;owned\\x07',
        '1-2.3',
        'Evil\\u{202e} Inc\\u{9b}2J\\n/dev/ttyACM9',
        '#2.0 CDC\\x1b[2J',
      ],
      ['/dev/ttyS0', '-', '-', '-', '-', '-', '-'],
      [''],
    ]);
  });

  test('aligns its columns', () => {
    expect(portTable([{ ...bare, manufacturer: 'Acme' }])).toBe(
      'PATH        VENDOR  PRODUCT  SERIAL NUMBER  LOCATION  MANUFACTURER  INTERFACE\n' +
        '/dev/ttyS0  -       -        -              -         Acme          -\n',
    );
  });

  test('notes that a port has no node', () => {
    const missing = { ...bare, hasNode: false };
    expect(portTable([missing])).toMatch(/\n\/dev\/ttyS0 .* {2}\(no node in \/dev\)\n$/);
    expect(changeLine('added', missing)).toMatch(/^added .* {2}\(no node in \/dev\)\n$/);
  });

  test('as JSON has null for unknown values and is escaped', () => {
    const json = portJson([port, bare]);
    expect(json).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
    const { pnpId: _, ...shown } = port;
    const unknown = Object.fromEntries(Object.keys(shown).map((field) => [field, null]));
    expect(JSON.parse(json)).toEqual([shown, { ...unknown, path: '/dev/ttyS0' }]);
  });
});
