import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { textOf } from './support/live-page.js';
import { numbered, recording } from './support/recordings.js';
import { ScriptedDevice } from './support/scripted-device.js';

const rig = useBrowser();

/** Of rows of which 1 MiB holds about 1,000. */
const LONG = 'x'.repeat(900);

/** The number of a packet that {@link LONG} makes long. */
function numberIn(text: string | undefined): number {
  return Number(/"(\d+) /.exec(text ?? '')?.[1]);
}

describe.skipIf(!hasChromium)('what is missing is said (needs chromium)', () => {
  test('rows that a slow tab did not get', async () => {
    const served = await servePage('replay', await recording(numbered(10)), '-q');
    // A browser that is slow enough would take minutes, so this feed only says that it was.
    const { hello } = await served.client.feed();
    const event = (type: string, value: unknown) => `event: ${type}\ndata: ${JSON.stringify(value)}\n\n`;
    const held = { first: 0, end: 10, usedBytes: 1_000, droppedRows: 0 };
    const body = event('hello', hello) + event('batch', { held, skippedRows: 1_234 });
    const page = await rig.open(served, {
      prepare: (context) =>
        context.route('**/api/feed', (route) => route.fulfill({ contentType: 'text/event-stream', body })),
    });
    await page.says('⚠ 1,234 skipped');
    const losses = page.status.getByText('⚠ 1,234 skipped');
    expect(await losses.getAttribute('title')).toMatch(/Skipped: not shown while following, because this tab was slow/);
  });

  test('kinds of packets that were forgotten', async () => {
    const lines = Array.from({ length: 1_100 }, (_, index) => ({
      atMs: index,
      packet: Uint8Array.of(index >> 8, index & 255),
    }));
    const served = await servePage('replay', await recording(lines), '-q', '--lead', '2');
    const page = await rig.open(served, { state: '&view=kinds' });
    await page.page.getByText('100 older kinds forgotten: there are too many.').waitFor();
    await until(async () =>
      expect(await page.page.getByRole('region', { name: 'Kinds of packets' }).locator('tbody tr').count()).toBe(1_000),
    );
  });
});

describe.skipIf(!hasChromium || !has('python3'))('a table that is held (needs chromium and python3)', () => {
  test('shows what is left when its rows are dropped, and says how many were', async () => {
    const device = await ScriptedDevice.plug();
    const page = await rig.open(await servePage('monitor', `arm=${device.path}`, '-q', '--web-memory', '1M'));
    await page.isConnected();
    let sent = 0;
    const send = () => device.send(...Array.from({ length: 4 }, () => `${sent++} ${LONG}`));
    await send();
    await until(async () => expect(numberIn((await page.column('Text')).at(-1))).toBe(3));
    await page.table.focus();
    await page.press('Home');
    await page.detail.getByText('#0').waitFor();
    while (sent < 2_000) {
      await send();
    }
    await page.says(/⚠ [\d,]+ dropped/);
    const first = await until(async () => {
      const status = await textOf(page.status);
      const [, held = '', dropped = ''] = /([\d,]+) rows in .*⚠ ([\d,]+) dropped/.exec(status) ?? [];
      const [rows, first] = [held, dropped].map((text) => Number(text.replaceAll(',', '')));
      expect(rows! + first!).toBe(2_000);
      return first!;
    });
    // It does not jump to the end, and no row stays empty.
    await page.button('Follow').waitFor();
    await until(async () => {
      const numbers = (await page.column('Text')).map(numberIn);
      expect(numbers.slice(0, 3)).toEqual([first, first + 1, first + 2]);
    });
    // The packet that was selected can still be read.
    await page.detail.getByText('#0').waitFor();
  });
});
