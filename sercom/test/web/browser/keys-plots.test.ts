import { expect } from 'vitest';
import { until, useBrowser } from './support/browser-rig.js';
import { type KeyCheck, testKeys } from './support/keys.js';
import type { LivePage } from './support/live-page.js';
import { isDrawn, shownTime } from './support/plots.js';
import { curves, recording } from './support/recordings.js';
import { useServer } from './support/shared-server.js';

const rig = useBrowser();
const server = useServer(async (folder) => ['replay', await recording(curves(), folder), '--decode', 'json', '-q']);

async function open(): Promise<LivePage> {
  const page = await rig.open(server, { state: `&view=plots&plot=${encodeURIComponent('["arm","count"]')}` });
  await isDrawn(page, 101);
  return page;
}

const zoomsIn: KeyCheck = async (page, press) => {
  const before = await shownTime(page);
  await press();
  await until(async () => expect((await shownTime(page)).seconds).toBeCloseTo(before.seconds / 2, 1));
};

/** Moves the shown time by a quarter. */
function pans(sign: 1 | -1): KeyCheck {
  return async (page, press) => {
    await page.press('+');
    await page.press('+');
    await until(async () => expect((await shownTime(page)).seconds).toBeLessThan(3));
    const before = await shownTime(page);
    await press();
    await until(async () => {
      const { from, seconds } = await shownTime(page);
      expect(seconds).toBeCloseTo(before.seconds, 1);
      expect(from - before.from).toBeCloseTo((sign * before.seconds) / 4, 1);
    });
  };
}

/** The value of the chosen point, as it is read aloud. */
async function chosen(page: LivePage, value: number): Promise<void> {
  await page.page
    .getByRole('status')
    .getByText(new RegExp(`^arm count: ${value} at `))
    .waitFor({ state: 'attached' });
}

testKeys(
  'plots',
  {
    '+': zoomsIn,
    '=': zoomsIn,
    async '-'(page, press) {
      await page.press('+');
      await page.press('+');
      await until(async () => expect((await shownTime(page)).seconds).toBeCloseTo(2.5, 1));
      await press();
      await until(async () => expect((await shownTime(page)).seconds).toBeCloseTo(5, 1));
    },
    async 0(page, press) {
      await page.press('+');
      await until(async () => expect((await shownTime(page)).seconds).toBeCloseTo(5, 1));
      await press();
      await until(async () => expect((await shownTime(page)).seconds).toBeCloseTo(10, 0));
    },
    ArrowLeft: pans(-1),
    ArrowRight: pans(1),
    async '.'(page, press) {
      await page.press(',');
      await chosen(page, 100);
      await page.press(',');
      await chosen(page, 99);
      await press();
      await chosen(page, 100);
    },
    async ','(page, press) {
      await press();
      await chosen(page, 100);
      await press();
      await chosen(page, 99);
    },
    async Enter(page, press) {
      await page.press(',');
      await chosen(page, 100);
      await press();
      await page.page.getByRole('tabpanel', { name: 'Packets' }).waitFor();
      await until(async () => expect((await page.selectedRow())?.Decoded).toContain('"count":100,'));
    },
    async '/'(page, press) {
      await press();
      await page.page.keyboard.type('leg');
      await page.number('arm count').waitFor({ state: 'hidden' });
      await page.number('leg left').waitFor();
    },
  },
  open,
);
