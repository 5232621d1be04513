import { expect, onTestFinished, test } from 'vitest';
import { SerialCommunicator, type SerialConnection } from '../../src/index.js';
import { MockDevice, mockBinding } from '../../src/testing/index.js';

test.each<[Partial<SerialConnection>, object[]]>([
  [{}, []],
  [{ rts: false }, [{ dtr: true, rts: false, brk: false }]],
  [{ dtr: false }, [{ dtr: false, rts: true, brk: false }]],
  [{ dtr: false, rts: false }, [{ dtr: false, rts: false, brk: false }]],
])('sets the control lines of %j after opening', async (settings, expected) => {
  const device = new MockDevice({ path: '/dev/a' });
  const serial = new SerialCommunicator({ binding: mockBinding(device) });
  serial.addConnection('arm', { path: '/dev/a', baudRate: 9_600, ...settings });
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  expect(device.signals).toEqual(expected);
});

test('reports with each connection the description of its own port', async () => {
  const devices = ['a', 'b', 'c'].map(
    (name) => new MockDevice({ path: `/dev/${name}`, serialNumber: `number ${name}` }),
  );
  const serial = new SerialCommunicator({ binding: mockBinding(...devices) });
  const reported: Record<string, string | undefined> = {};
  serial.on('connected', ({ name, path, info }) => {
    expect(info.path).toBe(path);
    reported[name] = info.serialNumber;
  });
  for (const name of ['c', 'a', 'b']) {
    serial.addConnection(name, { path: `/dev/${name}`, baudRate: 9_600 });
  }
  onTestFinished(() => serial[Symbol.asyncDispose]());
  await serial.initialize();
  expect(reported).toEqual({ a: 'number a', b: 'number b', c: 'number c' });
});

test.each([
  [10, ''],
  [11, ' and 1 more'],
])('lists at most ten of %i ports when no device matches', async (count, more) => {
  const devices = Array.from({ length: count }, (_, index) => new MockDevice({ path: `/dev/tty${index + 1}` }));
  const serial = new SerialCommunicator({ binding: mockBinding(...devices) });
  serial.addConnection('arm', { device: { serialNumber: 'none' }, baudRate: 9_600 });
  const error = await serial.initialize().catch((error) => error);
  const list = Array.from({ length: 10 }, (_, index) => `/dev/tty${index + 1}`).join(', ');
  expect(error.errors[0].message).toMatch(new RegExp(`${list}${more}$`));
});
