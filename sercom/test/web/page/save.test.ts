import { expect, test } from 'vitest';
import { fileName } from '../../../web/save.js';

test('names of files have their time, so that one does not replace another', () => {
  expect(fileName('plot', 'png', new Date(2026, 0, 31, 9, 4, 5))).toBe('sercom-plot-20260131-090405.png');
});
