import type { Binding } from './binding.js';

/**
 * The binding of `serialport` for this operating system. It is loaded when it is first needed: loading takes several
 * times as long as loading the rest of this library, and a program that uses another binding does not need it.
 */
export async function nativeBinding(): Promise<Binding> {
  const { SerialPort } = await import('serialport');
  return SerialPort.binding;
}
