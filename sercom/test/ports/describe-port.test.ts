import type { PortInfo } from 'serial-communicator';
import { describe, expect, test } from 'vitest';
import { describePort } from '../../src/ports/describe-port.js';

const unknown = {
  manufacturer: undefined,
  serialNumber: undefined,
  pnpId: undefined,
  locationId: undefined,
  vendorId: undefined,
  productId: undefined,
};

test.each([
  [{ path: '/dev/ttyS0' }, '/dev/ttyS0'],
  [{ path: 'COM3', vendorId: '2341', productId: '0043' }, 'COM3 (2341:0043)'],
  [{ path: 'COM3', vendorId: '2341' }, 'COM3 (2341:?)'],
  [{ path: 'COM3', manufacturer: 'Acme', serialNumber: 'A5' }, 'COM3 (Acme A5)'],
])('%j', (port, description) => {
  const info = { ...unknown, ...port };
  expect(describePort(info, [info])).toBe(description);
});

describe('ports of which all else is equal', () => {
  const adapter = { ...unknown, vendorId: '10c4', productId: 'ea60', serialNumber: '0001' };
  const describeAll = (...ports: Partial<PortInfo>[]) => {
    const all = ports.map((port, index) => ({ ...adapter, ...port, path: `/dev/tty${index}` }));
    return all.map((port) => describePort(port, all).replace(/^.*0001/, ''));
  };

  test.each<[string, Partial<PortInfo>[], string[]]>([
    [
      'interfaces',
      [
        { interface: 0, interfaceName: 'console', locationId: '1-1' },
        { interface: 2, locationId: '1-1' },
      ],
      [' #0 console)', ' #2)'],
    ],
    [
      'ports of one interface',
      [
        { interface: 0, portNumber: 0 },
        { interface: 0, portNumber: 1 },
      ],
      [' #0.0)', ' #0.1)'],
    ],
    [
      'locations',
      [
        { interface: 0, portNumber: 0, locationId: '1-2' },
        { interface: 0, portNumber: 0, locationId: '1-3' },
      ],
      [' at 1-2)', ' at 1-3)'],
    ],
    ['nothing', [{}, {}], [')', ')']],
    ['something else', [{ interface: 0 }, { interface: 2, manufacturer: 'Acme' }], [')', ')']],
  ])('are distinguished by %s', (_, ports, expected) => {
    expect(describeAll(...ports)).toEqual(expected);
  });
});
