import { describe, expect, test } from 'vitest';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';
import { dragOver, isDrawn, shownTime } from './support/plots.js';
import { curves, recording } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);

/** Opens the link of a page in another browser context, once the link says something. */
async function openLinkOf(page: LivePage, says: Readonly<Record<string, string | RegExp>>): Promise<LivePage> {
  await until(() => {
    for (const [name, value] of Object.entries(says)) {
      expect(page.fragment.get(name)).toMatch(value);
    }
  });
  return rig.open({ url: page.page.url() });
}

describe.skipIf(!hasChromium)('a link restores (needs chromium)', () => {
  test('the filter, the selected packet and the place of the table', async () => {
    const page = await rig.open(server);
    await page.field('Filter').fill('name=arm');
    await page.press('Enter');
    await page.page.getByText('101 of 202 rows').waitFor();
    await page.field('Go to').fill('#84');
    await page.press('Enter');
    await until(async () => expect((await page.selectedRow())?.Decoded).toContain('"count":42,'));
    // The link is written when the table has come to rest.
    const [first] = await until(async () => {
      const rows = await page.rows();
      const [, count] = /"count":(\d+)/.exec(rows[0]!.Decoded!)!;
      expect(page.fragment.get('top')).toBe(String(2 * Number(count)));
      return rows;
    });
    const other = await openLinkOf(page, { filter: 'name=arm', row: '84' });
    await other.page.getByText('101 of 202 rows').waitFor();
    expect(await other.field('Filter').inputValue()).toBe('name=arm');
    await until(async () => expect((await other.selectedRow())?.Decoded).toContain('"count":42,'));
    await other.detail.getByText('#84').waitFor();
    expect((await other.rows())[0]).toEqual(first);
    await other.button('Follow').waitFor();
  });

  test('plots with their series, scales and the shown time', async () => {
    const page = await rig.open(server, { state: '&view=plots' });
    await page.number('arm count').check();
    await page.number('leg left').check();
    await page.button('Add plot').click();
    await page.number('arm imu.angle[0]').check();
    await isDrawn(page, 101, 2);
    await dragOver(page, [0.2, 0.5], [0.6, 0.5]);
    await until(async () => expect((await shownTime(page)).seconds).toBeCloseTo(4, 0));
    const scale = page.plot().getByRole('group', { name: 'Scale' });
    await scale.getByLabel('Highest value of the scale').fill('2000');
    await page.press('Enter');
    const other = await openLinkOf(page, { view: 'plots', range: /^\d+\.\.\d+$/, plot: /\.\.2000:\["arm","count"/ });
    await isDrawn(other, Number((await page.legend(2))[0]!.points), 2);
    // Not at the cursor.
    await page.page.mouse.move(5, 5);
    await until(async () => expect(await page.legend(1)).toEqual(await other.legend(1)));
    expect(await other.legend(2)).toEqual(await page.legend(2));
    expect(await shownTime(other)).toEqual(await shownTime(page));
    const shown = other.plot().getByRole('group', { name: 'Scale' });
    expect(await shown.getByLabel('Highest value of the scale').inputValue()).toBe('2000');
  });

  test.each(['Kinds', 'Connections'] as const)('the view of %s and the choice of colors', async (view) => {
    const page = await rig.open(server);
    await page.show(view);
    await page.press('d');
    const other = await openLinkOf(page, { view: view.toLowerCase(), theme: 'dark' });
    await other.page.getByRole('tabpanel', { name: view }).waitFor();
    expect(await other.page.evaluate(() => getComputedStyle(document.documentElement).colorScheme)).toBe('dark');
  });

  test('another view in the same tab', async () => {
    const page = await rig.open(server);
    await page.isOver();
    const url = new URL(page.page.url());
    await page.page.goto(`${url.origin}/${url.hash}&view=kinds&filter=name%3Dleg`);
    await page.page.getByRole('tabpanel', { name: 'Kinds' }).waitFor();
    await page.show('Packets');
    await page.page.getByText('101 of 202 rows').waitFor();
  });
});

describe.skipIf(!hasChromium)('a link that makes no sense (needs chromium)', () => {
  test('shows what there is', async () => {
    const state = '&view=nothing&top=-1&row=1e9&last=x&range=9..1&plot=%5B1%5D&plot=x&theme=pink&__proto__=1';
    const page = await rig.open(server, { state });
    await page.page.getByRole('tabpanel', { name: 'Packets' }).waitFor();
    await until(async () => expect((await page.column('Decoded')).at(-1)).toBe('{"left":900}'));
  });

  test('with an invalid filter says so, and shows everything', async () => {
    const page = await rig.open(server, { state: '&filter=size%3E3' });
    await page.page.getByText(/✖ filter: unknown condition "size>3"/).waitFor();
    await until(async () => expect((await page.column('Decoded')).at(-1)).toBe('{"left":900}'));
  });

  test('without the token says what is missing', async () => {
    const { origin } = new URL(server.url);
    const page = await rig.open({ url: `${origin}/` });
    await page.page.getByRole('heading', { name: 'The address is incomplete' }).waitFor();
  });

  test('with another token is refused, and the page says so', async () => {
    const { origin } = new URL(server.url);
    const page = await rig.open({ url: `${origin}/#token=AAAAAAAAAAAAAAAAAAAAAA` });
    await page.page
      .getByRole('alert')
      .getByText(/^✖ .*token/)
      .waitFor();
    expect(await page.table.count()).toBe(0);
  });
});
