import { describe, expect, test } from 'vitest';
import { type Binding, SerialCommunicator } from '../../../src/index.js';
import { FaultyLine, MockDevice, mockBinding, SimulatedBoard, simulatedBinding } from '../../../src/testing/index.js';
import { invalidOption } from '../../support/invalid-option.js';
import { kernelBinding } from '../../support/kernel-port.js';
import { openRaw } from '../../support/raw-port.js';

const PATH = '/dev/arm';
const TYPO = '/dev/amr';
const rejected = (available: string) =>
  invalidOption(`FaultyLine: no port of the binding has the path "${TYPO}"; available: ${available}`);

describe('a path that no port of the binding has is rejected', () => {
  test('for mock devices', () => {
    const binding = mockBinding(new MockDevice({ path: PATH }), new MockDevice({ path: '/dev/leg' }));
    expect(() => new FaultyLine(binding, { path: TYPO })).toThrow(rejected('"/dev/arm", "/dev/leg"'));
    expect(() => new FaultyLine(mockBinding(), { path: TYPO })).toThrow(rejected('none'));
  });

  test('for simulated boards', () => {
    const binding = simulatedBinding(new SimulatedBoard({ path: PATH, image: Uint8Array.of(0xff, 0xcf) }));
    expect(() => new FaultyLine(binding, { path: TYPO })).toThrow(rejected('"/dev/arm"'));
  });

  test('for another line, unless the line was plugged in under that path', () => {
    const first = new FaultyLine(mockBinding(new MockDevice({ path: PATH })), { path: PATH });
    expect(() => new FaultyLine(first.binding, { path: TYPO })).toThrow(rejected('"/dev/arm"'));
    first.unplug();
    first.plug('/dev/arm1');
    expect(new FaultyLine(first.binding, { path: '/dev/arm1' }).path).toBe('/dev/arm1');
  });
});

test('a device may be unplugged when the line is created', async () => {
  const device = new MockDevice({ path: PATH });
  device.unplug();
  const line = new FaultyLine(mockBinding(device, new MockDevice({ path: '/dev/leg' })), { path: PATH });
  await openRaw(line.binding, '/dev/leg');
  line.stall();
  line.unplug();
  expect(line.stats).toMatchObject({ stalls: 1, unplugs: 1 });
});

describe('for a binding with unknown ports', () => {
  const message = (call: string) =>
    `FaultyLine: ${call} would have no effect: "${TYPO}" was never listed or opened. Did you mean "${PATH}", which was ` +
    'opened through this binding?';

  test('commands throw if only another port was opened', async () => {
    const { binding } = kernelBinding();
    const line = new FaultyLine(binding, { path: TYPO });
    await using serial = new SerialCommunicator({ binding: line.binding, shutdownTimeoutMs: 20 });
    serial.addConnection('arm', { path: PATH, baudRate: 9_600, syncOnOpen: false });
    await serial.initialize();
    expect(() => line.stall()).toThrow(message('stall'));
    expect(() => line.unplug()).toThrow(message('unplug'));
    expect(() => line.setFaults({ toHost: { dropRate: 1 } })).toThrow(message('setFaults'));
    expect(line.stats).toMatchObject({ stalls: 0, unplugs: 0 });
    expect(line.isPlugged).toBe(true);
  });

  test.each<[string, Partial<Binding>, string[]]>([
    ['when the port is listed', { list: async () => [{ path: TYPO }] as never }, [PATH]],
    ['when the port was opened before', {}, [TYPO, PATH]],
    ['when the port was opened later', {}, [PATH, TYPO]],
    ['when nothing has been opened', {}, []],
    ['when the ports cannot be listed', { list: () => Promise.reject(new Error('no list')) }, [PATH]],
  ])('commands work %s', async (_when, part, opened) => {
    const { binding } = kernelBinding();
    const line = new FaultyLine({ ...binding, ...part }, { path: TYPO });
    for (const path of opened) {
      await openRaw(line.binding, path);
    }
    line.setFaults({ toHost: { dropRate: 1 } });
    line.stall();
    line.unplug();
    expect(line.stats).toMatchObject({ stalls: 1, unplugs: 1 });
  });
});
