import { describe, expect, test } from 'vitest';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { type LivePage, textOf } from './support/live-page.js';
import { areaOf, dragOver, isDrawn, moveOver, shownTime } from './support/plots.js';
import { curves, recording } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);

/** Noon, when the recording begins, in seconds of the day. */
const START = 12 * 3_600;

async function open(): Promise<LivePage> {
  const plots = ['["arm","count"]', '["leg","left"]'].map((plot) => `&plot=${encodeURIComponent(plot)}`);
  const page = await rig.open(server, { state: `&view=plots${plots.join('')}` });
  await isDrawn(page, 101, 1);
  await isDrawn(page, 101, 2);
  return page;
}

/** Waits until this part of the time is shown, in seconds since the start. */
async function shows(page: LivePage, from: number, to: number, tolerance = 0.15): Promise<void> {
  await until(async () => {
    const shown = await shownTime(page);
    const difference = Math.max(Math.abs(shown.from - START - from), Math.abs(shown.to - START - to));
    expect({ from: shown.from - START, to: shown.to - START, difference }).toSatisfy(
      () => difference < tolerance,
      `from ${from} to ${to}`,
    );
  });
}

function scale(page: LivePage): Promise<string[]> {
  const group = page.plot().getByRole('group', { name: 'Scale' });
  return Promise.all(
    ['Lowest', 'Highest'].map((which) => group.getByLabel(`${which} value of the scale`).inputValue()),
  );
}

describe.skipIf(!hasChromium)('the time axis (needs chromium)', () => {
  test('shows all that is held, and lengths of time from a list', async () => {
    const page = await open();
    await shows(page, 0, 10.05);
    const length = page.page.getByRole('combobox', { name: 'Shown time' });
    await length.selectOption('last 5 s');
    await shows(page, 5.05, 10.05);
    await until(async () => expect((await page.legend())[0]).toMatchObject({ min: '51', max: '100', mean: '75.5' }));
    await length.selectOption('all that is held');
    await shows(page, 0, 10.05);
  });

  test('is zoomed by buttons, by the wheel around the mouse, and by a drag, for all plots', async () => {
    const page = await open();
    await page.button('Zoom in').click();
    await shows(page, 2.5, 7.5);
    await page.button('Zoom out').click();
    await shows(page, 0, 10.05);
    await moveOver(page, 0.2, 0.5);
    await page.page.mouse.wheel(0, -240);
    await until(async () => expect((await shownTime(page)).seconds).toBeLessThan(6));
    const { from, seconds } = await shownTime(page);
    // What was under the mouse still is.
    expect(from - START + 0.2 * seconds).toBeCloseTo(2, 0);
    await page.press('0');
    await shows(page, 0, 10.05);
    await dragOver(page, [0.3, 0.5], [0.6, 0.55]);
    await shows(page, 3, 6);
    await until(async () => {
      for (const plot of [1, 2]) {
        expect(Number((await page.legend(plot))[0]!.points)).toBeLessThan(32);
      }
    });
  });

  test('is moved by a drag with Shift, with the middle button, on its labels, and by the wheel with Shift', async () => {
    const page = await open();
    await dragOver(page, [0.3, 0.5], [0.6, 0.5]);
    await shows(page, 3, 6);
    await page.page.keyboard.down('Shift');
    await dragOver(page, [0.2, 0.5], [0.7, 0.5]);
    await page.page.keyboard.up('Shift');
    await shows(page, 1.5, 4.5);
    await moveOver(page, 0.7, 0.5);
    await page.page.mouse.down({ button: 'middle' });
    await moveOver(page, 0.2, 0.5);
    await page.page.mouse.up({ button: 'middle' });
    await shows(page, 3, 6);
    const area = await areaOf(page);
    await dragOver(page, [0.2, (area.height + 20) / area.height], [0.7, (area.height + 20) / area.height]);
    await shows(page, 1.5, 4.5);
    await moveOver(page, 0.5, 0.5);
    await page.page.keyboard.down('Shift');
    await page.page.mouse.wheel(0, 200);
    await page.page.keyboard.up('Shift');
    await until(async () => expect((await shownTime(page)).from - START).toBeGreaterThan(1.8));
  });

  test('shows everything again after a double click on it', async () => {
    const page = await open();
    await page.button('Zoom in').click();
    await shows(page, 2.5, 7.5);
    const area = await areaOf(page);
    await page.page.mouse.dblclick(area.x + area.width / 2, area.y + area.height + 20);
    await shows(page, 0, 10.05);
  });

  test('stops at what it shows, and follows again', async () => {
    const page = await open();
    await page.button('Hold').click();
    await page.button('Follow').click();
    await until(async () =>
      expect(await textOf(page.page.getByRole('combobox', { name: 'Shown time' }).locator('option:checked'))).toMatch(
        /^last 10/,
      ),
    );
  });
});

describe.skipIf(!hasChromium)('the scale (needs chromium)', () => {
  test('fits what is shown, until it is fixed', async () => {
    const page = await open();
    // With a margin of 6 %.
    await until(async () => expect(await scale(page)).toEqual(['−6', '106']));
    await dragOver(page, [0.3, 0.5], [0.6, 0.5]);
    await until(async () => expect(Number((await scale(page))[1])).toBeLessThan(65));
    const group = page.plot().getByRole('group', { name: 'Scale' });
    await group.getByRole('checkbox', { name: 'auto scale' }).uncheck();
    await group.getByLabel('Lowest value of the scale').fill('-50');
    await group.getByLabel('Highest value of the scale').fill('150');
    await page.press('Enter');
    await until(async () => expect(await scale(page)).toEqual(['−50', '150']));
    await page.page.locator('.plot-panels').click({ position: { x: 2, y: 2 } });
    await page.button('Zoom in').click();
    await until(async () => expect((await shownTime(page)).seconds).toBeLessThan(2));
    expect(await scale(page)).toEqual(['−50', '150']);
    await group.getByRole('checkbox', { name: 'auto scale' }).check();
    await until(async () => expect(Number((await scale(page))[0])).toBeGreaterThan(30));
  });

  test('is fixed by a vertical drag and by the wheel beside it, and fits again after a double click there', async () => {
    const page = await open();
    await until(async () => expect(await scale(page)).toEqual(['−6', '106']));
    await dragOver(page, [0.5, 0.25], [0.51, 0.75]);
    await until(async () => {
      const [min, max] = await scale(page);
      expect(Number(min)).toBeCloseTo(22, -1);
      expect(Number(max)).toBeCloseTo(78, -1);
    });
    expect(await page.plot().getByRole('checkbox', { name: 'auto scale' }).isChecked()).toBe(false);
    const area = await areaOf(page);
    const beside = { x: area.x - 15, y: area.y + area.height / 2 };
    await page.page.mouse.move(beside.x, beside.y);
    await page.page.mouse.wheel(0, 240);
    await until(async () => {
      const [min, max] = await scale(page);
      expect(Number(max!) - Number(min!.replace('−', '-'))).toBeGreaterThan(80);
    });
    await page.page.mouse.dblclick(beside.x, beside.y);
    await until(async () => expect(await scale(page)).toEqual(['−6', '106']));
  });
});
