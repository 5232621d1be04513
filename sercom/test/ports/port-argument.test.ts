import { describe, expect, test } from 'vitest';
import { parsePort, parsePorts } from '../../src/ports/port-argument.js';

describe('parsePort', () => {
  test.each([
    ['/dev/ttyACM0', { name: '/dev/ttyACM0', path: '/dev/ttyACM0', baudRate: 115_200 }],
    ['/dev/ttyACM0@9600', { name: '/dev/ttyACM0', path: '/dev/ttyACM0', baudRate: 9600 }],
    ['arm=/dev/ttyACM0', { name: 'arm', path: '/dev/ttyACM0', baudRate: 115_200 }],
    ['arm=/dev/ttyACM0@57600', { name: 'arm', path: '/dev/ttyACM0', baudRate: 57_600 }],
    ['a=b=c@1', { name: 'a', path: 'b=c', baudRate: 1 }],
    ['a@1=b', { name: 'a@1', path: 'b', baudRate: 115_200 }],
    ['a@b', { name: 'a@b', path: 'a@b', baudRate: 115_200 }],
    ['a@1@2', { name: 'a@1', path: 'a@1', baudRate: 2 }],
    ['a@', { name: 'a@', path: 'a@', baudRate: 115_200 }],
    ['a@9600x', { name: 'a@9600x', path: 'a@9600x', baudRate: 115_200 }],
    ['sim:build/my.hex', { name: 'sim:build/my.hex', path: 'sim:build/my.hex', baudRate: 115_200 }],
    ['a=sim:C:\\my.HEX@9600', { name: 'a', path: 'sim:C:\\my.HEX', baudRate: 9600 }],
    ['sim:', { name: 'sim:', path: 'sim:', baudRate: 115_200 }],
    [
      'usb:2341:0043',
      {
        name: 'usb:2341:0043',
        path: 'usb:2341:0043',
        device: { vendorId: '2341', productId: '0043' },
        baudRate: 115_200,
      },
    ],
    [
      'arm=usb:0403:6001:A50285BI:x@9600',
      {
        name: 'arm',
        path: 'usb:0403:6001:A50285BI:x',
        device: { vendorId: '0403', productId: '6001', serialNumber: 'A50285BI:x' },
        baudRate: 9600,
      },
    ],
    ['COM3', { name: 'COM3', path: 'COM3', baudRate: 115_200 }],
    ['odd\nname=x', { name: 'odd\nname', path: 'x', baudRate: 115_200 }],
    ['x@4294967295', { name: 'x', path: 'x', baudRate: 4_294_967_295 }],
  ])('%j', (argument, port) => {
    expect(parsePort(argument, 115_200)).toEqual(port);
  });

  test.each([
    'sim:@abc',
    'uno=sim:1',
    'sim:9600',
    'sim:build/',
    'sim:.hex',
    'usb:',
    'usb:2341',
    'usb:234:0043',
    'usb:2341:0043:',
    '',
    '=',
    '=x',
    'a=',
    'a=@9600',
    '@9600',
    'x@0',
    'x@4294967296',
    'x@99999999999999999999',
  ])('%j is a usage error', (argument) => {
    expect(() => parsePort(argument, 115_200)).toThrow(expect.objectContaining({ exitCode: 2 }));
  });
});

describe('parsePorts', () => {
  test('keeps the order', () => {
    expect(parsePorts(['b=/dev/1', 'a=/dev/0'], 1).map(({ name }) => name)).toEqual(['b', 'a']);
  });

  test.each([[['/dev/0', '/dev/0']], [['a=/dev/0', 'a=/dev/1']], [['sim:', 'sim:@9600']]])(
    '%j have the same name',
    (ports) => {
      expect(() => parsePorts(ports, 1)).toThrow(/two ports are named/);
    },
  );
});
