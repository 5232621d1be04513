import { describe, expect, onTestFinished, test, vi } from 'vitest';
import {
  type Binding,
  type ConnectionError,
  type DeviceSelector,
  type InitializeError,
  SerialCommunicator,
} from '../../src/index.js';
import { MockDevice, type MockDeviceOptions, mockBinding } from '../../src/testing/index.js';
import { connected, FAST } from '../support/mock-connection.js';

const PACKET = Uint8Array.of(1, 2, 3);

async function errorOf(binding: Binding, device: DeviceSelector): Promise<ConnectionError> {
  const serial = new SerialCommunicator({ binding });
  serial.addConnection('arm', { device, baudRate: 9_600 });
  const { errors }: InitializeError = await serial.initialize().catch((error) => error);
  return errors[0]!;
}

describe('a device instead of a path', () => {
  const uno = { vendorId: '2341', productId: '0043', serialNumber: 'A1' };
  const pico = { vendorId: '239a', productId: '80f4', serialNumber: 'E6' };
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
      'connection "arm" (vendorId 2341): 2 ports match; select one: /dev/ttyACM0 by serialNumber A1, /dev/ttyUSB0 by serialNumber B2',
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

  test('is one of the interfaces of a USB device, also after a reconnect', async () => {
    const control = new MockDevice({ path: '/dev/ttyACM0', ...pico, interface: 0 });
    const data = new MockDevice({ path: '/dev/ttyACM1', ...pico, interface: 2, interfaceName: 'CDC2 data' });
    const serial = new SerialCommunicator({ binding: mockBinding(control, data) });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    serial.addConnection('data', { device: { ...pico, interface: 2 }, baudRate: 9_600, reconnect: FAST });
    const first = connected(serial);
    await serial.initialize();
    expect(await first).toMatchObject({ name: 'data', path: '/dev/ttyACM1', info: { interface: 2 } });

    // The other interface returns first, and must not be taken for this one.
    control.unplug();
    data.unplug();
    control.plug();
    await vi.waitFor(() => expect(serial.connectionError('data')).toMatchObject({ code: 'PORT_NOT_FOUND' }));
    const again = connected(serial);
    data.plug();
    expect(await again).toMatchObject({ name: 'data', path: '/dev/ttyACM1' });
  });

  test('is found by the name of its interface', async () => {
    const ports = [
      new MockDevice({ path: '/dev/ttyACM0', ...pico, interfaceName: 'CircuitPython CDC control' }),
      new MockDevice({ path: '/dev/ttyACM1', ...pico, interfaceName: 'CircuitPython CDC2 control' }),
    ];
    const serial = new SerialCommunicator({ binding: mockBinding(...ports) });
    onTestFinished(() => serial[Symbol.asyncDispose]());
    serial.addConnection('data', { device: { interfaceName: 'circuitpython CDC2 control' }, baudRate: 9_600 });
    const opened = connected(serial);
    await serial.initialize();
    expect(await opened).toMatchObject({ path: '/dev/ttyACM1' });
  });

  const adapter = { vendorId: '10c4', productId: 'ea60', serialNumber: '0001' };

  test.each<[string, Partial<MockDeviceOptions>[], string]>([
    ['interfaces', [{ interface: 0 }, { interface: 2 }], '/dev/tty0 by interface 0, /dev/tty1 by interface 2'],
    [
      'ports of one interface',
      [
        { interface: 0, portNumber: 0 },
        { interface: 0, portNumber: 1 },
      ],
      '/dev/tty0 by portNumber 0, /dev/tty1 by portNumber 1',
    ],
    [
      'adapters with one serial number',
      [
        { interface: 0, locationId: '1-2' },
        { interface: 0, locationId: '1-3' },
      ],
      '/dev/tty0 by locationId 1-2, /dev/tty1 by locationId 1-3',
    ],
    [
      'interfaces of two such adapters',
      ['1-2', '1-3'].flatMap((locationId) => [0, 1].map((number) => ({ interface: number, locationId }))),
      '/dev/tty0 by interface 0 and locationId 1-2, /dev/tty1 by interface 1 and locationId 1-2, ' +
        '/dev/tty2 by interface 0 and locationId 1-3, /dev/tty3 by interface 1 and locationId 1-3',
    ],
    [
      'ports that differ only by pnpId',
      [{ pnpId: 'A&MI_00' }, { pnpId: 'A&MI_02' }],
      '/dev/tty0 by pnpId A&MI_00, /dev/tty1 by pnpId A&MI_02',
    ],
    ['a value of one port only', [{ locationId: '1-2' }, {}], '/dev/tty0 by locationId 1-2, /dev/tty1 by its path'],
    ['upper and lower case only', [{ pnpId: 'a' }, { pnpId: 'A' }], '/dev/tty0 by its path, /dev/tty1 by its path'],
  ])('names what distinguishes %s', async (_, differences, expected) => {
    const devices = differences.map((each, index) => new MockDevice({ path: `/dev/tty${index}`, ...adapter, ...each }));
    expect(await errorOf(mockBinding(...devices), adapter)).toMatchObject({
      code: 'PORT_AMBIGUOUS',
      message: expect.stringMatching(new RegExp(`: ${devices.length} ports match; select one: ${expected}$`)),
    });
  });

  test('distinguishes ports in the list of an error only where it is needed', async () => {
    const list = mockBinding(
      new MockDevice({ path: '/dev/ttyACM0', ...uno, interface: 0, locationId: '1-1' }),
      new MockDevice({ path: '/dev/ttyACM1', ...pico, interface: 0 }),
      new MockDevice({ path: '/dev/ttyACM2', ...pico, interface: 2 }),
    );
    expect(await errorOf(list, { vendorId: 'ffff' })).toMatchObject({
      message: expect.stringMatching(
        /available: \/dev\/ttyACM0 \(2341:0043 A1\), \/dev\/ttyACM1 \(239a:80f4 E6 interface 0\), \/dev\/ttyACM2 \(239a:80f4 E6 interface 2\)$/,
      ),
    });
  });

  describe('without a node in /dev', () => {
    const [here, missing] = ['/dev/ttyACM0', '/dev/ttyACM1'].map((path) => new MockDevice({ path, ...pico }));
    const devices = mockBinding(here!, missing!);
    const binding: Binding = {
      list: async () => (await devices.list()).map((port) => ({ ...port, hasNode: port.path !== missing!.path })),
      open: (options) =>
        options.path === missing!.path
          ? Promise.reject(new Error(`Error: No such file or directory, cannot open ${options.path}`))
          : devices.open(options),
    };

    test('does not count if another port matches', async () => {
      here!.plug();
      const serial = new SerialCommunicator({ binding });
      onTestFinished(() => serial[Symbol.asyncDispose]());
      serial.addConnection('data', { device: pico, baudRate: 9_600 });
      await serial.initialize();
      expect(serial.connectionState('data')).toBe('connected');
    });

    test.each([{ device: pico }, { path: '/dev/ttyACM1' }])('is reported for %j, with the cure', async (target) => {
      here!.unplug();
      const serial = new SerialCommunicator({ binding });
      serial.addConnection('data', { ...target, baudRate: 9_600 });
      const { errors }: InitializeError = await serial.initialize().catch((error) => error);
      expect(errors).toMatchObject([
        {
          code: 'PORT_NOT_FOUND',
          message: expect.stringMatching(/: the port exists, but .* no node for it; .*"--device \/dev\/ttyACM1"$/),
        },
      ]);
    });

    test('is listed as such', async () => {
      here!.plug();
      expect(await errorOf(binding, { vendorId: 'ffff' })).toMatchObject({
        message: expect.stringMatching(
          /available: \/dev\/ttyACM0 \(.*\); without a node in \/dev: \/dev\/ttyACM1 \(239a:80f4 E6\)$/,
        ),
      });
    });
  });

  test.each([
    [{ device: {} }, 'device is empty; expected an object with one or more of vendorId, productId'],
    [{ device: { vendor: '2341' } }, 'device: unknown setting "vendor"; expected one of vendorId'],
    [{ device: { vendorId: 0x2341 } }, 'device: vendorId is 9025; expected a non-empty string'],
    [{ device: { interface: '2' } }, 'device: interface is "2"; expected an integer from 0 to 255'],
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
