import { describe, expect, expectTypeOf, test } from 'vitest';
import { type Binding, type PortOpenOptions, SerialCommunicator, type SerialConnection } from '../../../src/index.js';

const FORM = 'expected tcp://HOST:PORT, for example tcp://192.168.1.20:4000 or tcp://[fe80::1]:4000';

/** A binding that notes what it is asked to open, and opens nothing. */
function notingBinding() {
  const opened: PortOpenOptions[] = [];
  const binding: Binding = {
    list: async () => [],
    async open(options) {
      opened.push(options);
      throw new Error('not today');
    },
  };
  return { binding, opened };
}

function add(connection: unknown, defaults = {}): void {
  new SerialCommunicator({ defaults }).addConnection('arm', connection as SerialConnection);
}

describe('addConnection', () => {
  test.each([
    'tcp://localhost:4000',
    'socket://192.168.1.20:1',
    'tcp://esp-32.local:65535',
    'tcp://[::1]:4000',
    'tcp://[fe80::1%eth0]:4000',
    'TCP://Host_1:4000',
    'tls://localhost:4000',
  ])('accepts %s without baudRate', (path) => {
    expect(() => add({ path })).not.toThrow();
  });

  test.each([
    ['tcp://', 'this is not a host and a port'],
    ['tcp://host', 'the port is missing'],
    ['tcp://host/', 'the port is missing'],
    ['tcp://[::1]', 'the port is missing'],
    ['tcp://:4000', 'this is not a host and a port'],
    ['tcp://host:', 'this is not a host and a port'],
    ['tcp://host:0', 'this is not a host and a port'],
    ['tcp://host:65536', 'this is not a host and a port'],
    ['tcp://host:4000/path', 'nothing may follow the port'],
    ['tcp://host:4000?baud=9600', 'nothing may follow the port'],
    ['tcp://host:4000#1', 'nothing may follow the port'],
    ['tcp://user@host:4000', 'this is not a host and a port'],
    ['tcp://user:secret@host:4000', 'this is not a host and a port'],
    ['tcp://a b:4000', 'this is not a host and a port'],
    ['tcp://::1:4000', 'an IPv6 address needs brackets'],
    ['tcp://fe80::1', 'an IPv6 address needs brackets'],
    ['tcp://[localhost]:4000', 'this is not a host and a port'],
    ['tcp://host:4000\n', 'this is not a host and a port'],
  ])('refuses %j: %s', (path, problem) => {
    expect(() => add({ path, baudRate: 9_600 })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONNECTION',
        message: `connection "arm": path is ${JSON.stringify(path)}: ${problem}; ${FORM}`,
      }),
    );
  });

  test.each(['http://host', 'tcp:/host', 'tcp', '/dev/tcp://host', 'com.tcp://x'])(
    'takes %s for a port of this machine',
    (path) => {
      expect(() => add({ path, baudRate: 9_600 })).not.toThrow();
      expect(() => add({ path })).toThrow('baudRate is missing');
    },
  );

  test('requires baudRate for rfc2217://, which sets it', () => {
    expect(() => add({ path: 'rfc2217://host:4000' })).toThrow('baudRate is missing; expected an integer');
    expect(() => add({ path: 'rfc2217://host:4000', baudRate: 9_600, parity: 'mark' })).not.toThrow();
  });

  test.each([
    ['dataBits', 7],
    ['stopBits', 2],
    ['parity', 'even'],
    ['rtscts', true],
    ['xon', true],
    ['xoff', true],
    ['dtr', false],
    ['dtr', true],
    ['rts', false],
  ])('refuses %s: %j for a raw connection', (name, value) => {
    const path = 'tcp://host:4000';
    expect(() => add({ path, [name]: value })).toThrow(
      expect.objectContaining({
        code: 'INVALID_CONNECTION',
        message:
          `connection "arm": ${name} is ${JSON.stringify(value)}, but tcp:// has no line settings; leave it out, or use ` +
          'rfc2217:// if the server speaks it',
      }),
    );
    expect(() => add({ path }, { [name]: value })).not.toThrow();
  });

  test('accepts the defaults of line settings', () => {
    expect(() => add({ path: 'tcp://host:4000', dataBits: 8, parity: 'none', rtscts: false })).not.toThrow();
  });

  test('refuses tls without tls://', () => {
    expect(() => add({ path: 'tcp://host:4000', tls: {} })).toThrow(
      'connection "arm": tls is set, but tcp:// is not encrypted; use tls://, or leave tls out',
    );
    expect(() => add({ path: '/dev/ttyACM0', baudRate: 9_600, tls: {} })).toThrow('unknown setting "tls"');
  });
});

describe('a binding given by the user', () => {
  test('gets every path, and what the network needs', async () => {
    const { binding, opened } = notingBinding();
    const serial = new SerialCommunicator({ binding, defaults: { parity: 'even' } });
    serial.addConnection('raw', { path: 'tcp://host:4000', keepAliveMs: 9_000, openTimeoutMs: 700 });
    serial.addConnection('line', { path: 'socket://host:4001', baudRate: 57_600 });
    serial.addConnection('usb', { path: '/dev/ttyACM0', baudRate: 9_600 });
    await expect(serial.initialize()).rejects.toThrow('not today');
    expect(opened).toEqual([
      expect.objectContaining({
        path: 'tcp://host:4000',
        baudRate: 0,
        parity: 'none',
        keepAliveMs: 9_000,
        openTimeoutMs: 700,
      }),
      expect.objectContaining({ path: 'socket://host:4001', baudRate: 57_600, parity: 'none' }),
      expect.objectContaining({ path: '/dev/ttyACM0', baudRate: 9_600, parity: 'even' }),
    ]);
    expect(opened[2]).not.toHaveProperty('openTimeoutMs');
  });
});

describe('the type SerialConnection', () => {
  test('requires baudRate, except of raw connections over the network', () => {
    expectTypeOf<{ path: 'tcp://host:4000' }>().toExtend<SerialConnection>();
    expectTypeOf<{ path: `socket://${string}`; baudRate: number }>().toExtend<SerialConnection>();
    expectTypeOf<{ path: 'tls://host:4000'; tls: { ca: string } }>().toExtend<SerialConnection>();
    expectTypeOf<{ path: string; baudRate: number }>().toExtend<SerialConnection>();
    expectTypeOf<{ path: string }>().not.toExtend<SerialConnection>();
    expectTypeOf<{ path: '/dev/ttyACM0' }>().not.toExtend<SerialConnection>();
    expectTypeOf<{ path: 'rfc2217://host:4000' }>().not.toExtend<SerialConnection>();
    expectTypeOf<{ device: { vendorId: string } }>().not.toExtend<SerialConnection>();
  });
});
