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
  throw new Error('it was accepted');
}

describe('a connection is checked when it is added', () => {
  test.each<[string, unknown, string]>([
    ['no object', null, 'got null; it takes an object with'],
    ['an array', [], 'got an array; it takes an object with'],
    ['no path', { baudRate: 9_600 }, 'path or device is missing; it takes one of the two'],
    ['an empty path', { ...valid, path: '' }, 'path is ""; it takes a non-empty string without NUL'],
    ['NUL in the path', { ...valid, path: 'a\0b' }, 'path is "a\\u0000b"; it takes'],
    ['no baud rate', { path: 'x' }, 'baudRate is missing; it takes a whole number of bit/s from 1 to 4294967295'],
    ['baudRate 0', { ...valid, baudRate: 0 }, 'baudRate is 0; it takes'],
    ['baudRate in words', { ...valid, baudRate: '9600' }, 'baudRate is "9600"; it takes'],
    ['baudRate NaN', { ...valid, baudRate: Number.NaN }, 'baudRate is NaN; it takes'],
    ['dataBits 9', { ...valid, dataBits: 9 }, 'dataBits is 9; it takes 5, 6, 7, 8'],
    ['stopBits 3', { ...valid, stopBits: 3 }, 'stopBits is 3; it takes 1, 1.5, 2'],
    ['parity', { ...valid, parity: 'odd-ish' }, 'parity is "odd-ish"; it takes "none", "even", "odd", "mark", "space"'],
    ['rtscts', { ...valid, rtscts: 1 }, 'rtscts is 1; it takes true or false'],
    ['xon', { ...valid, xon: 'yes' }, 'xon is "yes"; it takes true or false'],
    ['xoff', { ...valid, xoff: null }, 'xoff is null; it takes true or false'],
    ['hupcl', { ...valid, hupcl: {} }, 'hupcl is an object; it takes true or false'],
    ['lock', { ...valid, lock: () => true }, 'lock is a function; it takes true or false'],
    ['checksum', { ...valid, checksum: 'crc8' }, 'checksum is "crc8"; it takes "none", "crc16", "crc32"'],
    ['maxPacketBytes', { ...valid, maxPacketBytes: -1 }, 'maxPacketBytes is -1; it takes a whole number of bytes'],
    ['openTimeoutMs', { ...valid, openTimeoutMs: 0 }, 'openTimeoutMs is 0; it takes a whole number of milliseconds'],
    ['settleMs', { ...valid, settleMs: 1.5 }, 'settleMs is 1.5; it takes a whole number of milliseconds'],
    ['syncOnOpen', { ...valid, syncOnOpen: 'no' }, 'syncOnOpen is "no"; it takes true or false'],
    ['skipFirst', { ...valid, skipFirst: 0 }, 'skipFirst is 0; it takes true or false'],
    [
      'sendTimeoutMs',
      { ...valid, settleMs: 2_000, sendTimeoutMs: 500 },
      'sendTimeoutMs is 500; it takes 0, or more than settleMs (2000), which the first packets have to wait',
    ],
    ['sendQueueBytes', { ...valid, sendQueueBytes: 0 }, 'sendQueueBytes is 0; it takes a whole number of bytes'],
    [
      'a queue smaller than a frame',
      { ...valid, sendQueueBytes: 65_536 },
      'sendQueueBytes is 65536; it takes at least 65796, one largest frame',
    ],
    ['an unknown field', { ...valid, baudrate: 9_600 }, '"baudrate" is no setting; there are'],
    ['a field of every object', { ...valid, toString: 1 }, '"toString" is no setting; there are'],
  ])('%s', (_, connection, message) => {
    expect(messageOf(connection)).toContain(`connection "arm": ${message}`);
  });

  test('undefined is the same as left out', () => {
    const serial = new SerialCommunicator({ defaults: { maxPacketBytes: 10, sendQueueBytes: 100 } });
    expect(() => serial.addConnection('arm', { ...valid, maxPacketBytes: undefined } as never)).not.toThrow();
  });

  test('what is refused is not kept: the name is still free', () => {
    const serial = new SerialCommunicator();
    expect(() => serial.addConnection('arm', { path: '', baudRate: 1 })).toThrow(InvalidArgumentError);
    serial.addConnection('arm', valid);
  });

  test('a change to the object afterwards changes nothing', async () => {
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

describe('the options of the communicator are checked', () => {
  test.each<[object, string]>([
    [{ defaults: { dataBits: 3 } }, 'defaults: dataBits is 3; it takes 5, 6, 7, 8'],
    [{ defaults: { path: '/dev/x' } }, 'defaults: "path" is no setting'],
    [{ shutdownTimeoutMs: -1 }, 'shutdownTimeoutMs is -1; it takes a whole number of milliseconds'],
    [{ bindings: {} }, 'unknown option "bindings"; expected binding, defaults or shutdownTimeoutMs'],
  ])('%j', (options, message) => {
    expect(() => new SerialCommunicator(options as never)).toThrow(message);
  });
});
