import type { PortOpenOptions } from '../../port.js';
import { COM_PORT, type ComPortCommand, type ComPortMessage, encodeComPort } from './com-port-option.js';

const { parity, stopBits, control } = COM_PORT;

/** A setting of the line behind a server, by its name in `SerialSettings` or `SignalSettings`. */
export type LineSetting =
  | 'baudRate'
  | 'dataBits'
  | 'parity'
  | 'stopBits'
  | 'flowControl'
  | 'xoff'
  | 'brk'
  | 'dtr'
  | 'rts';

/** What a setting can be. Of `flowControl`: `none`, `xon/xoff` or `rts/cts`. */
export type LineValue = string | number | boolean;

/** A setting, and what it is to be. */
export type WantedSetting = readonly [setting: LineSetting, value: LineValue];

type Words = readonly (readonly [word: LineValue, value: number])[];

/** The values of the settings that are words in `SerialSettings`. The others are numbers in both. */
const WORDS: Readonly<Partial<Record<LineSetting, Words>>> = {
  parity: Object.entries(parity),
  stopBits: Object.entries(stopBits).map(([bits, value]) => [Number(bits), value]),
  flowControl: [
    ['none', control.noFlow],
    ['xon/xoff', control.xonXoff],
    ['rts/cts', control.hardwareFlow],
  ],
  xoff: [
    [true, control.inboundXonXoff],
    [false, control.inboundNoFlow],
    [false, control.inboundHardwareFlow],
  ],
  brk: [
    [true, control.breakOn],
    [false, control.breakOff],
  ],
  dtr: [
    [true, control.dtrOn],
    [false, control.dtrOff],
  ],
  rts: [
    [true, control.rtsOn],
    [false, control.rtsOff],
  ],
};

/** The settings that share the command `control`. Its value says which one it is. */
const CONTROL_SETTINGS = ['flowControl', 'xoff', 'brk', 'dtr', 'rts'] as const;

/** The settings of the line, as the options of a port ask for them. */
export function wantedSettings(options: Required<PortOpenOptions>): WantedSetting[] {
  const { baudRate, dataBits, parity, stopBits, rtscts, xon, xoff } = options;
  const flowControl = rtscts ? 'rts/cts' : xon ? 'xon/xoff' : 'none';
  return [
    ['baudRate', baudRate],
    ['dataBits', dataBits],
    ['parity', parity],
    ['stopBits', stopBits],
    ['flowControl', flowControl],
    // XON/XOFF means both ways, unless this says otherwise.
    ...(xoff === (flowControl === 'xon/xoff') ? [] : [['xoff', xoff] as const]),
  ];
}

/** Encodes the command that sets a setting. */
export function encodeSetting([setting, value]: WantedSetting): Uint8Array {
  const [, encoded] = WORDS[setting]?.find(([word]) => word === value) ?? [value, Number(value)];
  return encodeComPort(isControl(setting) ? 'control' : (setting as ComPortCommand), encoded);
}

/** What a server says that a setting is. Undefined if the message is about something else. */
export function decodeSetting({ command, value }: ComPortMessage): WantedSetting | undefined {
  if (command === 'control') {
    for (const setting of CONTROL_SETTINGS) {
      const found = wordOf(setting, value);
      if (found !== undefined) {
        return [setting, found];
      }
    }
    return undefined;
  }
  switch (command) {
    case 'baudRate':
    case 'dataBits':
      return [command, value];
    case 'parity':
    case 'stopBits':
      return [command, wordOf(command, value) ?? `${value}`];
    default:
      return undefined;
  }
}

function isControl(setting: LineSetting): boolean {
  return CONTROL_SETTINGS.some((each) => each === setting);
}

function wordOf(setting: LineSetting, value: number): LineValue | undefined {
  return WORDS[setting]?.find(([, encoded]) => encoded === value)?.[0];
}
