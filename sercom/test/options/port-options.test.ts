import { type SerialSetting, serialSettings } from 'serial-communicator';
import { describe, expect, test } from 'vitest';
import { PORT_OPTIONS, type PortOptions, settingOptions, settingsOf } from '../../src/options/port-options.js';

const rule = { expected: 'anything', accepts: () => true };

/** Settings of every type that the library does not have: one for each way to become an option. */
const NEW_SETTINGS: Record<string, SerialSetting> = {
  quietLineMs: { ...rule, type: 'integer', min: 2, max: 9, default: 5, text: 'pause between packets' },
  chunkBytes: { ...rule, type: 'integer', min: 1, max: 100, default: undefined, text: 'size of a chunk' },
  retries: { ...rule, type: 'integer', min: 0, max: 3, default: 0, text: 'number of retries' },
  wireOrder: { ...rule, type: 'choice', choices: ['lsb', 'msb'], default: 'lsb', text: 'order of bits' },
  gain: { ...rule, type: 'choice', choices: [0.5, 1], default: 1, text: 'gain of the receiver' },
  echoFilter: { ...rule, type: 'boolean', default: false, text: 'ignore the echo' },
  pullUp: { ...rule, type: 'boolean', default: true, text: 'use the pull-up resistor' },
  led: { ...rule, type: 'boolean', default: undefined, text: 'state of the LED' },
  limits: { ...rule, type: 'object', default: {}, text: 'several limits' },
};

describe('a new setting of the library becomes an option by itself', () => {
  const options = settingOptions(NEW_SETTINGS);

  test.each([
    ['quietLineMs', '--quiet-line <ms>', 'pause between packets', { default: 5 }],
    ['chunkBytes', '--chunk <bytes>', 'size of a chunk', {}],
    ['retries', '--retries <number>', 'number of retries', { default: 0 }],
    ['wireOrder', '--wire-order <name>', 'order of bits', { choices: ['lsb', 'msb'], default: 'lsb' }],
    ['gain', '--gain <name>', 'gain of the receiver', { choices: ['0.5', '1'], default: 1 }],
    ['echoFilter', '--echo-filter', 'ignore the echo', {}],
    ['pullUp', '--no-pull-up', 'do not use the pull-up resistor', {}],
    ['led', '--led <state>', 'state of the LED', { choices: ['on', 'off'] }],
  ])('%s: %s', (name, flags, description, details) => {
    const { parse, kind, ...definition } = options[name]!;
    expect(definition).toEqual({ flags, description, ...details });
  });

  test.each([
    ['quietLineMs', '7', 7],
    ['wireOrder', 'msb', 'msb'],
    ['gain', '0.5', 0.5],
    ['led', 'on', true],
    ['led', 'off', false],
  ])('%s: the text %s is parsed', (name, text, value) => {
    expect(options[name]!.parse!(text)).toBe(value);
  });

  test.each(['1', '10', '2.5', 'x'])('an integer out of bounds is rejected: %s', (text) => {
    expect(() => options.quietLineMs!.parse!(text)).toThrow('Expected an integer from 2 to 9.');
  });

  test('one that is an object does not', () => {
    expect(options).not.toHaveProperty('limits');
  });
});

describe('the options of ports', () => {
  test('have the keys of the settings, and the values go to the library under these', () => {
    const own = ['baud', 'awaitPort', 'tlsCa', 'tlsCert', 'tlsKey', 'bootrom', 'reconnect'];
    const names = Object.keys(PORT_OPTIONS).filter((key) => !own.includes(key));
    expect(names.filter((name) => !(name in serialSettings))).toEqual([]);
    const values = Object.fromEntries(names.map((name, index) => [name, index]));
    expect(settingsOf({ baud: 9_600, reconnect: true, ...values } as unknown as PortOptions)).toEqual(values);
  });

  test('leave out what was not given', () => {
    expect(settingsOf({ baud: 9_600, reconnect: true, maxPacketBytes: 7, rtscts: undefined } as never)).toEqual({
      maxPacketBytes: 7,
    });
  });

  test('have the defaults of the library', () => {
    for (const [name, { type, default: value }] of Object.entries(serialSettings)) {
      const definition = (PORT_OPTIONS as Record<string, { default?: unknown }>)[name];
      if (definition !== undefined && (type === 'integer' || type === 'choice') && name !== 'settleMs') {
        expect({ name, value: definition.default }).toEqual({ name, value });
      }
    }
  });
});
