import { expect, test } from 'vitest';
import { KEYS } from '../../../web/keys.js';
import { until, useBrowser } from './support/browser-rig.js';
import { type KeyCheck, testKeys, VIEWS_WITH_KEYS } from './support/keys.js';
import type { LivePage } from './support/live-page.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async () => ['monitor', 'arm=sim:', '--allow-send', '-q']);

async function open(): Promise<LivePage> {
  const page = await rig.open(server);
  await page.isConnected();
  // The simulated board echoes what it is sent every second.
  await until(async () => expect((await page.rows()).length).toBeGreaterThan(0));
  return page;
}

function opensView(name: 'Packets' | 'Plots' | 'Kinds' | 'Connections'): KeyCheck {
  return async (page, press) => {
    await page.show(name === 'Kinds' ? 'Plots' : 'Kinds');
    await press();
    await until(async () => expect(await page.tab(name).getAttribute('aria-selected')).toBe('true'));
    await page.page.getByRole('tabpanel', { name }).waitFor();
  };
}

testKeys(
  undefined,
  {
    1: opensView('Packets'),
    2: opensView('Plots'),
    3: opensView('Kinds'),
    4: opensView('Connections'),
    async ' '(page, press) {
      for (const view of ['Packets', 'Plots'] as const) {
        await page.show(view);
        await page.button('Hold').waitFor();
        await press();
        await page.button('Follow').waitFor();
        await press();
        await page.button('Hold').waitFor();
        // Also after the mouse. With the keyboard, it presses the button.
        await page.button('Hold').click();
        await press();
        await page.button('Hold').waitFor();
        await page.button('Hold').focus();
        await press();
        await page.button('Follow').waitFor();
        await page.button('Follow').click();
      }
    },
    async f(page, press) {
      await page.show('Plots');
      await press();
      await until(async () => expect(await isFocused(page, 'Filter')).toBe(true));
    },
    async ':'(page, press) {
      await page.show('Connections');
      await press();
      await page.page.getByRole('region', { name: 'Send packets' }).waitFor();
      await page.page.keyboard.type('typed at once');
      expect(await page.page.getByRole('textbox', { name: 'Packet to send', exact: true }).inputValue()).toBe(
        'typed at once',
      );
    },
    async m(page, press) {
      await press();
      await until(async () => expect(await page.column('Mark')).toContainEqual(expect.stringMatching(/^⚑ marker/)));
    },
    async s(page, press) {
      await press();
      await page.page.getByRole('dialog', { name: 'Save what is held' }).waitFor();
    },
    async d(page, press) {
      const scheme = () => page.page.evaluate(() => getComputedStyle(document.documentElement).colorScheme);
      expect(await scheme()).toBe('light dark');
      await press();
      await until(async () => expect(await scheme()).toBe('dark'));
      // As the system has it, which is light.
      await press();
      await until(async () => expect(await scheme()).toBe('light dark'));
    },
    async '?'(page, press) {
      await press();
      const dialog = page.page.getByRole('dialog', { name: 'Keys' });
      const shown = await dialog.locator('dd').allTextContents();
      expect([...shown].sort()).toEqual(KEYS.map(({ does }) => does).sort());
    },
    async Escape(page, press) {
      const send = page.page.getByRole('region', { name: 'Send packets' });
      await page.button('Send').click();
      await send.waitFor();
      await press();
      await send.waitFor({ state: 'hidden' });
      const help = page.page.getByRole('dialog', { name: 'Keys' });
      await page.press('?');
      await help.waitFor();
      await press();
      await help.waitFor({ state: 'hidden' });
      // It leaves a field, so that keys are commands again.
      await page.field('Filter').focus();
      await press();
      await page.press('3');
      await page.page.getByRole('tabpanel', { name: 'Kinds' }).waitFor();
    },
  },
  open,
);

test('keys have a meaning in no other view', () => {
  expect(new Set(KEYS.map(({ view }) => view))).toEqual(new Set(VIEWS_WITH_KEYS));
});

function isFocused(page: LivePage, field: string): Promise<boolean> {
  return page.field(field).evaluate((element) => element === document.activeElement);
}
