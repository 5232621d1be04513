import type { Binding } from './binding.js';
import type { SerialSettings } from './serial-settings.js';

/** Runtimes that crash in the native code of `@serialport/bindings-cpp`, by their key in `process.versions`. */
const UNSUPPORTED_RUNTIMES = { bun: 'Bun', deno: 'Deno' } as const;

/**
 * The binding of `serialport` for this operating system. It is loaded when it is first needed: loading takes several
 * times as long as loading the rest of this library, and a program that uses another binding does not need it.
 *
 * Rejects with an error whose `code` is `RUNTIME_UNSUPPORTED` in Bun and Deno, and `NATIVE_CODE_MISSING` if `serialport`
 * or its native code cannot be loaded.
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
  try {
    const { SerialPort } = await import('serialport');
    return SerialPort.binding;
  } catch (cause) {
    const [reason] = String((cause as Error).message).split('\n');
    throw Object.assign(
      new Error(
        `the native code of serialport cannot be loaded (${reason}); reinstall serialport, or, in a bundle, ` +
          'mark "serialport" as external and install it beside the bundle',
        { cause },
      ),
      { code: 'NATIVE_CODE_MISSING' },
    );
  }
}

/** The settings of serial ports that only Windows can do, and what works instead. */
const WINDOWS_ONLY: readonly [keyof SerialSettings, readonly unknown[], string][] = [
  ['parity', ['mark', 'space'], '"none", "even" or "odd"'],
  ['stopBits', [1.5], '1 or 2'],
];

const PLATFORM_NAMES: Partial<Record<NodeJS.Platform, string>> = { linux: 'Linux', darwin: 'macOS' };

/** Says which setting this platform cannot do, in words that follow the connection. Undefined if it can do all. */
export function unsupportedSetting(settings: SerialSettings): string | undefined {
  const found = WINDOWS_ONLY.find(([name, values]) => values.includes(settings[name]));
  if (process.platform === 'win32' || found === undefined) {
    return undefined;
  }
  const [name, , instead] = found;
  const platform = PLATFORM_NAMES[process.platform] ?? process.platform;
  return `${name} is ${JSON.stringify(settings[name])}, which works on Windows only; on ${platform} use ${instead}`;
}
