import { describe, expect, test } from 'vitest';
import { InvalidArgumentError, SerialCommunicator } from '../../src/index.js';

const valid = { path: '/dev/ttyACM0', baudRate: 115_200 };

function messageOf(connection: unknown, options = {}): string {
  try {
    new SerialCommunicator(options).addConnection('arm', connection as never);
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidArgumentError);
    expect((error as InvalidArgumentError).code).toBe('INVALID_CONNECTION');
    return (error as Error).message;
  }
  throw new Error('the connection was accepted');
}

describe('addConnection', () => {
  test.each<[string, unknown, string]>([
    ['null', null, 'got null; expected an object with path, device'],
    ['an array', [], 'got an array; expected an object with path, device'],
    [
      'a connection without path and device',
      { baudRate: 9_600 },
      'neither path nor device is set; set exactly one of them',
    ],
    ['an empty path', { ...valid, path: '' }, 'path is ""; expected a non-empty string without NUL'],
    ['a path with NUL', { ...valid, path: 'a\0b' }, 'path is "a\\u0000b"; expected'],
    ['a connection without baudRate', { path: 'x' }, 'baudRate is missing; expected an integer from 1 to 4294967295'],
    ['baudRate 0', { ...valid, baudRate: 0 }, 'baudRate is 0; expected'],
    ['a baudRate that is a string', { ...valid, baudRate: '9600' }, 'baudRate is "9600"; expected'],
    ['baudRate NaN', { ...valid, baudRate: Number.NaN }, 'baudRate is NaN; expected'],
    ['dataBits 9', { ...valid, dataBits: 9 }, 'dataBits is 9; expected 5, 6, 7 or 8'],
    ['stopBits 3', { ...valid, stopBits: 3 }, 'stopBits is 3; expected 1, 1.5 or 2'],
    [
      'parity',
      { ...valid, parity: 'odd-ish' },
      'parity is "odd-ish"; expected "none", "even", "odd", "mark" or "space"',
    ],
    ['rtscts', { ...valid, rtscts: 1 }, 'rtscts is 1; expected true or false'],
    ['xon', { ...valid, xon: 'yes' }, 'xon is "yes"; expected true or false'],
    ['xoff', { ...valid, xoff: null }, 'xoff is null; expected true or false'],
    ['hupcl', { ...valid, hupcl: {} }, 'hupcl is an object; expected true or false'],
    ['lock', { ...valid, lock: () => true }, 'lock is a function; expected true or false'],
    [
      'checksum',
      { ...valid, checksum: 'crc8' },
      'checksum is "crc8"; expected "none", "crc16", "crc32", or an object with',
    ],
    ['maxPacketBytes', { ...valid, maxPacketBytes: -1 }, 'maxPacketBytes is -1; expected an integer'],
    ['openTimeoutMs', { ...valid, openTimeoutMs: 0 }, 'openTimeoutMs is 0; expected an integer from'],
    ['settleMs', { ...valid, settleMs: 1.5 }, 'settleMs is 1.5; expected an integer from'],
    ['syncOnOpen', { ...valid, syncOnOpen: 'no' }, 'syncOnOpen is "no"; expected true or false'],
    ['skipFirst', { ...valid, skipFirst: 0 }, 'skipFirst is 0; expected true or false'],
    [
      'sendTimeoutMs with acknowledged delivery',
      { ...valid, delivery: 'acknowledged', sendTimeoutMs: 500 },
      'sendTimeoutMs is 500; with acknowledged delivery, set ackTimeoutMs instead',
    ],
    [
      'ackTimeoutMs',
      { ...valid, delivery: 'acknowledged', settleMs: 5_000 },
      'ackTimeoutMs is 5000; expected more than settleMs (5000), which the first packets wait for',
    ],
    [
      'a checksum with acknowledged delivery',
      { ...valid, delivery: 'acknowledged', checksum: 'crc32' },
      'checksum is set, but acknowledged delivery has one of its own (CRC-32); leave checksum out',
    ],
    [
      'software flow control with acknowledged delivery',
      { ...valid, delivery: 'acknowledged', xoff: true },
      'xoff is set, which removes bytes that frames of acknowledged delivery contain; use rtscts, or none: the window holds ' +
        'the device back',
    ],
    [
      'sendQueueBytes with acknowledged delivery',
      { ...valid, delivery: 'acknowledged', maxPacketBytes: 100, sendQueueBytes: 111 },
      'sendQueueBytes is 111; expected at least 112, the size of a largest frame (maxPacketBytes is 100)',
    ],
    [
      'sendTimeoutMs',
      { ...valid, settleMs: 2_000, sendTimeoutMs: 500 },
      'sendTimeoutMs is 500; expected 0, or more than settleMs (2000), which the first packets wait for',
    ],
    ['sendQueueBytes', { ...valid, sendQueueBytes: 0 }, 'sendQueueBytes is 0; expected an integer'],
    [
      'a queue smaller than a frame',
      { ...valid, sendQueueBytes: 65_536 },
      'sendQueueBytes is 65536; expected at least 65796, the size of a largest frame',
    ],
    ['an unknown field', { ...valid, baudrate: 9_600 }, 'unknown setting "baudrate"; expected one of path, device'],
    ['a field that every object has', { ...valid, toString: 1 }, 'unknown setting "toString"; expected one of'],
  ])('rejects %s', (_, connection, message) => {
    expect(messageOf(connection)).toContain(`connection "arm": ${message}`);
  });

  test('treats a setting that is undefined as omitted', () => {
    const serial = new SerialCommunicator({ defaults: { maxPacketBytes: 10, sendQueueBytes: 100 } });
    expect(() => serial.addConnection('arm', { ...valid, maxPacketBytes: undefined } as never)).not.toThrow();
  });

  test('does not add a connection that it rejects, so the name can be used', () => {
    const serial = new SerialCommunicator();
    expect(() => serial.addConnection('arm', { path: '', baudRate: 1 })).toThrow(InvalidArgumentError);
    serial.addConnection('arm', valid);
  });

  test('copies the connection: later changes to the object have no effect', async () => {
    const connection = { ...valid, path: '/dev/first' };
    const opened: string[] = [];
    const binding = {
      list: async () => [],
      open: async ({ path }: { path: string }) => {
        opened.push(path);
        throw new Error('not today');
      },
    };
    const serial = new SerialCommunicator({ binding });
    serial.addConnection('arm', connection);
    connection.path = '/dev/second';
    await expect(serial.initialize()).rejects.toThrow('not today');
    expect(opened).toEqual(['/dev/first']);
  });
});

describe('new SerialCommunicator rejects', () => {
  test.each<[unknown, string]>([
    [null, 'got null; expected an object with binding, defaults, shutdownTimeoutMs'],
    [{ binding: {} }, 'binding is an object; expected an object with list and open'],
    [{ defaults: 'fast' }, 'defaults is "fast"; expected an object'],
    [{ defaults: { dataBits: 3 } }, 'defaults: dataBits is 3; expected 5, 6, 7 or 8'],
    [{ defaults: { path: '/dev/x' } }, 'defaults: unknown option "path"; expected one of dataBits, stopBits'],
    [{ shutdownTimeoutMs: -1 }, 'shutdownTimeoutMs is -1; expected an integer from 0 to 2147483647'],
    [{ bindings: {} }, 'unknown option "bindings"; expected one of binding, defaults, shutdownTimeoutMs'],
  ])('%j', (options, message) => {
    expect(() => new SerialCommunicator(options as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringContaining(message) }),
    );
  });
});
