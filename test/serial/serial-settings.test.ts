import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { SerialCommunicator, serialSettings } from '../../src/index.js';

const source = readFileSync(path.resolve(import.meta.dirname, '../../src/serial/serial-settings.ts'), 'utf8');

/** What the comment above a field gives as the default, as a value. */
function documentedDefault(field: string): unknown {
  const comment = new RegExp(`/\\*\\*((?:(?!\\*/)[^])*)\\*/\\s+${field}\\?:`).exec(source)![1]!;
  const text = /Default: ([^.;]+?)(?:, no limit)?\.(?!\d)/
    .exec(comment)![1]!
    .replace(/[`,]/g, '')
    .replace(/^'(.*)'$/, '"$1"');
  return JSON.parse(text);
}

const settings = Object.entries(serialSettings);

describe('the table of settings', () => {
  test.each(settings)('%s: accepts its own default', (_, setting) => {
    if (setting.default !== undefined) {
      expect(setting.accepts(setting.default)).toBe(true);
    }
  });

  test.each(settings)('%s: has a phrase as its text, without a period', (_, { text }) => {
    expect(text).toMatch(/^[a-z].*[^.]$/);
    expect(text).not.toContain('|');
  });

  test.each(settings.filter(([, { type, default: value }]) => type !== 'object' && value !== undefined))(
    '%s: the comment in the type has the same default',
    (field, setting) => {
      expect(documentedDefault(field)).toBe(setting.default);
    },
  );

  test.each(settings)('%s: addConnection rejects what it does not accept, and says what it does', (name, setting) => {
    const wrong = Symbol('wrong');
    expect(setting.accepts(wrong)).toBe(false);
    const add = () =>
      new SerialCommunicator().addConnection('arm', { path: 'x', baudRate: 9_600, [name]: wrong as never });
    expect(add).toThrow(`connection "arm": ${name} is Symbol(wrong); expected ${setting.expected}`);
  });

  test.each(settings.filter(([, { default: value }]) => value !== undefined))(
    '%s: the default can be given explicitly',
    (name, setting) => {
      new SerialCommunicator({ defaults: { [name]: setting.default } }).addConnection('arm', {
        path: 'x',
        baudRate: 9_600,
        [name]: setting.default,
      });
    },
  );

  test('its choices are what it accepts', () => {
    for (const [, setting] of settings) {
      if (setting.type === 'choice') {
        expect(setting.choices.every((choice) => setting.accepts(choice))).toBe(true);
      } else if (setting.type === 'integer') {
        const { min, max } = setting;
        expect([min - 1, min, max, max + 1].map((value) => setting.accepts(value))).toEqual([false, true, true, false]);
      }
    }
  });
});
