import type { Binding } from './binding.js';

/** Runtimes that crash in the native code of `@serialport/bindings-cpp`, by their key in `process.versions`. */
const UNSUPPORTED_RUNTIMES = { bun: 'Bun', deno: 'Deno' } as const;

/**
 * The binding of `serialport` for this operating system. It is loaded when it is first needed: loading takes several
 * times as long as loading the rest of this library, and a program that uses another binding does not need it.
 *
 * Rejects with an error whose `code` is `RUNTIME_UNSUPPORTED` in Bun and Deno.
 */
export async function nativeBinding(): Promise<Binding> {
  for (const [key, name] of Object.entries(UNSUPPORTED_RUNTIMES)) {
    if (process.versions[key] !== undefined) {
      throw Object.assign(
        new Error(`serial ports do not work in ${name}, whose process would crash; run the program with Node.js`),
        { code: 'RUNTIME_UNSUPPORTED' },
      );
    }
  }
  const { SerialPort } = await import('serialport');
  return SerialPort.binding;
}
