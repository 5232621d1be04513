import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { unoEchoImage } from '../../../src/testing/index.js';

test('unoEchoImage is firmware-echo/prebuilt/uno.hex', async () => {
  const file = path.resolve(import.meta.dirname, '../../../firmware-echo/prebuilt/uno.hex');
  expect(await unoEchoImage()).toBe(await readFile(file, 'utf8'));
});
