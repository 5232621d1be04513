import { describe, expect, test } from 'vitest';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { type LivePage, textOf } from './support/live-page.js';
import { type Line, recording } from './support/recordings.js';

const rig = useBrowser();

/** Opens a recording, and selects its first packet. */
async function openFirst(lines: readonly Line[], ...options: string[]): Promise<LivePage> {
  const page = await rig.open(await servePage('replay', await recording(lines), '-q', ...options));
  await until(async () => expect(await page.rows()).toHaveLength(lines.length));
  await page.table.focus();
  await page.press('Home');
  await page.detail.waitFor();
  return page;
}

function part(page: LivePage, title: string) {
  return page.detail.locator('section', { has: page.page.getByRole('heading', { name: title }) });
}

describe.skipIf(!hasChromium)('the selected packet (needs chromium)', () => {
  test('is shown as hex, text and tree', async () => {
    const packet = JSON.stringify({ name: 'arm', imu: { accel: [1, 2.5, -3] }, on: true, none: null });
    const page = await openFirst([{ atMs: 1_500, packet }], '--decode', 'json');
    const title = page.detail.getByRole('heading').first().locator('span');
    expect(await title.allTextContents()).toEqual(['#0', '2026-01-15 12:00:01.500000', 'arm', 'received', '63 bytes']);
    expect(await textOf(part(page, 'Bytes').locator('pre'))).toMatch(
      /^00000000 {2}7b 22 6e 61 6d 65 22 3a {2}22 61 72 6d 22 2c 22 69 {2}\|\{"name":"arm","i\|\n/,
    );
    expect(await textOf(part(page, 'Text').locator('pre'))).toBe(JSON.stringify(packet));
    const items = page.detail.getByRole('treeitem');
    expect(await items.evaluateAll((all) => all.map((item) => item.getAttribute('aria-label')))).toEqual([
      'name: "arm"',
      'imu: {accel: [1, 2.5, -3]}',
      'accel: [1, 2.5, -3]',
      '0: 1',
      '1: 2.5',
      '2: -3',
      'on: true',
      'none: null',
    ]);
  });

  test('has a tree for the keyboard', async () => {
    const page = await openFirst([{ atMs: 0, packet: '{"a":{"b":[1]},"c":2}' }], '--decode', 'json');
    await page.detail.getByRole('treeitem').first().waitFor();
    await page.press('Enter');
    const focused = () => page.page.evaluate(() => document.activeElement?.getAttribute('aria-label'));
    const goes = async (key: string, to: string) => {
      await page.press(key);
      expect(await focused()).toBe(to);
    };
    expect(await focused()).toBe('a: {b: [1]}');
    await goes('ArrowRight', 'b: [1]');
    await goes('ArrowDown', '0: 1');
    await goes('ArrowLeft', 'b: [1]');
    await goes('ArrowLeft', 'b: [1]');
    expect(await page.detail.getByRole('treeitem', { name: 'b: [1]', exact: true }).getAttribute('aria-expanded')).toBe(
      'false',
    );
    await goes('ArrowDown', 'c: 2');
    await goes('Home', 'a: {b: [1]}');
    await goes('End', 'c: 2');
    // The tree is left with Esc, and the packet is closed.
    await page.press('Escape');
    await page.detail.waitFor({ state: 'hidden' });
    expect(await page.table.evaluate((table) => table === document.activeElement)).toBe(true);
  });

  test('says why a frame was rejected or a packet cannot be decoded', async () => {
    const lines = [
      { atMs: 0, from: 'arm rx!checksum/9', packet: Buffer.from([1, 2]) },
      { atMs: 1, packet: '{' },
    ];
    const page = await openFirst(lines, '--decode', 'json');
    await page.detail.getByText('✖ rejected: checksum').waitFor();
    await page.press('ArrowDown');
    await page.detail.getByText(/^✖ cannot decode as json/).waitFor();
    expect((await page.rows()).map((row) => row.Decoded)).toEqual([
      '✖ rejected: checksum',
      expect.stringMatching(/^✖ cannot decode as json/),
    ]);
  });

  test('is cut if it is large, and shown in full on request', async () => {
    const packet = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => index));
    const page = await openFirst([{ atMs: 0, packet }], '--decode', 'json');
    const dump = part(page, 'Bytes').locator('pre');
    await until(async () => expect((await textOf(dump)).split('\n')).toHaveLength(512));
    await page.button('Show all of the dump').click();
    await until(async () => expect((await textOf(dump)).split('\n').length).toBeGreaterThan(packet.length / 16 - 1));
    await page.button('Show all of the text').click();
    await until(async () => expect((await textOf(part(page, 'Text'))).length).toBeGreaterThan(packet.length));
    expect(await page.detail.getByRole('treeitem').count()).toBe(100);
    await page.button('100 more of 9,900').click();
    await until(async () => expect(await page.detail.getByRole('treeitem').count()).toBe(200));
  });

  test('has buttons for more parts that can be pressed with Enter', async () => {
    const packet = JSON.stringify({ all: Array.from({ length: 150 }, (_, index) => index) });
    const page = await openFirst([{ atMs: 0, packet }], '--decode', 'json');
    const items = page.detail.getByRole('treeitem');
    await items.first().press('ArrowRight');
    expect(await items.count()).toBe(101);
    await page.button('50 more of 50').press('Enter');
    expect(await items.count()).toBe(151);
    expect(await items.first().getAttribute('aria-expanded')).toBe('true');
  });

  test('can be copied as hex', async () => {
    const page = await openFirst([{ atMs: 0, packet: 'hello' }]);
    await page.context.grantPermissions(['clipboard-read', 'clipboard-write']);
    await page.button('Copy hex').click();
    await page.message.getByText('✔ copied').waitFor();
    expect(await page.page.evaluate(() => navigator.clipboard.readText())).toBe('68656c6c6f');
  });

  test('can be made higher with the mouse and with keys', async () => {
    const page = await openFirst([{ atMs: 0, packet: 'hello' }]);
    const bar = page.page.getByRole('separator', { name: 'Height of the selected packet' });
    const height = async () => (await page.detail.boundingBox())!.height;
    const before = await height();
    await bar.focus();
    await page.press('ArrowUp');
    await until(async () => expect(await height()).toBeCloseTo(before + 24, -1));
    const { x, y, width } = (await bar.boundingBox())!;
    await page.page.mouse.move(x + width / 2, y + 1);
    await page.page.mouse.down();
    await page.page.mouse.move(x + width / 2, y + 61, { steps: 4 });
    await page.page.mouse.up();
    await until(async () => expect(await height()).toBeLessThan(before));
  });
});
