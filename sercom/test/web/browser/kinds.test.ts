import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';
import { recording } from './support/recordings.js';
import { ScriptedDevice } from './support/scripted-device.js';

const rig = useBrowser();

/** The rows of the table of kinds, by the titles of its columns. */
function kinds(page: LivePage): Promise<Record<string, string>[]> {
  return page.page.getByRole('region', { name: 'Kinds of packets' }).evaluate((region) => {
    const titles = [...region.querySelectorAll('thead th')].map((each) => each.textContent);
    return [...region.querySelectorAll('tbody tr')].map((row) =>
      Object.fromEntries([...row.children].map((cell, column) => [titles[column], cell.textContent])),
    );
  });
}

/** Packets of two kinds: the first byte tells them apart, the second counts. */
const PACKETS = [
  ...Array.from({ length: 11 }, (_, index) => ({ atMs: index * 100, packet: Uint8Array.of(0x41, index, 7) })),
  { atMs: 150, from: 'leg rx', packet: Uint8Array.of(0x42) },
  { atMs: 160, from: 'leg tx', packet: Uint8Array.of(0x42) },
];

describe.skipIf(!hasChromium)('kinds of packets (needs chromium)', () => {
  test('have rate, count, and marked bytes that have changed; any column sorts them', async () => {
    const page = await rig.open(await servePage('replay', await recording(PACKETS), '-q'), { state: '&view=kinds' });
    await until(async () =>
      expect(await kinds(page)).toEqual([
        {
          name: 'arm',
          dir: 'rx',
          count: '11',
          'per second': '10',
          interval: '100 ms',
          last: '12:00:01.000',
          length: '3',
          packet: expect.stringMatching(/^41 0a 07/),
        },
        expect.objectContaining({ name: 'leg', dir: 'rx', count: '1', 'per second': '–', interval: '–' }),
        expect.objectContaining({ name: 'leg', dir: 'tx', count: '1' }),
      ]),
    );
    const changed = page.page.getByRole('region', { name: 'Kinds of packets' }).locator('.changed');
    expect(await changed.allTextContents()).toEqual(['0a']);
    const style = await changed.evaluate((element) => {
      const { fontWeight, textDecorationLine } = getComputedStyle(element);
      return { fontWeight: Number(fontWeight), textDecorationLine };
    });
    expect(style.fontWeight).toBeGreaterThanOrEqual(600);
    expect(style.textDecorationLine).toBe('underline');
    const length = page.page.getByRole('columnheader', { name: 'length' });
    await page.button('length').click();
    await until(async () => expect((await kinds(page)).map(({ length }) => length)).toEqual(['3', '1', '1']));
    expect(await length.getAttribute('aria-sort')).toBe('descending');
    await page.button('length').click();
    await until(async () => expect((await kinds(page)).map(({ length }) => length)).toEqual(['1', '1', '3']));
    expect(await length.getAttribute('aria-sort')).toBe('ascending');
  });

  test('of long packets are cut: first the text, then the bytes, each with one ellipsis', async () => {
    const packet = new TextEncoder().encode('a packet that is longer than any window is wide. '.repeat(8));
    const page = await rig.open(await servePage('replay', await recording([{ atMs: 0, packet }]), '-q'), {
      state: '&view=kinds',
    });
    const cell = page.page.locator('td.kind-packet');
    for (const width of [1_280, 900, 620, 380]) {
      await page.page.setViewportSize({ width, height: 600 });
      const gap = await cell.evaluate((each) => {
        const [bytes, text] = [...each.querySelectorAll('.kind-bytes, .kind-text')].map((part) =>
          part.getBoundingClientRect(),
        );
        // Nothing is drawn beyond the cell.
        return { between: text!.left - bytes!.right, beyond: bytes!.right - each.getBoundingClientRect().right };
      });
      expect(gap.between, `${width}`).toBeGreaterThan(10);
      expect(gap.beyond, `${width}`).toBeLessThanOrEqual(0);
    }
  });

  test('become the filter when they are picked', async () => {
    const page = await rig.open(await servePage('replay', await recording(PACKETS), '-q'), { state: '&view=kinds' });
    await page.page.getByRole('row', { name: /leg tx/ }).click();
    await page.page.getByRole('tabpanel', { name: 'Packets' }).waitFor();
    await page.page.getByText('1 of 13 rows').waitFor();
    expect(await page.field('Filter').inputValue()).toBe('name=leg,dir=tx,bytes=42');
    await until(async () => expect(await page.rows()).toMatchObject([{ Name: 'leg', Dir: 'tx' }]));
    // With the keyboard, too.
    await page.show('Kinds');
    await page.button('arm').focus();
    await page.press('Enter');
    await page.page.getByText('11 of 13 rows').waitFor();
  });
});

describe.skipIf(!hasChromium || !has('python3'))('kinds of packets as they come (needs chromium and python3)', () => {
  test('are counted', async () => {
    const device = await ScriptedDevice.plug();
    const served = await servePage('monitor', `arm=${device.path}`, '-q');
    const page = await rig.open(served, { state: '&view=kinds' });
    await page.isConnected();
    await page.page.getByText('No packets yet.').waitFor();
    await device.send('a1', 'a2');
    await until(async () => expect(await kinds(page)).toMatchObject([{ count: '2' }]));
    await device.send('a2', 'b3');
    await until(async () => expect(await kinds(page)).toMatchObject([{ count: '3' }, { count: '1' }]));
  });
});
