import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { type LivePage, textOf } from './support/live-page.js';
import { areaOf, hasLineIn, isDrawn, shownTime } from './support/plots.js';
import { ScriptedDevice } from './support/scripted-device.js';

const rig = useBrowser();

async function openDevice(state = ''): Promise<{ device: ScriptedDevice; page: LivePage }> {
  const device = await ScriptedDevice.plug();
  const served = await servePage('monitor', `arm=${device.path}`, '--decode', 'json', '-q');
  const page = await rig.open(served, { state });
  await page.isConnected();
  return { device, page };
}

describe.skipIf(!hasChromium || !has('python3'))('while one watches, unplugging (needs chromium and python3)', () => {
  test('is marked in the table and on the card, as is the return', async () => {
    const { device, page } = await openDevice();
    await device.send('{"count":1}');
    await until(async () => expect(await page.column('Decoded')).toEqual(['{"count":1}']));
    await device.unplug();
    await page.says('▲ 1 of 1 not connected');
    await until(async () => expect((await page.rows()).at(-1)?.Mark).toMatch(/^▲ arm disconnected/));
    // Each view shows the status bar.
    for (const view of ['Plots', 'Kinds', 'Connections'] as const) {
      await page.show(view);
      await page.says('▲ 1 of 1 not connected');
    }
    await page.show('Kinds');
    await page.page.getByText(/^arm: ▲ away since \d\d:\d\d:\d\d$/).waitFor();
    await page.show('Connections');
    const card = page.page.getByRole('region', { name: 'Connections' }).getByRole('listitem');
    await card.getByText('▲ not connected').waitFor();
    await card.getByText(/^✖ .*"arm"/).waitFor();
    await device.plugIn();
    await card.getByText('● connected').waitFor();
    await until(async () => expect(await textOf(card.locator('dt:text-is("Reconnects") + dd'))).toBe('1'));
    const back = /● back after [\d.]+ (ms|s), lost at \d\d:\d\d:\d\d$/;
    expect(await textOf(card.locator('dt:text-is("Last loss") + dd'))).toMatch(back);
    await page.show('Kinds');
    expect(await textOf(page.page.getByRole('list', { name: 'Losses of ports' }))).toMatch(back);
    await page.show('Packets');
    await page.isConnected();
    await device.send('{"count":2}');
    await until(async () => {
      const rows = await page.rows();
      expect(rows.map((row) => row.Mark ?? row.Decoded)).toEqual([
        '{"count":1}',
        expect.stringMatching(/^▲ arm /),
        `● arm connected (${device.path})`,
        '{"count":2}',
      ]);
    });
    // Whatever the filter, a loss explains what is missing.
    await page.field('Filter').fill('length=77');
    await page.press('Enter');
    await until(async () => expect(await page.rows()).toHaveLength(2));
  });

  test('leaves a gap in plots, between marks', async () => {
    const { device, page } = await openDevice(`&view=plots&plot=${encodeURIComponent('["arm","count"]')}`);
    const send = (...counts: number[]) => device.send(...counts.map((count) => JSON.stringify({ count })));
    await send(1);
    await isDrawn(page, 1);
    await send(2);
    await isDrawn(page, 2);
    await device.unplug();
    await page.says('▲ 1 of 1 not connected');
    await device.plugIn();
    await page.isConnected();
    await send(3);
    await isDrawn(page, 3);
    await send(4);
    await isDrawn(page, 4);
    await page.press('Space');
    await page.button('Follow').waitFor();
    // Marks are where the cursor says so.
    const marks = await marksIn(page);
    expect(marks.map(({ text }) => text)).toEqual([
      expect.stringMatching(/^▲ disconnected/),
      expect.stringMatching(/^● connected/),
    ]);
    const [lost, back] = marks.map(({ x }) => x) as [number, number];
    expect(await hasLineIn(page, 0, lost)).toBe(true);
    expect(await hasLineIn(page, lost + 0.01, back - 0.01)).toBe(false);
    expect(await hasLineIn(page, back, 1)).toBe(true);
    // In the gap, there is no value.
    const area = await areaOf(page);
    await page.page.mouse.move(area.x + (area.width * (lost + back)) / 2, area.y + area.height / 2);
    await until(async () => expect(await page.legend()).toMatchObject([{ 'at cursor': '–' }]));
    expect((await shownTime(page)).seconds).toBeGreaterThan(0);
  });
});

/** The marks that the cursor shows when it is moved over a plot, with their places as shares of its width. */
async function marksIn(page: LivePage): Promise<{ x: number; text: string }[]> {
  const area = await areaOf(page);
  const marks: { x: number; text: string }[] = [];
  for (let x = 1; x < area.width; x += 3) {
    await page.page.mouse.move(area.x + x, area.y + area.height / 2);
    const [, text] = (await textOf(page.plot().locator('.cursor-text:not(.pinned)'))).split('\n');
    if (text !== undefined && text !== marks.at(-1)?.text) {
      marks.push({ x: x / area.width, text });
    }
  }
  return marks;
}
