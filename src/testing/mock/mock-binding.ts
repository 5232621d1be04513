import { describeValue, invalidOption } from '../../options.js';
import type { Binding, BindingOpenOptions } from '../../serial/binding.js';
import { withKnownPaths } from '../known-paths.js';
import { MockDevice, noSuchPort } from './mock-device.js';

/**
 * A binding whose ports are those of the devices, for `new SerialCommunicator({ binding: mockBinding(device) })`. It
 * wraps the mock binding of serialport, without a trace in `SerialPortMock.binding.list()`'s paths: several bindings
 * in one process do not meet, even where their devices have the same path.
 *
 * `list()` shows the devices that are plugged in; `open()` fails as on Linux where there is no such port, or it is
 * open already.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if an argument is no MockDevice, or two have the same path
 */
export function mockBinding(...devices: readonly MockDevice[]): Binding {
  for (const device of devices) {
    if (!(device instanceof MockDevice)) {
      throw invalidOption(
        `mockBinding: got ${describeValue(device)}; expected MockDevices, as in mockBinding(arm, leg)`,
      );
    }
  }
  const byPath = new Map(devices.map((device) => [device.path, device]));
  if (byPath.size !== devices.length) {
    throw invalidOption(
      `mockBinding: two devices have the same path; got ${devices.map(({ path }) => path).join(', ')}`,
    );
  }
  const binding: Binding = {
    async list() {
      return devices.filter((device) => device.isPlugged).map((device) => device.info);
    },
    async open(options: BindingOpenOptions) {
      const device = byPath.get(options.path);
      if (device === undefined || !device.isPlugged) {
        throw noSuchPort(options.path);
      }
      return device.open(options);
    },
  };
  return withKnownPaths(binding, () => [...byPath.keys()]);
}
