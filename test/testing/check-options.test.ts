import { describe, expect, test } from 'vitest';
import {
  FaultyLine,
  LoopbackCommunicator,
  type LoopbackConnection,
  MockDevice,
  mockBinding,
  SimulatedBoard,
  simulatedBinding,
} from '../../src/testing/index.js';
import { invalidOption } from '../support/invalid-option.js';

/** Calls a function as JavaScript does, without checking types. */
const untyped = <Result>(call: (value: never) => Result) => call as (value: unknown) => Result;

const path = '/dev/ttyMOCK0';
const image = Uint8Array.of(0xff, 0xcf);
const newDevice = untyped((options: never) => new MockDevice(options));
const newBoard = untyped((options: never) => new SimulatedBoard(options));
const newLoopback = untyped((options: never) => new LoopbackCommunicator(options));
const newLine = untyped((options: never) => new FaultyLine(mockBinding(new MockDevice({ path })), options));

const IDENTITY_OPTIONS =
  'manufacturer, vendorId, productId, serialNumber, locationId, pnpId, interface, interfaceName, portNumber';
const acknowledged = { delivery: 'acknowledged' };
const DEVICE_OPTIONS = `path, onPacket, onRequest, requestIds, echo, checksum, delivery, link, maxPacketBytes, maxReadSize, historyLength, ${IDENTITY_OPTIONS}`;
const BOARD_OPTIONS = `path, image, chip, uart, bootMs, clockHz, bootrom, ${IDENTITY_OPTIONS}`;
const LINE_OPTIONS = 'path, seed, toDevice, toHost';

describe('MockDevice rejects', () => {
  test.each([
    [undefined, `got undefined; expected an object with ${DEVICE_OPTIONS}`],
    [path, `got "${path}"; expected an object with ${DEVICE_OPTIONS}`],
    [{ path, onpacket() {} }, `unknown option "onpacket"; expected one of ${DEVICE_OPTIONS}`],
    [{}, 'path is missing; expected a non-empty string without NUL'],
    [{ path: '' }, 'path is ""; expected a non-empty string without NUL'],
    [{ path, onPacket: true }, 'onPacket is true; expected a function'],
    [{ path, onRequest: Uint8Array.of(1) }, 'onRequest is a Uint8Array; expected a function'],
    [{ path, requestIds: 1 }, 'requestIds is 1; expected { bytes: 1 } or { bytes: 2 }'],
    [{ path, requestIds: { bytes: 3 } }, 'requestIds is { bytes: 3 }; expected { bytes: 1 } or { bytes: 2 }'],
    [{ path, requestIds: { byte: 1 } }, 'requestIds is { byte: 1 }; expected { bytes: 1 } or { bytes: 2 }'],
    [{ path, echo: 1 }, 'echo is 1; expected true or false'],
    [
      { path, checksum: 'crc8' },
      'checksum is "crc8"; expected "none", "crc16", "crc32", or an object with bytes (1 to 8) and compute',
    ],
    [{ path, delivery: 'certain' }, 'delivery is "certain"; expected "plain" or "acknowledged"'],
    [{ path, link: {} }, "link needs delivery: 'acknowledged'"],
    [{ path, ...acknowledged, link: 4 }, 'link is 4; expected an object'],
    [{ path, ...acknowledged, link: { window: 8 } }, 'link: window is 8; expected 4 or 32'],
    [
      { path, ...acknowledged, link: { startCounter: 0 } },
      'link: startCounter is 0; expected an integer from 1 to 65535',
    ],
    [{ path, ...acknowledged, checksum: 'crc32' }, "omit checksum; delivery: 'acknowledged' has its own"],
    [
      { path, ...acknowledged, requestIds: { bytes: 1 }, maxPacketBytes: 65_535 },
      "maxPacketBytes is 65535; expected an integer from 1 to 65534 with delivery: 'acknowledged'",
    ],
    [{ path, maxPacketBytes: -1 }, 'maxPacketBytes is -1; expected an integer of at least 0'],
    [{ path, maxReadSize: 0 }, 'maxReadSize is 0; expected an integer of at least 1'],
    [{ path, vendorId: 0x2341 }, 'vendorId is 9025; expected a string'],
    [{ path, interface: '2' }, 'interface is "2"; expected an integer from 0 to 255'],
  ])('%j', (options, message) => {
    expect(() => newDevice(options)).toThrow(invalidOption(`MockDevice: ${message}`));
  });
});

