import { isNetworkPath } from '../serial/network/network-address.js';
import { OPEN_DEFAULTS, type PortOpenOptions } from '../serial/port.js';

/**
 * Adds the defaults to the options of an `open` call. Every binding of this module calls it before anything else.
 *
 * @throws TypeError if an option is missing or invalid, in the words of serialport's own bindings
 */
export function completeOpenOptions(options: PortOpenOptions): Required<PortOpenOptions> {
  if (typeof options !== 'object' || options === null || Array.isArray(options)) {
    throw new TypeError('"options" is not an object');
  }
  if (!options.path) {
    throw new TypeError('"path" is not a valid port');
  }
  if (!(options.baudRate > 0 || (options.baudRate === 0 && isNetworkPath(options.path)))) {
    throw new TypeError('"baudRate" is not a valid baudRate');
  }
  return { ...OPEN_DEFAULTS, ...options };
}
