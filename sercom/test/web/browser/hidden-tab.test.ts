import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';
import { ScriptedDevice } from './support/scripted-device.js';

const rig = useBrowser();

/** Playwright keeps every tab visible, so the page is told. */
async function setHidden(page: LivePage, isHidden: boolean): Promise<void> {
  await page.page.evaluate((isHidden) => {
    Object.defineProperty(document, 'hidden', { configurable: true, value: isHidden });
    Object.defineProperty(document, 'visibilityState', {
      configurable: true,
      value: isHidden ? 'hidden' : 'visible',
    });
    document.dispatchEvent(new Event('visibilitychange'));
  }, isHidden);
}

describe.skipIf(!hasChromium || !has('python3'))('a tab that is hidden (needs chromium and python3)', () => {
  test('stops its feed, and catches up when it is shown again', async () => {
    const device = await ScriptedDevice.plug();
    const served = await servePage('monitor', `arm=${device.path}`, '-q');
    const feeds = async () => {
      const { body } = await served.client.get('/metrics');
      return Number(/^sercom_web_feeds (\d+)$/m.exec(body.toString())![1]);
    };
    const page = await rig.open(served);
    await page.isConnected();
    await device.send('before');
    await until(async () => expect(await page.column('Text')).toEqual(['"before"']));
    expect(await feeds()).toBe(1);
    await setHidden(page, true);
    await page.says('◌ not updated while hidden');
    await until(async () => expect(await feeds()).toBe(0));
    await device.send('meanwhile');
    await until(async () => {
      const { body } = await served.client.get('/metrics');
      expect(body.toString()).toMatch(/^sercom_web_held_rows 2$/m);
    });
    expect(await page.column('Text')).toEqual(['"before"']);
    await setHidden(page, false);
    await page.says('● live');
    await until(async () => expect(await page.column('Text')).toEqual(['"before"', '"meanwhile"']));
    await device.send('after');
    await until(async () => expect(await page.column('Text')).toEqual(['"before"', '"meanwhile"', '"after"']));
    expect(await feeds()).toBe(1);
  });
});

describe.skipIf(!hasChromium)('many tabs (need chromium)', () => {
  test('work beside each other, as long as no more than a few are visible', async () => {
    const served = await servePage('monitor', 'arm=sim:', '-q');
    const first = await rig.open(served);
    await first.isConnected();
    // A browser has six connections to a server. Feeds of hidden tabs would use them up.
    for (let tab = 0; tab < 7; tab++) {
      const page = await rig.openTab(first, served.url);
      await page.isConnected();
      await setHidden(page, true);
      await page.says('◌ not updated while hidden');
    }
    await first.press('s');
    const dialog = first.page.getByRole('dialog', { name: 'Save what is held' });
    await first.download(() => dialog.getByRole('button', { name: 'Save', exact: true }).click());
  });
});
