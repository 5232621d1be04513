import { describe, expect, test } from 'vitest';
import { KEYS } from '../../../../web/keys.js';
import type { ViewName } from '../../../../web/state.js';
import { hasChromium } from './browser-rig.js';
import type { LivePage } from './live-page.js';

/** Shows that a key does what the table of keys says. Must press it. */
export type KeyCheck = (page: LivePage, press: () => Promise<void>) => Promise<void>;

/**
 * Tests the keys that have a meaning in one view, or everywhere. The checks must be about exactly those that the table of keys
 * has.
 */
export function testKeys(
  view: ViewName | undefined,
  checks: Readonly<Record<string, KeyCheck>>,
  open: () => Promise<LivePage>,
): void {
  const where = view === undefined ? 'everywhere' : `in ${view}`;
  test(`there is a test for each key that has a meaning ${where}`, () => {
    const keys = KEYS.filter((binding) => binding.view === view).flatMap((binding) => binding.keys);
    expect(Object.keys(checks).sort()).toEqual([...keys].sort());
  });
  describe.skipIf(!hasChromium)(`${where} (needs chromium)`, () => {
    test.each(Object.entries(checks))('"%s"', async (key, check) => {
      const page = await open();
      let presses = 0;
      await check(page, async () => {
        presses++;
        await page.press(key === ' ' ? 'Space' : key);
      });
      expect(presses).toBeGreaterThan(0);
    });
  });
}

/** The views that {@link testKeys} is called for. */
export const VIEWS_WITH_KEYS: readonly (ViewName | undefined)[] = [undefined, 'packets', 'plots'];
