import type { PushBinding } from '../../serial/binding.js';
import { deviceBinding } from '../device-binding.js';
import { MockDevice } from './mock-device.js';

/**
 * Makes a binding whose ports are those of the devices, for `new SerialCommunicator({ binding: mockBinding(device) })`.
 * Bindings share nothing: several in one process may have devices with the same path.
 *
 * `list()` returns the devices that are plugged in. `open()` fails as on Linux if the port does not exist or is already
 * open.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if an argument is not a MockDevice, or two have the same path
 */
export function mockBinding(...devices: readonly MockDevice[]): PushBinding {
  return deviceBinding('mockBinding', MockDevice, devices);
}
