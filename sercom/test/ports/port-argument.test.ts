import type { DeviceSelector, PortInfo } from 'serial-communicator';
import { describe, expect, test } from 'vitest';
import { parsePort, parsePorts, usbNames } from '../../src/ports/port-argument.js';

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
    ['tcp://host:4000', { name: 'tcp://host:4000', path: 'tcp://host:4000', baudRate: undefined }],
    ['arm=tcp://host:4000@9600', { name: 'arm', path: 'tcp://host:4000', baudRate: 9600 }],
    ['arm=socket://[fe80::1%eth0]:4000', { name: 'arm', path: 'socket://[fe80::1%eth0]:4000', baudRate: undefined }],
    ['tls://[::1]:4000@115200', { name: 'tls://[::1]:4000', path: 'tls://[::1]:4000', baudRate: 115_200 }],
    ['a=unix:///run/a.sock', { name: 'a', path: 'unix:///run/a.sock', baudRate: undefined }],
    ['arm=rfc2217://host:4000', { name: 'arm', path: 'rfc2217://host:4000', baudRate: 115_200 }],
    ['sim:build/my.hex', { name: 'sim:build/my.hex', path: 'sim:build/my.hex', baudRate: 115_200 }],
    ['a=sim:C:\\my.HEX@9600', { name: 'a', path: 'sim:C:\\my.HEX', baudRate: 9600 }],
    ['sim:mega:my.hex', { name: 'sim:mega:my.hex', path: 'sim:mega:my.hex', baudRate: 115_200 }],
    ['a=sim:leonardo:b/my.ihex@9600', { name: 'a', path: 'sim:leonardo:b/my.ihex', baudRate: 9600 }],
    ['sim:rp2040:my.uf2', { name: 'sim:rp2040:my.uf2', path: 'sim:rp2040:my.uf2', baudRate: 115_200 }],
    ['a=sim:rp2040:b/my.ELF@9600', { name: 'a', path: 'sim:rp2040:b/my.ELF', baudRate: 9600 }],
    ['sim:rp2040-uart:a.bin', { name: 'sim:rp2040-uart:a.bin', path: 'sim:rp2040-uart:a.bin', baudRate: 115_200 }],
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
    [
      'data=usb:239a:80f4#2@9600',
      {
        name: 'data',
        path: 'usb:239a:80f4#2',
        device: { vendorId: '239a', productId: '80f4', interface: 2 },
        baudRate: 9600,
      },
    ],
    ['COM3', { name: 'COM3', path: 'COM3', baudRate: 115_200 }],
    ['odd\nname=x', { name: 'odd\nname', path: 'x', baudRate: 115_200 }],
    ['x@4294967295', { name: 'x', path: 'x', baudRate: 4_294_967_295 }],
  ])('%j', (argument, port) => {
    expect(parsePort(argument, 115_200)).toEqual(port);
  });

  test.each<[string, DeviceSelector]>([
    ['usb:239a:80f4#2', { vendorId: '239a', productId: '80f4', interface: 2 }],
    ['usb:239a:80f4:E6:x#0', { vendorId: '239a', productId: '80f4', serialNumber: 'E6:x', interface: 0 }],
    ['usb:9710:7840#10.1', { vendorId: '9710', productId: '7840', interface: 10, portNumber: 1 }],
    ['usb:0403:6001:A#1#0', { vendorId: '0403', productId: '6001', serialNumber: 'A#1', interface: 0 }],
    ['usb:0403:6001:#A', { vendorId: '0403', productId: '6001', serialNumber: '#A' }],
    ['usb:1-2.3', { locationId: '1-2.3' }],
    ['usb:1-2.3#2', { locationId: '1-2.3', interface: 2 }],
    ['usb:14200000', { locationId: '14200000' }],
    ['usb:Port_#0003.Hub_#0001', { locationId: 'Port_#0003.Hub_#0001' }],
  ])('%j selects a device', (path, device) => {
    expect(parsePort(path, 115_200)).toEqual({ name: path, path, device, baudRate: 115_200 });
  });

  test.each([
    'sim:@abc',
    'uno=sim:1',
    'sim:9600',
    'sim:build/',
    'sim:.hex',
    'sim:mega:',
    'sim:mega:9600',
    'sim:leonardo:my.uf2',
    'sim:rp2040:',
    'sim:rp2040:my.hex',
    'sim:rp2040:9600',
    'sim:rp2040-uart:',
    'sim:rp2040-uart:.uf2',
    'sim:my.uf2',
    'usb:',
    'usb:2341',
    'usb:234:0043',
    'usb:2341:0043:',
    'usb:#2',
    'usb:2341:0043#',
    'usb:2341:0043#x',
    'usb:2341:0043#256',
    'usb:2341:0043#0.256',
    'usb:2341:0043#1000',
    'usb:1',
    'usb:1-',
    'usb:1-2.',
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

describe('the shortest name of a USB port', () => {
  const none = { manufacturer: undefined, pnpId: undefined, locationId: undefined, serialNumber: undefined };
  const pico: PortInfo = { ...none, path: '/dev/0', vendorId: '239a', productId: '80f4', serialNumber: 'E6' };
  const namesOf = (ports: Partial<PortInfo>[], given?: DeviceSelector) => {
    const all = ports.map((port) => ({ ...pico, ...port }));
    const names = usbNames(all, given);
    return all.map((port) => names.get(port));
  };

  test.each<[string, Partial<PortInfo>[], (string | undefined)[]]>([
    ['is that of the ids', [{}], ['usb:239a:80f4']],
    ['has the serial number', [{}, { serialNumber: 'F7' }], ['usb:239a:80f4:E6', 'usb:239a:80f4:F7']],
    ['has the interface', [{ interface: 0 }, { interface: 2 }], ['usb:239a:80f4#0', 'usb:239a:80f4#2']],
    [
      'has the port number',
      [
        { interface: 0, portNumber: 0 },
        { interface: 0, portNumber: 1 },
      ],
      ['usb:239a:80f4#0.0', 'usb:239a:80f4#0.1'],
    ],
    ['is that of the location', [{ locationId: '1-2' }, { locationId: '1-3.1' }], ['usb:1-2', 'usb:1-3.1']],
    [
      'has all that is needed',
      [
        { interface: 0, locationId: '1-2' },
        { interface: 2, locationId: '1-2' },
        { interface: 0, locationId: '1-3' },
        { interface: 2, locationId: '1-3' },
      ],
      ['usb:1-2#0', 'usb:1-2#2', 'usb:1-3#0', 'usb:1-3#2'],
    ],
    [
      'is not one that means something else',
      [
        { serialNumber: 'A#1', interface: 0, locationId: '1-2' },
        { serialNumber: 'A', interface: 0, locationId: '1-3' },
        { serialNumber: 'a=b', locationId: '1-4' },
        { serialNumber: 'x@9600', locationId: '1-5' },
      ],
      ['usb:239a:80f4:A#1#0', 'usb:239a:80f4:A', 'usb:1-4', 'usb:1-5'],
    ],
    ['does not exist if nothing differs', [{}, {}], [undefined, undefined]],
    ['does not exist for other ports', [{ vendorId: undefined, productId: undefined }], [undefined]],
    ['does not exist without a node', [{ hasNode: false }, { hasNode: true }], [undefined, 'usb:239a:80f4']],
  ])('%s', (_, ports, names) => {
    expect(namesOf(ports)).toEqual(names);
  });

  test('keeps what was given, if that is possible', () => {
    const interfaces = [{ interface: 0 }, { interface: 2 }];
    const given = { vendorId: '239a', productId: '80f4', serialNumber: 'E6' };
    expect(namesOf(interfaces, given)).toEqual(['usb:239a:80f4:E6#0', 'usb:239a:80f4:E6#2']);
    expect(namesOf([{ locationId: '1-2' }, { locationId: '1-3' }], given)).toEqual(['usb:1-2', 'usb:1-3']);
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
