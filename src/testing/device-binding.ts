import { describeValue, invalidOption } from '../options.js';
import type { PushBinding } from '../serial/binding.js';
import type { Device } from './device.js';
import { withKnownPaths } from './known-paths.js';
import { noSuchPort } from './linux-errors.js';
import { completeOpenOptions } from './open-options.js';

/**
 * Makes a binding whose ports are those of the devices.
 *
 * @param name - the function to name in error messages
 * @param deviceClass - the class that all devices must have
 * @throws InvalidArgumentError (`INVALID_OPTION`) if a device has another class, or two devices have the same path
 */
export function deviceBinding<DeviceType extends Device>(
  name: string,
  deviceClass: abstract new (...args: never) => DeviceType,
  devices: readonly DeviceType[],
): PushBinding {
  const byPath = new Map<string, DeviceType>();
  for (const device of devices) {
    if (!(device instanceof deviceClass)) {
      throw invalidOption(
        `${name}: got ${describeValue(device)}; expected ${deviceClass.name} objects, for example ${name}(arm, leg)`,
      );
    }
    if (byPath.has(device.path)) {
      throw invalidOption(
        `${name}: two devices have the path ${describeValue(device.path)}; give each a path of its own`,
      );
    }
    byPath.set(device.path, device);
  }
  const binding: PushBinding = {
    async list() {
      return devices.filter((device) => device.isPlugged).map((device) => ({ ...device.info }));
    },
    async open(options) {
      const { path } = completeOpenOptions(options);
      const device = byPath.get(path);
      if (device === undefined) {
        throw noSuchPort(path);
      }
      return device.open(options);
    },
  };
  return withKnownPaths(binding, () => [...byPath.keys()]);
}
