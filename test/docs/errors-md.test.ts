import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { ERROR_CODES } from '../../src/errors.js';
import type { ConnectionErrorCode, ErrorCode } from '../../src/index.js';

const [text = ''] = readFileSync(path.resolve(import.meta.dirname, '../../docs/errors.md'), 'utf8').split(
  '## Warnings',
);

/** The cells of every row that begins with a code. */
const rows = [...text.matchAll(/^\| (`[A-Z_]+` .*) \|$/gm)].map(([, row]) => row!.split(' | '));

const codes = Object.entries(ERROR_CODES).flatMap(([name, ofClass]) => ofClass.map((code) => [name, code] as const));

describe('docs/errors.md', () => {
  test.each(codes)('%s: has one row for %s', (name, code) => {
    expect(rows.filter(([shown]) => shown === `\`${code}\``).map((row) => row[1])).toEqual([`\`${name}\``]);
  });

  test('has rows for no other code, and each is complete', () => {
    expect(rows).toHaveLength(codes.length);
    expect(rows.filter((row) => row.length !== 5 || row.some((cell) => cell.trim() === ''))).toEqual([]);
  });
});

test('no code belongs to two classes', () => {
  expect(new Set(codes.map(([, code]) => code)).size).toBe(codes.length);
});

test('the types follow from the table of codes', () => {
  expectTypeOf<'ILLEGAL_STATE' | 'CONNECTION_LOST' | 'INITIALIZE_FAILED'>().toExtend<ErrorCode>();
  expectTypeOf<'CONNECTION_LOST'>().toExtend<ConnectionErrorCode>();
  expectTypeOf<'ILLEGAL_STATE'>().not.toExtend<ConnectionErrorCode>();
  expectTypeOf<'NO_SUCH_CODE'>().not.toExtend<ErrorCode>();
});
