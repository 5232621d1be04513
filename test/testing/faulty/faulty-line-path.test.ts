import { describe, expect, test } from 'vitest';
import { type Binding, SerialCommunicator } from '../../../src/index.js';
import { FaultyLine, MockDevice, mockBinding, SimulatedBoard, simulatedBinding } from '../../../src/testing/index.js';
import { invalidOption } from '../../support/invalid-option.js';
import { kernelBinding } from '../../support/kernel-port.js';
import { openRaw } from '../../support/raw-port.js';

const PATH = '/dev/arm';
const TYPO = '/dev/amr';
const refused = (there: string) =>
  invalidOption(`FaultyLine: path is "${TYPO}"; expected a port of the binding: ${there}`);

describe('a path that no device of the binding has is refused', () => {
  test('mock devices', () => {
    const binding = mockBinding(new MockDevice({ path: PATH }), new MockDevice({ path: '/dev/leg' }));
    expect(() => new FaultyLine(binding, { path: TYPO })).toThrow(refused('"/dev/arm", "/dev/leg"'));
    expect(() => new FaultyLine(mockBinding(), { path: TYPO })).toThrow(refused('it has none'));
  });

  test('simulated boards', () => {
    const binding = simulatedBinding(new SimulatedBoard({ path: PATH, image: Uint8Array.of(0xff, 0xcf) }));
    expect(() => new FaultyLine(binding, { path: TYPO })).toThrow(refused('"/dev/arm"'));
  });

  test('another line, also under the path that it has been plugged in as', () => {
    const first = new FaultyLine(mockBinding(new MockDevice({ path: PATH })), { path: PATH });
    expect(() => new FaultyLine(first.binding, { path: TYPO })).toThrow(refused('"/dev/arm"'));
    first.unplug();
    first.plug('/dev/arm1');
    expect(new FaultyLine(first.binding, { path: '/dev/arm1' }).path).toBe('/dev/arm1');
  });
});

test('a device may be plugged in later', async () => {
  const device = new MockDevice({ path: PATH });
  device.unplug();
  const line = new FaultyLine(mockBinding(device, new MockDevice({ path: '/dev/leg' })), { path: PATH });
  await openRaw(line.binding, '/dev/leg');
  line.stall();
  line.unplug();
  expect(line.stats).toMatchObject({ stalls: 1, unplugs: 1 });
});

describe('on a binding that does not tell what ports it can have', () => {
  const message = (call: string) =>
    `FaultyLine: ${call} does nothing, the binding does not list "${TYPO}" and nobody has opened it; "${PATH}" was ` +
    'opened past the line, is that the path to give to it?';

  test('commands to a line that another port was opened past are refused', async () => {
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
    ['when the list fails', { list: () => Promise.reject(new Error('no list')) }, [PATH]],
  ])('they are obeyed %s', async (_when, part, opened) => {
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
