import { SerialPort } from 'serialport';
import { type Binding, directBinding } from '../../src/index.js';

/** What can open the ports of this machine: tests on such ports run over each. */
export const NATIVE_BINDINGS: readonly [string, Binding][] = [
  ['the direct binding', directBinding],
  ["serialport's binding", SerialPort.binding],
];
