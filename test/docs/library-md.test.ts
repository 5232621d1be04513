import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { type SerialConnection, type SerialSettings, serialSettings } from '../../src/index.js';

const text = readFileSync(path.resolve(import.meta.dirname, '../../docs/library.md'), 'utf8');

/** The cells of the table whose first heading is given, row by row. */
function table(heading: string): string[][] {
  const start = text.indexOf(`\n| ${heading} |`) + 1;
  const lines = text.slice(start, text.indexOf('\n\n', start)).split('\n');
  return lines.slice(2).map((line) => line.slice(2, -2).split(' | '));
}

/** A value as the document shows it. */
function shown(value: unknown): string {
  return value === undefined ? '' : JSON.stringify(value).replaceAll(/[{:,]/g, '$& ').replaceAll('}', ' }');
}

describe('docs/library.md', () => {
  test('has a row for each setting, as the exported table describes it', () => {
    const rows = Object.entries(serialSettings).map(([name, { default: value, expected, text }]) => [
      `\`${name}\``,
      shown(value),
      expected,
      text,
    ]);
    expect(table('setting')).toEqual(rows);
  });
});

describe('the table of settings', () => {
  test('has every field of the type, and no other', () => {
    expectTypeOf<keyof typeof serialSettings>().toEqualTypeOf<keyof SerialSettings>();
    expectTypeOf<keyof SerialConnection>().toEqualTypeOf<keyof SerialSettings | 'path' | 'device' | 'baudRate'>();
  });
});
