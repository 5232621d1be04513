import { describe, expect, test } from 'vitest';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { lowContrasts } from './support/contrast.js';
import type { LivePage } from './support/live-page.js';
import { isDrawn } from './support/plots.js';
import { curves, recording } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => [
  'replay',
  await recording([...curves(), { atMs: 11_000, from: 'arm rx!checksum/9', packet: 'x' }], folder),
  '--decode',
  'json',
  '-q',
]);

const VIEWS = ['Packets', 'Plots', 'Kinds', 'Connections'] as const;
const PLOT = `&plot=${encodeURIComponent('["arm","count","leg","left"]')}`;

/** Shows a view with something in it. */
async function showFull(page: LivePage, view: (typeof VIEWS)[number]): Promise<void> {
  await page.show(view);
  if (view === 'Plots') {
    await isDrawn(page, 101);
  } else if (view === 'Packets') {
    await page.table.focus();
    await page.press('Home');
    await page.detail.getByRole('treeitem').first().waitFor();
  } else if (view === 'Kinds') {
    await page.page
      .getByRole('row', { name: /^arm rx/ })
      .first()
      .waitFor();
  } else {
    await page.button('Show its packets').first().waitFor();
  }
}

describe.skipIf(!hasChromium)('in a narrow window (needs chromium)', () => {
  test.each([360, 480, 760])('%d pixels wide, everything fits and can be reached', async (width) => {
    const page = await rig.open(server, { state: PLOT, viewport: { width, height: 740 } });
    await page.isOver();
    for (const view of VIEWS) {
      await showFull(page, view);
      const outside = await page.page.evaluate((width) => {
        const scrolls = (element: Element): boolean => {
          for (let each = element.parentElement; each !== null; each = each.parentElement) {
            if (each.scrollWidth > each.clientWidth && /auto|scroll/.test(getComputedStyle(each).overflowX)) {
              return true;
            }
          }
          return false;
        };
        return [...document.querySelectorAll('button, input, select, textarea, [role=tab], summary')]
          .filter((element) => element.checkVisibility())
          .filter((element) => {
            const { left, right } = element.getBoundingClientRect();
            return (left < -0.5 || right > width + 0.5) && !scrolls(element);
          })
          .map((element) => element.outerHTML.slice(0, 200));
      }, width);
      expect(outside, view).toEqual([]);
      const scrollWidth = await page.page.evaluate(() => document.documentElement.scrollWidth);
      expect(scrollWidth, view).toBeLessThanOrEqual(width);
    }
    await page.show('Packets');
    // Of a packet, the time, the name and what is in it are left.
    const [row] = await page.rows();
    expect(Object.keys(row!)).toEqual(expect.arrayContaining(['Time', 'Name', 'Decoded']));
  });

  test('which becomes wide, columns come back', async () => {
    const page = await rig.open(server, { viewport: { width: 360, height: 740 } });
    await until(async () => expect(Object.keys((await page.rows())[0]!)).not.toContain('Hex'));
    await page.page.setViewportSize({ width: 1280, height: 740 });
    await until(async () =>
      expect(Object.keys((await page.rows())[0]!)).toEqual(['Time', 'Name', 'Dir', 'Length', 'Hex', 'Text', 'Decoded']),
    );
  });
});

describe.skipIf(!hasChromium)('colors (needs chromium)', () => {
  const background = (page: LivePage) => page.page.evaluate(() => getComputedStyle(document.body).backgroundColor);

  test.each(['light', 'dark'] as const)('are those of the system, here %s, with enough contrast', async (scheme) => {
    const page = await rig.open(server, { state: PLOT, colorScheme: scheme });
    await page.isOver();
    for (const view of VIEWS) {
      await showFull(page, view);
      expect(await lowContrasts(page), view).toEqual([]);
    }
    await page.press('?');
    expect(await lowContrasts(page), 'keys').toEqual([]);
    await page.press('Escape');
    await page.press('s');
    expect(await lowContrasts(page), 'saving').toEqual([]);
  });

  test('follow the system while the page is open, and can be switched', async () => {
    const page = await rig.open(server, { colorScheme: 'light' });
    await page.isOver();
    const light = await background(page);
    await page.page.emulateMedia({ colorScheme: 'dark' });
    await until(async () => expect(await background(page)).not.toBe(light));
    const dark = await background(page);
    await page.button('Light or dark').click();
    await until(async () => expect(await background(page)).toBe(light));
    await page.page.emulateMedia({ colorScheme: 'light' });
    await page.button('Light or dark').click();
    await until(async () => expect(await background(page)).toBe(dark));
  });

  test('of plots change with them', async () => {
    const page = await rig.open(server, { state: `&view=plots${PLOT}`, colorScheme: 'light' });
    await isDrawn(page, 101);
    const color = () => page.plot().locator('.series-sample line').first().getAttribute('stroke');
    const light = await color();
    await page.page.emulateMedia({ colorScheme: 'dark' });
    await until(async () => expect(await color()).not.toBe(light));
  });
});
