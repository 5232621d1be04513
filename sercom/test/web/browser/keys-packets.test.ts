import { expect } from 'vitest';
import { until, useBrowser } from './support/browser-rig.js';
import { type KeyCheck, testKeys } from './support/keys.js';
import { type LivePage, textOf } from './support/live-page.js';
import { curves, recording } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);

/** The last row of the recording. */
const LAST = '{"left":900}';

async function open(): Promise<LivePage> {
  const page = await rig.open(server);
  await until(async () => expect((await page.column('Decoded')).at(-1)).toBe(LAST));
  return page;
}

/** Selects a row in the middle of those that are in view. */
async function selectMiddle(page: LivePage): Promise<number> {
  const middle = Math.floor((await page.rows()).length / 2);
  await page.table.locator('.table-body [role=row]').nth(middle).click();
  await page.detail.waitFor();
  // The detail takes room, so the table has scrolled.
  await until(async () => expect(await selectedPlace(page)).toBeGreaterThan(0));
  return selectedNumber(page);
}

async function selectedPlace(page: LivePage): Promise<number> {
  const selected = await page.selectedRow();
  return (await page.column('Time')).indexOf(selected?.Time);
}

/** The number of the selected row. */
async function selectedNumber(page: LivePage): Promise<number> {
  const [, number = ''] =
    /#([\d,]+)/.exec(await textOf(page.detail.getByRole('heading').first().locator('span').first())) ?? [];
  return Number(number.replaceAll(',', ''));
}

/** A key that moves the selection. */
function moves(isWhere: (number: number, before: number) => boolean): KeyCheck {
  return async (page, press) => {
    const before = await selectMiddle(page);
    await press();
    await until(async () => {
      const number = await selectedNumber(page);
      expect({ before, number, isRight: isWhere(number, before) }).toMatchObject({ isRight: true });
    });
    // It is in view.
    await until(async () => expect(await page.selectedRow()).toBeDefined());
  };
}

const up = moves((number, before) => number === before - 1);
const down = moves((number, before) => number === before + 1);

/** Looks for something that several packets have, and comes to the first of them. */
async function findFirst(page: LivePage, what: string): Promise<void> {
  await page.press('Home');
  await page.field('Find').fill(what);
  await page.press('Enter');
  await until(async () => expect((await page.selectedRow())?.Decoded).toContain(what));
}

testKeys(
  'packets',
  {
    async '/'(page, press) {
      await press();
      await page.page.keyboard.type('typed at once');
      expect(await page.field('Find').inputValue()).toBe('typed at once');
    },
    async n(page, press) {
      await findFirst(page, '"count":7');
      expect((await page.selectedRow())?.Decoded).toContain('"count":7,');
      await press();
      await until(async () => expect((await page.selectedRow())?.Decoded).toContain('"count":70,'));
    },
    async N(page, press) {
      await findFirst(page, '"count":7');
      await page.press('n');
      await until(async () => expect((await page.selectedRow())?.Decoded).toContain('"count":70,'));
      await press();
      await until(async () => expect((await page.selectedRow())?.Decoded).toContain('"count":7,'));
    },
    async t(page, press) {
      await press();
      await page.page.keyboard.type('#42');
      await page.press('Enter');
      await until(async () => expect(await selectedNumber(page)).toBe(42));
      await until(async () => expect((await page.selectedRow())?.Decoded).toContain('"count":21,'));
    },
    ArrowUp: up,
    k: up,
    ArrowDown: down,
    j: down,
    PageUp: moves((number, before) => number < before - 3),
    async PageDown(page, press) {
      await page.press('Home');
      await until(async () => expect(await selectedNumber(page)).toBe(0));
      await press();
      await until(async () => expect(await selectedNumber(page)).toBeGreaterThan(3));
    },
    Home: moves((number) => number === 0),
    async End(page, press) {
      await page.press('Home');
      await page.button('Follow').waitFor();
      await press();
      await page.button('Hold').waitFor();
      await until(async () => expect((await page.column('Decoded')).at(-1)).toBe(LAST));
    },
    async Enter(page, press) {
      await press();
      await page.detail.waitFor();
      await until(async () => expect(await page.selectedRow()).toBeDefined());
      await press();
      await until(async () => {
        const role = await page.page.evaluate(() => document.activeElement?.getAttribute('role'));
        expect(role).toBe('treeitem');
      });
    },
    async p(page, press) {
      await findFirst(page, '"count":7,');
      await page.detail.getByRole('treeitem', { name: 'count: 7' }).waitFor();
      await press();
      await page.page.getByRole('tabpanel', { name: 'Plots' }).waitFor();
      await until(async () => expect(await page.legend()).toMatchObject([{ max: '100' }]));
    },
  },
  open,
);
