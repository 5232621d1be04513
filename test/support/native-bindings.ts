import { SerialPort } from 'serialport';
import { type Binding, directBinding, type PushBinding } from '../../src/index.js';
import { DirectPort, type PolledPort } from '../../src/serial/direct/direct-port.js';

const serialportBinding: Binding = SerialPort.binding;

/** The direct binding as it reads a device that opens slowly: when the poller reports bytes. */
export const polledBinding: PushBinding = {
  list: () => directBinding.list(),
  open: async (options) => new DirectPort((await serialportBinding.open(options)) as PolledPort, undefined),
};

/** The bindings that can open the ports of this machine. Tests on such ports run with each of them. */
export const NATIVE_BINDINGS: readonly [string, Binding][] = [
  ['the direct binding', directBinding],
  ['the direct binding with its poller', polledBinding],
  ["serialport's binding", serialportBinding],
];
