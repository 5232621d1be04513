import { expect, test } from 'vitest';
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
  expect(describePort({ ...unknown, ...port })).toBe(description);
});
