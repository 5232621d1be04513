import { describe, expect, test } from 'vitest';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';
import { isDrawn } from './support/plots.js';
import { curves, recording } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);
const PLOT = `&plot=${encodeURIComponent('["arm","count"]')}`;

/** Lines of the tree for screen readers that stand for a control without a name. */
async function nameless(page: LivePage): Promise<string[]> {
  const tree = await page.page.locator('body').ariaSnapshot();
  const control =
    /^\s*- '?(?:button|checkbox|combobox|dialog|grid|img|link|radio|region|searchbox|separator|spinbutton|tab|tabpanel|table|textbox|toolbar|tree|treeitem)(?=$|:| \[)/;
  return tree.split('\n').filter((line) => control.test(line));
}

/** What has the focus: its role or tag, and its name. */
function focused(page: LivePage): Promise<string> {
  return page.page.evaluate(() => {
    const element = document.activeElement!;
    const name = element.getAttribute('aria-label') ?? element.textContent;
    return `${element.getAttribute('role') ?? element.localName} ${name.trim().slice(0, 40)}`;
  });
}

describe.skipIf(!hasChromium)('for screen readers (needs chromium)', () => {
  test('every control of every view has a name', async () => {
    const page = await rig.open(server, { state: PLOT });
    await page.isOver();
    await page.press('Home');
    await page.detail.getByRole('treeitem').first().waitFor();
    expect(await nameless(page)).toEqual([]);
    await page.show('Plots');
    await isDrawn(page, 101);
    expect(await nameless(page)).toEqual([]);
    await page.show('Kinds');
    await page.page
      .getByRole('row', { name: /^arm rx/ })
      .first()
      .waitFor();
    expect(await nameless(page)).toEqual([]);
    await page.show('Connections');
    expect(await nameless(page)).toEqual([]);
    for (const key of ['?', 's']) {
      await page.press(key);
      await page.page.getByRole('dialog').waitFor();
      expect(await nameless(page)).toEqual([]);
      await page.press('Escape');
    }
  });

  test('the panel for sending has names', async () => {
    const page = await rig.open(
      await servePage('monitor', 'arm=sim:', 'leg=sim:', '--allow-send', '--to', 'arm', '-q'),
    );
    await page.isConnected(2);
    await page.press(':');
    await page.page.getByRole('textbox', { name: 'Packet to send', exact: true }).waitFor();
    expect(await nameless(page)).toEqual([]);
    const field = page.page.getByRole('textbox', { name: 'Packet to send', exact: true });
    const help = await field.getAttribute('aria-describedby');
    expect(await page.page.locator(`#${help}`).textContent()).toMatch(/^Enter sends, /);
  });

  test('the plots have names that tell them apart, and so have their buttons', async () => {
    const page = await rig.open(server, { state: '&view=plots' });
    await page.button('Add plot').click();
    for (const plot of ['Plot 1', 'Plot 2']) {
      const region = page.page.getByRole('region', { name: plot, exact: true });
      for (const name of [`Save ${plot} as PNG`, `Save ${plot} as CSV`, `Remove ${plot}`]) {
        await region.getByRole('button', { name }).waitFor();
      }
    }
    expect(await page.button('Zoom in').getAttribute('aria-keyshortcuts')).toBe('Plus');
    expect(await page.button('Zoom out').getAttribute('aria-keyshortcuts')).toBe('-');
  });

  test('the document has a language, a title, landmarks and one heading of the first level', async () => {
    const page = await rig.open(server);
    await page.isOver();
    expect(await page.page.locator('html').getAttribute('lang')).toBe('en');
    expect(await page.page.title()).toMatch(/^replay .* – sercom$/);
    for (const role of ['banner', 'contentinfo', 'tablist'] as const) {
      expect(await page.page.getByRole(role).count(), role).toBe(1);
    }
    expect(await page.page.getByRole('heading', { level: 1 }).count()).toBe(1);
    expect(await page.page.locator('[aria-hidden=true] :focus').count()).toBe(0);
  });

  test('the tabs are tabs: one is selected, arrow keys go from one to the next, and each controls its panel', async () => {
    const page = await rig.open(server);
    await page.isOver();
    await page.tab('Packets').focus();
    for (const name of ['Plots', 'Kinds', 'Connections', 'Packets'] as const) {
      await page.press('ArrowRight');
      expect(await focused(page)).toBe(`tab ${name}`);
      expect(await page.page.locator('[role=tab][aria-selected=true]').allTextContents()).toEqual([name]);
      await page.page.getByRole('tabpanel', { name }).waitFor();
    }
    await page.press('ArrowLeft');
    expect(await focused(page)).toBe('tab Connections');
    const controls = await page.tab('Packets').getAttribute('aria-controls');
    expect(await page.page.locator(`#${controls}`).getAttribute('role')).toBe('tabpanel');
  });

  test('the table says how many rows there are, and which one is selected', async () => {
    const page = await rig.open(server);
    await until(async () => expect(await page.table.getAttribute('aria-rowcount')).toBe('203'));
    await page.press('Home');
    await page.press('ArrowDown');
    await until(async () => expect((await page.selectedRow())?.Decoded).toBe('{"left":1000}'));
    const id = await page.table.getAttribute('aria-activedescendant');
    const active = page.page.locator(`#${id}`);
    expect(await active.getAttribute('aria-selected')).toBe('true');
    // The head is the first row.
    expect(await active.getAttribute('aria-rowindex')).toBe('3');
    // As many elements as rows in view, in their order.
    const indices = await page.table
      .locator('.table-body [role=row]')
      .evaluateAll((rows) => rows.map((row) => Number(row.getAttribute('aria-rowindex'))));
    expect(indices).toEqual(indices.map((_, place) => indices[0]! + place));
  });

  test('what happens is announced', async () => {
    const page = await rig.open(server);
    await page.isOver();
    const announced = (text: string | RegExp) =>
      page.page.locator('[aria-live=polite]').getByText(text).waitFor({ state: 'attached' });
    await page.press('Home');
    await page.press('Space');
    await announced('following new packets');
    await page.press('Space');
    await announced('held');
    await page.field('Filter').fill('nothing=1');
    await page.press('Enter');
    await announced(/^filter: unknown condition/);
    await page.page.locator('[role=status]', { hasText: '✖ filter: unknown condition' }).waitFor();
  });
});

