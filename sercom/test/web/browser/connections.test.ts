import type { Locator } from 'playwright-core';
import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { type LivePage, textOf } from './support/live-page.js';
import { numbered, recording } from './support/recordings.js';
import { ScriptedDevice } from './support/scripted-device.js';

const rig = useBrowser();

function card(page: LivePage, name: string): Locator {
  return page.page
    .getByRole('region', { name: 'Connections' })
    .getByRole('listitem')
    .filter({ has: page.page.getByRole('heading', { name, exact: true }) });
}

/** A value of a card by its title. */
function value(card: Locator, title: string): Promise<string> {
  return textOf(card.locator(`dt:text-is("${title}") + dd`));
}

describe.skipIf(!hasChromium || !has('python3'))('connections (needs chromium and python3)', () => {
  test('have state, rates, rejected frames, reconnects and queue', async () => {
    const device = await ScriptedDevice.plug();
    const page = await rig.open(await servePage('monitor', `arm=${device.path}`, 'leg=sim:', '-q'));
    await page.isConnected(2);
    await page.show('Connections');
    const arm = card(page, 'arm');
    const leg = card(page, 'leg');
    await arm.getByText('● connected').waitFor();
    await arm.getByText(`${device.path} at 115,200 baud`).waitFor();
    expect(await value(arm, 'Rejected frames')).toBe('none');
    expect(await value(arm, 'Reconnects')).toBe('0');
    expect(await value(arm, 'Queue')).toBe('0 packets to read, 0 bytes to send');
    await device.send('hello', 'world');
    // A frame that ends in the middle of a block.
    await device.sendBytes(Uint8Array.of(5, 1, 0));
    await arm.getByText('2 packets, 10 bytes').waitFor();
    await until(async () => expect(await value(arm, 'Rejected frames')).toBe('1 malformed'));
    // The simulated board echoes, and is sent something every second.
    await leg
      .getByText(/^(?!0 )[\d.]+ packets\/s$/)
      .first()
      .waitFor();
    await leg.getByRole('heading', { name: /^Received [1-9]\d* B\/s$/ }).waitFor();
    await leg.getByRole('img', { name: 'packets received per second, over the last minute' }).waitFor();
    await until(async () => {
      const path = await leg.getByRole('img').first().locator('path.line').getAttribute('d');
      // It is no flat line.
      expect(new Set(path!.match(/ [\d.]+/g)).size).toBeGreaterThan(1);
    });
  });

  test('lead to their packets', async () => {
    const page = await rig.open(await servePage('replay', await recording(numbered(100)), '-q'));
    await page.isOver();
    await page.show('Connections');
    await card(page, 'leg').getByText('■ recorded').waitFor();
    // It has no port.
    for (const title of ['Reconnects', 'Queue', 'Bytes outside frames']) {
      expect(await card(page, 'leg').getByText(title).isVisible()).toBe(false);
    }
    await card(page, 'leg').getByRole('button', { name: 'Show its packets' }).click();
    await page.page.getByText('50 of 100 rows').waitFor();
    expect(await page.field('Filter').inputValue()).toBe('name=leg');
    await until(async () => expect(new Set(await page.column('Name'))).toEqual(new Set(['leg'])));
  });

  test('are summed up in the status bar, which leads to them', async () => {
    const page = await rig.open(await servePage('monitor', 'arm=sim:', 'leg=sim:', '-q'));
    await page.isConnected(2);
    await page.status.getByRole('button', { name: /● 2 connected/ }).click();
    await page.page.getByRole('tabpanel', { name: 'Connections' }).waitFor();
  });
});
