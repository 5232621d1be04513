import { type SerialSetting, type SerialSettings, serialSettings } from 'serial-communicator';
import { grouped, type OptionDefinition, type OptionsOf, option, type TypedOption } from './define.js';
import { byteCount, integer } from './values.js';

/** Settings that do not become an option: the command sets them, or one of the options below does. */
const WITHOUT_OPTION = [
  'skipFirst',
  'required',
  'reconnect',
  'whenDisconnected',
  'sendTimeoutMs',
  'sendQueueBytes',
  'requestIds',
  'requestBacklogBytes',
  'delivery',
] as const satisfies readonly (keyof SerialSettings)[];

type SettingName = Exclude<keyof SerialSettings, (typeof WITHOUT_OPTION)[number]>;

/** How an option differs from what follows from its setting. */
interface Differences {
  /** The flag without dashes. Default: the name of the setting without its unit. */
  readonly flag?: string;
  readonly placeholder?: string;
  readonly min?: number;
  readonly max?: number;
  /** Shown as the default. The option then has no value unless it is given. */
  readonly defaultText?: string;
}

const DIFFERENCES: { readonly [Name in SettingName]?: Differences } = {
  dataBits: { placeholder: 'bits' },
  stopBits: { placeholder: 'bits' },
  maxPacketBytes: { min: 1, max: 16_777_216 },
  settleMs: { defaultText: '0; sim: 50' },
  syncOnOpen: { flag: 'sync' },
};

/** Flags have no value unless they are given, nor has `settleMs`. */
type SettingOptions = {
  readonly [Name in SettingName]: TypedOption<
    SerialSettings[Name] extends boolean | undefined
      ? SerialSettings[Name]
      : Name extends 'settleMs'
        ? SerialSettings[Name]
        : NonNullable<SerialSettings[Name]>
  >;
};

const SETTING_OPTIONS = settingOptions(serialSettings) as SettingOptions;

const { ackTimeoutMs, ...ALWAYS } = SETTING_OPTIONS;

/** The option for connections with acknowledged delivery only. */
export const SESSION_OPTIONS = { ackTimeoutMs };

/** The settings that ports without a line do not have. */
export const LINE_SETTINGS = ['dataBits', 'stopBits', 'parity', 'rtscts', 'xon', 'xoff', 'dtr', 'rts'] as const;

/** The options of every command that opens ports. An option of a setting has the name of the setting as its key. */
export const PORT_OPTIONS = grouped('Ports:', {
  baud: option('-b, --baud <bit/s>', 'baud rate of ports given without @BAUD', {
    parse: integer(1, 4_294_967_295),
    default: 115_200,
  }),
  ...ALWAYS,
  awaitPort: option('--await-port', 'if a port cannot be opened, keep trying instead of failing', {
    excludes: ['reconnect'],
  }),
  tlsCa: option(
    '--tls-ca <file>',
    'certificates to accept from tls:// servers, instead of those that Node.js knows (PEM)',
  ),
  tlsCert: option('--tls-cert <file>', 'own certificate for tls:// servers that ask for one (PEM)', {
    needs: ['tlsKey'],
  }),
  tlsKey: option('--tls-key <file>', 'private key of that certificate (PEM)', { needs: ['tlsCert'] }),
  bootrom: option('--bootrom <file>', 'boot ROM of sim:rp2040: ports, for images made with the Pico SDK'),
  reconnect: option('--no-reconnect', 'do not reopen a port after it disconnects'),
});

/** An option of the commands that only listen. The others always decode these bytes, which may be a reply. */
export const SKIP_FIRST_OPTION = {
  skipFirst: option('--no-skip-first', 'also decode bytes before the first delimiter (possibly the tail of a frame)'),
};

export type PortOptions = OptionsOf<typeof PORT_OPTIONS>;

export type SessionOptions = OptionsOf<typeof SESSION_OPTIONS>;

/** The settings among the values of options. */
export function settingsOf(options: PortOptions & Partial<SessionOptions>): SerialSettings {
  const names = Object.keys(SETTING_OPTIONS) as SettingName[];
  return Object.fromEntries(names.map((name) => [name, options[name]]).filter(([, value]) => value !== undefined));
}

/** The option of each setting in a table that can have one. */
export function settingOptions(table: Readonly<Record<string, SerialSetting>>): Record<string, OptionDefinition> {
  const excluded: readonly string[] = WITHOUT_OPTION;
  return Object.fromEntries(
    Object.entries(table)
      .filter(([name, { type }]) => type !== 'object' && !excluded.includes(name))
      .map(([name, setting]) => [name, settingOption(name, setting)]),
  );
}

/** The flag of the option of a setting. */
export function flagOf(name: SettingName): string {
  return SETTING_OPTIONS[name].flags.split(' ')[0]!;
}

/** A message of the library for users of the command line: with `--open-timeout` instead of `openTimeoutMs`. */
export function withFlags(message: string): string {
  const options: Readonly<Record<string, OptionDefinition>> = SETTING_OPTIONS;
  const withFiles = message.replace(
    'ca, cert, key and servername in the setting tls',
    '--tls-ca, --tls-cert and --tls-key',
  );
  return withFiles.replace(/\b[a-z]+(?:[A-Z][a-z]+)+\b/g, (name) =>
    Object.hasOwn(options, name) ? options[name]!.flags.split(' ')[0]! : name,
  );
}

function settingOption(name: string, setting: SerialSetting): OptionDefinition {
  const differences: Differences = DIFFERENCES[name as SettingName] ?? {};
  const { flag = kebabCase(name.replace(/(Ms|Bytes)$/, '')), defaultText } = differences;
  const text = defaultText === undefined ? setting.text : `${setting.text} (default: ${defaultText})`;
  const value = defaultText === undefined && setting.default !== undefined ? { default: setting.default } : {};
  switch (setting.type) {
    case 'choice': {
      const { placeholder = 'name' } = differences;
      const choices = setting.choices.map(String);
      const parse = (given: string): unknown => setting.choices[choices.indexOf(given)];
      return option(`--${flag} <${placeholder}>`, text, { choices, parse, ...value });
    }
    case 'integer': {
      const unit = name.endsWith('Ms') ? 'ms' : name.endsWith('Bytes') ? 'bytes' : 'number';
      const { placeholder = unit, min = setting.min, max = setting.max } = differences;
      const parser = unit === 'bytes' ? byteCount : integer;
      return option(`--${flag} <${placeholder}>`, text, {
        parse: parser(min, max) as (given: string) => unknown,
        ...value,
      });
    }
    default:
      if (setting.default === undefined) {
        const parse = (given: string): unknown => given === 'on';
        return option(`--${flag} <state>`, text, { choices: ['on', 'off'], parse });
      }
      return setting.default === true ? option(`--no-${flag}`, `do not ${text}`) : option(`--${flag}`, text);
  }
}

function kebabCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
