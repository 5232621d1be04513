import type { Binding } from './binding.js';
import { directBinding } from './direct/direct-binding.js';
import { nativeBinding } from './native-binding.js';

/**
 * The binding that `SerialCommunicator` uses if it is given none: `directBinding` on Linux, `SerialPort.binding` of
 * `serialport` on macOS and Windows.
 */
export const defaultBinding: Binding =
  process.platform === 'linux'
    ? directBinding
    : {
        list: async () => (await nativeBinding()).list(),
        open: async (options) => (await nativeBinding()).open(options),
      };
