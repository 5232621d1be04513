import { SerialPort } from 'serialport';
import { type Binding, directBinding } from '../../src/index.js';
import { DirectPort, type PolledPort } from '../../src/serial/direct/direct-port.js';

const serialportBinding: Binding = SerialPort.binding;

/** The direct binding as it is with a device that opens slowly: the poller says when there is something to read. */
export const polledBinding: Binding = {
  list: () => directBinding.list(),
  open: async (options) => new DirectPort((await serialportBinding.open(options)) as PolledPort, undefined),
};

/** What can open the ports of this machine: tests on such ports run over each. */
export const NATIVE_BINDINGS: readonly [string, Binding][] = [
  ['the direct binding', directBinding],
  ['the direct binding with its poller', polledBinding],
  ["serialport's binding", serialportBinding],
];
