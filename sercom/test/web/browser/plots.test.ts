import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { type LivePage, textOf } from './support/live-page.js';
import { hasLineIn, isDrawn, moveOver } from './support/plots.js';
import { curves, recording } from './support/recordings.js';
import { ScriptedDevice } from './support/scripted-device.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);

async function open(): Promise<LivePage> {
  const page = await rig.open(server, { state: '&view=plots' });
  await page.number('leg left').waitFor();
  return page;
}

function listed(page: LivePage) {
  return page.page.locator('details', { hasText: 'Numbers' }).getByRole('checkbox');
}

describe.skipIf(!hasChromium)('numbers (needs chromium)', () => {
  test('are listed by device, and found by a part of their names', async () => {
    const page = await open();
    const names = () =>
      listed(page).evaluateAll((all) =>
        all.filter((each) => each.checkVisibility()).map((each) => each.getAttribute('aria-label')),
      );
    expect(await names()).toEqual(['arm count', 'arm imu.angle[0]', 'arm imu.angle[1]', 'leg left']);
    await page.field('Find numbers by a part of their names').fill('ANG 1');
    expect(await names()).toEqual(['arm imu.angle[1]']);
    await page.field('Find numbers by a part of their names').fill('nothing');
    await page.page.getByText('No number has such a name.').waitFor();
  });

  test('leave the space bar to the plots after they were ticked with the mouse', async () => {
    const page = await open();
    await page.number('arm count').check();
    await page.page.locator('label', { hasText: 'left' }).click();
    await page.press(' ');
    await page.button('Follow').waitFor();
    expect(await page.number('arm count').isChecked()).toBe(true);
    expect(await page.number('leg left').isChecked()).toBe(true);
    // With the keyboard, it ticks.
    await page.number('leg left').focus();
    await page.press(' ');
    expect(await page.number('leg left').isChecked()).toBe(false);
  });

  test('are plotted when they are ticked: several, also of several devices, in one plot', async () => {
    const page = await open();
    await page.number('arm count').check();
    await isDrawn(page, 101);
    await page.number('leg left').check();
    await until(async () =>
      expect(await page.legend()).toEqual([
        {
          Series: 'arm count',
          last: '100',
          min: '0',
          max: '100',
          mean: '50',
          points: '101',
        },
        {
          Series: 'leg left',
          last: '900',
          min: '900',
          max: '1000',
          mean: '950',
          points: '101',
        },
      ]),
    );
    expect(await hasLineIn(page, 0, 1)).toBe(true);
    await page.number('arm count').uncheck();
    await until(async () => expect(await page.legend()).toMatchObject([{ min: '900' }]));
    await page.button('Remove leg left from the plot').click();
    await page.page.getByText('Tick a number in the list, or drag it here.').waitFor();
    expect(await page.number('leg left').isChecked()).toBe(false);
  });

  test('are plotted when they are dragged into a plot, or below all plots', async () => {
    const page = await open();
    await page.page.getByText('imu.angle[0]', { exact: true }).dragTo(page.plot().locator('.chart'));
    await isDrawn(page, 101);
    await page.button('Add plot').click();
    await page.page.getByText('left', { exact: true }).dragTo(page.plot(2).locator('.chart'));
    await isDrawn(page, 101, 2);
    expect((await page.legend(2))[0]!.Series).toBe('leg left');
    // From one plot to another.
    await page.plot(2).getByRole('rowheader').dragTo(page.plot(1).locator('.chart'));
    await until(async () => expect(await page.legend(1)).toHaveLength(2));
    await page.plot(2).getByText('Tick a number in the list, or drag it here.').waitFor();
  });

  test('go into the plot that is active', async () => {
    const page = await open();
    await page.number('arm count').check();
    await page.button('Add plot').click();
    await page.number('leg left').check();
    await isDrawn(page, 101, 2);
    expect(await page.number('arm count').isChecked()).toBe(false);
    await page
      .plot(1)
      .locator('.chart')
      .click({ position: { x: 200, y: 10 } });
    await until(async () => expect(await page.number('arm count').isChecked()).toBe(true));
    await page.button('Remove plot 2').click();
    await until(async () => expect(await page.page.locator('section.plot').count()).toBe(1));
  });

  test('differ by more than their color', async () => {
    const page = await open();
    for (const name of ['arm count', 'arm imu.angle[0]', 'arm imu.angle[1]', 'leg left']) {
      await page.number(name).check();
    }
    await until(async () => expect(await page.legend()).toHaveLength(4));
    expect(await page.plot().locator('.series-label').allTextContents()).toEqual(['1', '2', '3', '4']);
    const dashes = await page
      .plot()
      .locator('.series-sample line')
      .evaluateAll((lines) => lines.map((line) => line.getAttribute('stroke-dasharray')));
    expect(new Set(dashes).size).toBe(4);
  });
});

describe.skipIf(!hasChromium)('the cursor (needs chromium)', () => {
  test('shows the values of all plots at one time', async () => {
    const page = await open();
    await page.number('arm count').check();
    await page.button('Add plot').click();
    await page.number('leg left').check();
    await isDrawn(page, 101, 2);
    await moveOver(page, 0.5, 0.5);
    await until(async () => {
      const [count] = await page.legend(1);
      const [left] = await page.legend(2);
      expect(Math.abs(Number(count!['at cursor']) - 50)).toBeLessThanOrEqual(1);
      expect(Math.abs(Number(left!['at cursor']) - 950)).toBeLessThanOrEqual(1);
    });
    for (const plot of [1, 2]) {
      expect(await page.plot(plot).locator('.cursor-line').isVisible()).toBe(true);
      expect(await page.plot(plot).locator('.cursor-rings > *').count()).toBe(1);
    }
    expect(await textOf(page.plot().locator('.cursor-text:not(.pinned)'))).toMatch(/^2026-01-15 12:00:0[45]\.\d/);
    await page.page.mouse.move(5, 5);
    await until(async () => expect(await page.legend(1)).toMatchObject([{ last: '100' }]));
  });
});

describe.skipIf(!hasChromium || !has('python3'))('plots of what comes (need chromium and python3)', () => {
  test('follow it, until they are held; meanwhile recording continues', async () => {
    const device = await ScriptedDevice.plug();
    const served = await servePage('monitor', `arm=${device.path}`, '--decode', 'json', '-q');
    const page = await rig.open(served, { state: `&view=plots&plot=${encodeURIComponent('["arm","count"]')}` });
    await page.isConnected();
    await device.send('{"count":1}', '{"count":2}');
    await isDrawn(page, 2);
    await page.button('Hold').click();
    await page.button('Follow').waitFor();
    const before = await textOf(page.page.locator('.shown-time'));
    await device.send('{"count":3}');
    await page.says('3 rows');
    await until(async () => expect((await page.legend())[0]).toMatchObject({ points: '2', max: '2' }));
    expect(await textOf(page.page.locator('.shown-time'))).toBe(before);
    await page.button('Follow').click();
    await until(async () => expect((await page.legend())[0]).toMatchObject({ last: '3' }));
    await device.send('{"count":4}');
    await until(async () => expect((await page.legend())[0]).toMatchObject({ last: '4' }));
  });
});

test.skipIf(!hasChromium)('without --decode, the list of numbers says what is missing (needs chromium)', async () => {
  const page = await rig.open(await servePage('replay', await recording(curves()), '-q'), { state: '&view=plots' });
  await page.page.getByText('Packets are not decoded. Start sercom with --decode').waitFor();
});
