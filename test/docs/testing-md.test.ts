import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';

const HERE = new URL('.', import.meta.url);

/** The examples of docs/testing.md, by the file named in the line above each. */
const examples = new Map(
  [
    ...readFileSync(new URL('../../docs/testing.md', HERE), 'utf8').matchAll(
      /^\[`test\/docs\/([\w-]+\.test\.ts)`\][^\n]*:\n\n```ts\n(.*?)^```$/gms,
    ),
  ].map((match) => [match[1]!, match[2]!]),
);

describe('the examples of docs/testing.md equal the tests', () => {
  test('all files are in the document', () => {
    const files = readdirSync(HERE).filter((file) => file.startsWith('testing-') && file !== 'testing-md.test.ts');
    expect([...examples.keys()].sort()).toEqual(files.sort());
  });

  test.each([...examples])('%s', (file, code) => {
    expect(code).toBe(readFileSync(new URL(file, HERE), 'utf8'));
  });
});
