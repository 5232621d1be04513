import type { SerialEvents } from 'serial-communicator';

type IgnoredSetting = SerialEvents['settingIgnored'];

/** The settings in words. The others are words already. */
const WORDS: Readonly<Record<string, string>> = {
  baudRate: 'baud rate',
  dataBits: 'data bits',
  stopBits: 'stop bits',
  flowControl: 'flow control',
  xon: 'XON/XOFF from the device',
  xoff: 'XON/XOFF to the device',
  brk: 'break',
  dtr: 'DTR',
  rts: 'RTS',
};

/** Says that the server of a port on another machine has not made a setting what it was to be. */
export function describeIgnoredSetting({ name, setting, requested, actual }: IgnoredSetting): string {
  if (setting === 'binary') {
    return `"${name}": the server does not agree to pass on all bytes unchanged (telnet BINARY); packets may be damaged`;
  }
  const what = WORDS[setting] ?? setting;
  return actual === undefined
    ? `"${name}": the server has not confirmed ${what} ${inWords(requested)}, and may have ignored it`
    : `"${name}": the server has set ${what} ${inWords(actual)} instead of ${inWords(requested)}`;
}

function inWords(value: IgnoredSetting['requested']): string {
  return typeof value === 'boolean' ? (value ? 'on' : 'off') : String(value);
}