describe('SimulatedBoard rejects', () => {
  test.each([
    [undefined, `got undefined; expected an object with ${BOARD_OPTIONS}`],
    [{ path, image, bootms: 5 }, `unknown option "bootms"; expected one of ${BOARD_OPTIONS}`],
    [
      { path },
      'image is missing; expected ' +
        'the path or URL of an image, the text of an Intel HEX file, or a Uint8Array with the bytes of an image',
    ],
    [{ path, image, bootMs: '5' }, 'bootMs is "5"; expected an integer from 0 to 2147483647'],
    [{ path, image, clockHz: Number.POSITIVE_INFINITY }, 'clockHz is Infinity; expected a number above 0'],
    [{ path, image, manufacturer: [] }, 'manufacturer is an array; expected a string'],
  ])('%j', (options, message) => {
    expect(() => newBoard(options)).toThrow(invalidOption(`SimulatedBoard: ${message}`));
  });
});

describe('LoopbackCommunicator rejects', () => {
  test.each([
    [null, 'got null; expected an object with shutdownTimeoutMs'],
    [{ shutdownTimeoutMS: 5 }, 'unknown option "shutdownTimeoutMS"; expected shutdownTimeoutMs'],
    [{ shutdownTimeoutMs: -1 }, 'shutdownTimeoutMs is -1; expected an integer from 0 to 2147483647'],
  ])('%j', (options, message) => {
    expect(() => newLoopback(options)).toThrow(invalidOption(`LoopbackCommunicator: ${message}`));
  });

  test('a connection that is not an object', () => {
    const communicator = new LoopbackCommunicator();
    expect(() => communicator.addConnection('a', 'b' as LoopbackConnection)).toThrow(
      invalidOption(
        'connection "a": got "b"; expected an object with reply, onRequest, maxPacketBytes, requestIds, requestBacklogBytes',
        'INVALID_CONNECTION',
      ),
    );
  });
});

describe('FaultyLine rejects', () => {
  test.each([
    [undefined, `got undefined; expected an object with ${LINE_OPTIONS}`],
    [{ path, dropRate: 1 }, `unknown option "dropRate"; expected one of ${LINE_OPTIONS}`],
    [{ path, toDevices: {} }, `unknown option "toDevices"; expected one of ${LINE_OPTIONS}`],
    [{ path, toHost: 0.5 }, 'toHost is 0.5; expected an object'],
    [{ path, seed: 1.5 }, 'seed is 1.5; expected an integer'],
    [{ toHost: {} }, 'path is missing; expected a non-empty string without NUL'],
  ])('%j', (options, message) => {
    expect(() => newLine(options)).toThrow(invalidOption(`FaultyLine: ${message}`));
  });

  test.each([
    [undefined, 'got undefined; expected an object with toDevice, toHost'],
    [{ dropRate: 1 }, 'unknown option "dropRate"; expected one of toDevice, toHost'],
    [{ toHost: 1 }, 'toHost is 1; expected an object'],
  ])('setFaults(%j)', (faults, message) => {
    const line = new FaultyLine(mockBinding(new MockDevice({ path })), { path });
    expect(() => untyped((given: never) => line.setFaults(given))(faults)).toThrow(
      invalidOption(`FaultyLine: setFaults: ${message}`),
    );
  });

  test.each([
    [undefined, 'undefined'],
    [{ path }, 'an object'],
    [new MockDevice({ path }), 'a MockDevice'],
  ])('the binding %j', (binding, shown) => {
    const newLineOn = untyped((given: never) => new FaultyLine(given, { path }));
    expect(() => newLineOn(binding)).toThrow(
      invalidOption(`FaultyLine: the binding is ${shown}; expected one such as mockBinding(device)`),
    );
  });
});

describe('bindings reject arguments of the wrong class', () => {
  test.each([
    [[new MockDevice({ path })], 'an array'],
    [{ path }, 'an object'],
    [undefined, 'undefined'],
  ])('%j', (device, shown) => {
    expect(() => untyped((given: never) => mockBinding(given))(device)).toThrow(
      invalidOption(`mockBinding: got ${shown}; expected MockDevice objects, for example mockBinding(arm, leg)`),
    );
    expect(() => untyped((given: never) => simulatedBinding(given))(device)).toThrow(
      invalidOption(
        `simulatedBinding: got ${shown}; expected SimulatedBoard objects, for example simulatedBinding(arm, leg)`,
      ),
    );
  });
});

test('an undefined option is like an omitted one', async () => {
  const device = newDevice({ path, echo: undefined, maxReadSize: undefined, historyLength: undefined });
  expect(device.path).toBe(path);
  const line = newLine({ path, seed: undefined, toHost: { dropRate: undefined, flipRate: 1 }, toDevice: undefined });
  expect(line.path).toBe(path);
  expect(newBoard({ path, image, vendorId: undefined }).info.vendorId).toBe('2341');
  newLoopback({ shutdownTimeoutMs: undefined });
});