describe.skipIf(!hasChromium)('with the keyboard (needs chromium)', () => {
  test('the focus goes through the packets in the order of the page, and is always seen', async () => {
    const page = await rig.open(server);
    await page.isOver();
    await page.press('Home');
    await page.detail.getByRole('treeitem').first().waitFor();
    await page.page.evaluate(() => (document.activeElement as HTMLElement).blur());
    const order: string[] = [];
    for (let step = 0; step < 18; step++) {
      await page.press('Tab');
      order.push(await focused(page));
      const outline = await page.page.evaluate(() => {
        const element = document.activeElement!;
        // An item of a tree has its line outlined, without the items below it.
        const outlines = [element, ...element.children].map((each) => {
          const { outlineStyle, outlineWidth } = getComputedStyle(each);
          return outlineStyle === 'none' ? 0 : Number.parseFloat(outlineWidth);
        });
        // What is covered by its content has a frame above that.
        const { content, borderTopWidth } = getComputedStyle(element, '::after');
        const framePx = content === 'none' ? 0 : Number.parseFloat(borderTopWidth);
        return Math.max(framePx, ...outlines);
      });
      expect(outline, order.at(-1)).toBeGreaterThanOrEqual(1);
    }
    expect(order).toEqual([
      'tab Packets',
      'button Save',
      'button Light or dark',
      'button Keys',
      'button Follow',
      'input Filter',
      'input Find',
      'button Find previous',
      'button Find next',
      'input Go to',
      'grid Packets',
      expect.stringMatching(/^button \d+ rows below$/),
      'separator Height of the selected packet',
      'button Copy hex',
      'button Close',
      'treeitem count: 0',
      expect.stringMatching(/^pre 00000000/),
      expect.stringMatching(/^pre "/),
    ]);
  });

  test('dialogs keep the focus, and give it back', async () => {
    const page = await rig.open(server);
    await page.isOver();
    await page.button('Save').first().focus();
    await page.press('Enter');
    const dialog = page.page.getByRole('dialog', { name: 'Save what is held' });
    await dialog.waitFor();
    const format = dialog.getByRole('radio', { name: 'Log' });
    expect(await format.evaluate((element) => element === document.activeElement)).toBe(true);
    for (let step = 0; step < 10; step++) {
      await page.press('Tab');
      const isOutside = await page.page.evaluate(
        () => document.activeElement !== document.body && document.activeElement?.closest('dialog') === null,
      );
      expect(isOutside).toBe(false);
    }
    await page.press('Escape');
    await dialog.waitFor({ state: 'hidden' });
    expect(await focused(page)).toBe('button Save');
  });

  test('nothing moves for those who want less motion', async () => {
    const page = await rig.open(server, { reducedMotion: 'reduce' });
    await page.isOver();
    const moving = await page.page.evaluate(
      () =>
        [...document.querySelectorAll('*')].filter((element) => {
          const { transitionDuration, animationName } = getComputedStyle(element);
          return animationName !== 'none' || !/^(?:0s(?:, )?)+$/.test(transitionDuration);
        }).length,
    );
    expect(moving).toBe(0);
  });
});
