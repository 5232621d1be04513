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
import { unusable } from '../support/unusable.js';

/** As JavaScript calls it, where nobody checks types. */
const untyped = <Result>(call: (value: never) => Result) => call as (value: unknown) => Result;

const path = '/dev/ttyMOCK0';
const image = Uint8Array.of(0xff, 0xcf);
const newDevice = untyped((options: never) => new MockDevice(options));
const newBoard = untyped((options: never) => new SimulatedBoard(options));
const newLoopback = untyped((options: never) => new LoopbackCommunicator(options));
const newLine = untyped((options: never) => new FaultyLine(mockBinding(new MockDevice({ path })), options));

const DEVICE_OPTIONS =
  'path, onPacket, echo, checksum, maxPacketBytes, maxReadSize, historyLength, manufacturer, vendorId, productId, ' +
  'serialNumber';
const BOARD_OPTIONS = 'path, image, bootMs, clockHz, serialNumber, vendorId, productId, manufacturer';
const LINE_OPTIONS = 'path, seed, toDevice, toHost';

describe('MockDevice refuses', () => {
  test.each([
    [undefined, `got undefined; it takes an object with ${DEVICE_OPTIONS}`],
    [path, `got "${path}"; it takes an object with ${DEVICE_OPTIONS}`],
    [{ path, onpacket() {} }, `"onpacket" is no option; there are ${DEVICE_OPTIONS}`],
    [{}, 'path is missing; it takes a non-empty string'],
    [{ path: '' }, 'path is ""; it takes a non-empty string'],
    [{ path, onPacket: true }, 'onPacket is true; it takes a function'],
    [{ path, echo: 1 }, 'echo is 1; it takes true or false'],
    [{ path, checksum: 'crc8' }, 'checksum is "crc8"; it takes "none", "crc16", "crc32"'],
    [{ path, maxPacketBytes: -1 }, 'maxPacketBytes is -1; it takes a whole number of bytes from 0 up'],
    [{ path, maxReadSize: 0 }, 'maxReadSize is 0; it takes a whole number of bytes from 1 up'],
    [{ path, vendorId: 0x2341 }, 'vendorId is 9025; it takes a string'],
  ])('%j', (options, message) => {
    expect(() => newDevice(options)).toThrow(unusable(`MockDevice: ${message}`));
  });
});

describe('SimulatedBoard refuses', () => {
  test.each([
    [undefined, `got undefined; it takes an object with ${BOARD_OPTIONS}`],
    [{ path, image, bootms: 5 }, `"bootms" is no option; there are ${BOARD_OPTIONS}`],
    [{ path }, 'image is missing; it takes the text of an Intel HEX file, or a Uint8Array'],
    [{ path, image, bootMs: '5' }, 'bootMs is "5"; it takes 0 to 2147483647 milliseconds'],
    [{ path, image, clockHz: Number.POSITIVE_INFINITY }, 'clockHz is Infinity; it takes a number above 0'],
    [{ path, image, manufacturer: [] }, 'manufacturer is an array; it takes a string'],
  ])('%j', (options, message) => {
    expect(() => newBoard(options)).toThrow(unusable(`SimulatedBoard: ${message}`));
  });
});

describe('LoopbackCommunicator refuses', () => {
  test.each([
    [null, 'got null; it takes an object with shutdownTimeoutMs'],
    [{ shutdownTimeoutMS: 5 }, '"shutdownTimeoutMS" is no option; there are shutdownTimeoutMs'],
    [{ shutdownTimeoutMs: -1 }, 'shutdownTimeoutMs is -1; it takes 0 to 2147483647 milliseconds'],
  ])('%j', (options, message) => {
    expect(() => newLoopback(options)).toThrow(unusable(`LoopbackCommunicator: ${message}`));
  });

  test('a connection that is none', () => {
    const communicator = new LoopbackCommunicator();
    expect(() => communicator.addConnection('a', 'b' as LoopbackConnection)).toThrow(
      unusable('connection "a": got "b"; it takes an object with answer, maxPacketBytes'),
    );
  });
});

describe('FaultyLine refuses', () => {
  test.each([
    [undefined, `got undefined; it takes an object with ${LINE_OPTIONS}`],
    [{ path, dropRate: 1 }, `"dropRate" is no option; there are ${LINE_OPTIONS}`],
    [{ path, toDevices: {} }, `"toDevices" is no option; there are ${LINE_OPTIONS}`],
    [{ path, toHost: 0.5 }, 'toHost is 0.5; it takes an object'],
    [{ path, seed: 1.5 }, 'seed is 1.5; it takes a whole number'],
    [{ toHost: {} }, 'path is missing; it takes a non-empty string'],
  ])('%j', (options, message) => {
    expect(() => newLine(options)).toThrow(unusable(`FaultyLine: ${message}`));
  });

  test.each([
    [undefined, 'got undefined; it takes an object with toDevice, toHost'],
    [{ dropRate: 1 }, '"dropRate" is no option; there are toDevice, toHost'],
    [{ toHost: 1 }, 'toHost is 1; it takes an object'],
  ])('setFaults(%j)', (faults, message) => {
    const line = new FaultyLine(mockBinding(new MockDevice({ path })), { path });
    expect(() => untyped((given: never) => line.setFaults(given))(faults)).toThrow(
      unusable(`FaultyLine: setFaults: ${message}`),
    );
  });

  test.each([
    [undefined, 'undefined'],
    [{ path }, 'an object'],
    [new MockDevice({ path }), 'a MockDevice'],
  ])('the binding %j', (binding, shown) => {
    const newLineOn = untyped((given: never) => new FaultyLine(given, { path }));
    expect(() => newLineOn(binding)).toThrow(
      unusable(`FaultyLine: the binding is ${shown}; it takes one such as mockBinding(device)`),
    );
  });
});

describe('bindings refuse what is no device of theirs', () => {
  test.each([
    [[new MockDevice({ path })], 'an array'],
    [{ path }, 'an object'],
    [undefined, 'undefined'],
  ])('%j', (device, shown) => {
    expect(() => untyped((given: never) => mockBinding(given))(device)).toThrow(
      unusable(`mockBinding: got ${shown}; it takes MockDevices, as in mockBinding(arm, leg)`),
    );
    expect(() => untyped((given: never) => simulatedBinding(given))(device)).toThrow(
      unusable(`simulatedBinding: got ${shown}; it takes SimulatedBoards, as in simulatedBinding(arm, leg)`),
    );
  });
});

test('an option that is undefined is one that is left out', async () => {
  const device = newDevice({ path, echo: undefined, maxReadSize: undefined, historyLength: undefined });
  expect(device.path).toBe(path);
  const line = newLine({ path, seed: undefined, toHost: { dropRate: undefined, flipRate: 1 }, toDevice: undefined });
  expect(line.path).toBe(path);
  expect(newBoard({ path, image, vendorId: undefined }).info.vendorId).toBe('2341');
  newLoopback({ shutdownTimeoutMs: undefined });
});
