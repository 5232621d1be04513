import { describe, expect, test } from 'vitest';
import { type InitializeError, SerialCommunicator } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';
import { connected, FAST } from '../support/mock-connection.js';

const PACKET = Uint8Array.of(1, 2, 3);

describe('a device instead of a path', () => {
  const uno = { vendorId: '2341', productId: '0043', serialNumber: 'A1' };
  const nano = { vendorId: '2341', productId: '0058', serialNumber: 'B2' };

  test('is found by its identity, even if it returns with another path', async () => {
    const first = new MockDevice({ path: '/dev/ttyACM0', ...uno });
    const second = new MockDevice({ path: '/dev/ttyACM1', ...uno });
    second.unplug();
    const other = new MockDevice({ path: '/dev/ttyUSB0', ...nano });
    const serial = new SerialCommunicator({ binding: mockBinding(other, first, second) });
    serial.addConnection('arm', { device: { vendorId: '2341', serialNumber: 'a1' }, baudRate: 9_600, reconnect: FAST });
    const opened: string[] = [];
    serial.on('connected', ({ path, info }) => opened.push(`${path} ${info.productId} ${info.serialNumber}`));
    await serial.initialize();
    const again = connected(serial);
    first.unplug();
    second.plug();
    await again;
    expect(opened).toEqual(['/dev/ttyACM0 0043 A1', '/dev/ttyACM1 0043 A1']);
    await serial.send('arm', PACKET);
    expect(second.received).toEqual([PACKET]);
    await serial.shutdown();
  });

  test.each([
    [
      { serialNumber: 'C3' },
      'PORT_NOT_FOUND',
      'connection "arm" (serialNumber C3): no such device; available: /dev/ttyACM0 (2341:0043 A1), /dev/ttyUSB0 (2341:0058 B2)',
    ],
    [
      { vendorId: '2341' },
      'PORT_AMBIGUOUS',
      'connection "arm" (vendorId 2341): 2 devices match; select one, for example by serialNumber; available: /dev/ttyACM0 (2341:0043 A1), /dev/ttyUSB0 (2341:0058 B2)',
    ],
  ])('%j: rejects with %s, and lists the ports', async (device, code, message) => {
    const devices = [
      new MockDevice({ path: '/dev/ttyACM0', ...uno }),
      new MockDevice({ path: '/dev/ttyUSB0', ...nano }),
    ];
    const serial = new SerialCommunicator({ binding: mockBinding(...devices) });
    serial.addConnection('arm', { device, baudRate: 9_600 });
    const error: InitializeError = await serial.initialize().catch((reason) => reason);
    expect(error.errors).toMatchObject([{ code, message, connection: 'arm' }]);
  });

  test.each([
    [{ device: {} }, 'device is empty; expected an object with one or more of vendorId, productId'],
    [{ device: { vendor: '2341' } }, 'device: unknown setting "vendor"; expected one of vendorId'],
    [{ device: { vendorId: 0x2341 } }, 'device: vendorId is 9025; expected a non-empty string'],
    [{ device: 'Uno' }, 'device is "Uno"; expected an object'],
    [{ device: uno, path: '/dev/x' }, 'both path and device are set; set exactly one of them'],
    [{ path: '/dev/x', reconnect: true }, 'reconnect is true; expected false, or an object'],
    [
      { path: '/dev/x', reconnect: { minDelayMs: 0 } },
      'reconnect: minDelayMs is 0; expected an integer from 1 to 2147483647',
    ],
    [
      { path: '/dev/x', reconnect: { minDelayMs: 9, maxDelayMs: 8 } },
      'reconnect.minDelayMs is 9; expected at most maxDelayMs, 8',
    ],
    [{ path: '/dev/x', required: false, reconnect: false }, 'reconnect cannot be false when required is false'],
    [{ path: '/dev/x', whenDisconnected: 'drop' }, 'whenDisconnected is "drop"; expected "reject" or "wait"'],
    [{ path: '/dev/x', sendTimeoutMs: -1 }, 'sendTimeoutMs is -1; expected an integer from 0 to 2147483647'],
    [{ path: '/dev/x', dtr: 1 }, 'dtr is 1; expected true or false'],
  ])('rejects %j', (connection, message) => {
    const add = () => new SerialCommunicator().addConnection('arm', { baudRate: 9_600, ...connection } as never);
    expect(add).toThrow(message);
  });
});
