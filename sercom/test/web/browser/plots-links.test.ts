import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';
import { areaOf, dragOver, isDrawn } from './support/plots.js';
import { curves, recording, START_S } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);

async function open(...plots: string[]): Promise<LivePage> {
  const state = plots.map((plot) => `&plot=${encodeURIComponent(plot)}`);
  const page = await rig.open(server, { state: `&view=plots${state.join('')}` });
  for (const index of plots.keys()) {
    await isDrawn(page, 101, index + 1);
  }
  return page;
}

describe.skipIf(!hasChromium)('a point of a plot (needs chromium)', () => {
  test('leads to its packet', async () => {
    const page = await open('["arm","count"]');
    const area = await areaOf(page);
    // The scale has a margin of 6 % above and below, so 50 is in the middle.
    await page.page.mouse.click(area.x + (area.width * 5) / 10.05, area.y + area.height / 2);
    await page.page.getByRole('tabpanel', { name: 'Packets' }).waitFor();
    await until(async () => expect((await page.selectedRow())?.Decoded).toContain('"count":50,'));
    await page.detail.getByRole('treeitem', { name: 'count: 50' }).waitFor();
  });

  test('is found from its packet', async () => {
    const page = await open('["leg","left"]');
    await page.show('Packets');
    await page.field('Go to').fill('#100');
    await page.press('Enter');
    const number = page.detail.getByRole('treeitem', { name: 'count: 50' });
    await number.getByRole('button', { name: 'Plot' }).click();
    await page.page.getByRole('tabpanel', { name: 'Plots' }).waitFor();
    await until(async () => expect(await page.legend()).toHaveLength(2));
    await page.plot().locator('.cursor-ring.pinned').waitFor();
    await page.page
      .getByRole('status')
      .getByText(/^arm count: 50 at /)
      .waitFor({ state: 'attached' });
    const area = await areaOf(page);
    const ring = (await page.plot().locator('.cursor-ring.pinned').boundingBox())!;
    expect((ring.x + ring.width / 2 - area.x) / area.width).toBeCloseTo(5 / 10.05, 2);
    // With a scale that does not have it, only its time is shown.
    const scale = page.plot().getByRole('group', { name: 'Scale' });
    await scale.getByRole('checkbox', { name: 'auto scale' }).uncheck();
    await scale.getByLabel('Lowest value of the scale').fill('900');
    await page.press('Enter');
    await page.plot().locator('.cursor-ring.pinned').waitFor({ state: 'hidden' });
    expect(await page.plot().locator('.cursor-pin').isVisible()).toBe(true);
  });
});

describe.skipIf(!hasChromium)('plots can be saved (needs chromium)', () => {
  test('as a picture: one or all', async () => {
    const page = await open('["arm","count"]', '["leg","left"]');
    const one = await page.download(() => page.button('Save plot 2 as PNG').click());
    expect(one.suggestedFilename()).toMatch(/^sercom-plot-\d{8}-\d{6}\.png$/);
    await page.message.getByText(`✔ Saved ${one.suggestedFilename()}.`).waitFor();
    const all = await page.download(() => page.button('All as PNG').click());
    const [smaller, larger] = await Promise.all([one, all].map(async (each) => readFile(await each.path())));
    const [height, heightOfAll] = await Promise.all([smaller!, larger!].map((png) => heightOf(page, png)));
    expect(heightOfAll).toBeGreaterThan(height! * 1.5);
  });

  test('as CSV: all points of the shown time', async () => {
    const page = await open('["arm","count","leg","left"]');
    await dragOver(page, [0, 0.5], [0.15, 0.5]);
    await until(async () => expect(Number((await page.legend())[0]!.points)).toBeLessThan(20));
    const file = await page.download(() => page.button('Save plot 1 as CSV').click());
    expect(file.suggestedFilename()).toMatch(/^sercom-plot-\d{8}-\d{6}\.csv$/);
    const [head, ...lines] = (await readFile(await file.path(), 'utf8')).trimEnd().split(/\r?\n/);
    expect(head).toBe('time,arm count,leg left');
    const shown = (await page.legend()).map(({ points }) => Number(points));
    expect(lines).toHaveLength(shown[0]! + shown[1]!);
    const start = new Date(START_S * 1_000).toISOString().slice(0, -5);
    expect(lines.slice(0, 3)).toEqual([`${start}.000000Z,0,`, `${start}.050000Z,,1000`, `${start}.100000Z,1,`]);
  });
});

/** The height of a picture that shows something: it has many colors. */
function heightOf(page: LivePage, png: Buffer): Promise<number> {
  return page.page.evaluate(async (base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const bitmap = await createImageBitmap(new Blob([bytes], { type: 'image/png' }));
    const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
    const context = canvas.getContext('2d')!;
    context.drawImage(bitmap, 0, 0);
    const { data } = context.getImageData(0, 0, bitmap.width, bitmap.height);
    const colors = new Set<number>();
    for (let at = 0; at < data.length; at += 4) {
      colors.add((data[at]! << 16) | (data[at + 1]! << 8) | data[at + 2]!);
    }
    if (colors.size < 20) {
      throw new Error(`only ${colors.size} colors`);
    }
    return bitmap.height;
  }, png.toString('base64'));
}
