import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import { type LivePage, textOf } from './support/live-page.js';
import { numbered, recording } from './support/recordings.js';
import { ScriptedDevice } from './support/scripted-device.js';

const rig = useBrowser();

/** Opens a recording, and waits for its last row. */
async function openRecording(rows: number, ...options: string[]): Promise<LivePage> {
  const served = await servePage('replay', await recording(numbered(rows)), '-q', ...options);
  const page = await rig.open(served);
  await until(async () => expect((await page.column('Text')).at(-1)).toBe(`"packet ${rows - 1}"`));
  return page;
}

/** The texts of some packets, as they are shown. */
function texts(first: number, end: number): string[] {
  return Array.from({ length: end - first }, (_, index) => `"packet ${first + index}"`);
}

/** Moves the thumb of the scroll bar, from 0 at the top to 1 at the bottom. */
async function scrollTo(page: LivePage, share: number): Promise<void> {
  await page.table.locator('.table-scroller').evaluate((element, at) => {
    element.scrollTop = at * (element.scrollHeight - element.clientHeight);
  }, share);
}

describe.skipIf(!hasChromium)('the table of packets (needs chromium)', () => {
  test('has the columns of monitor', async () => {
    const page = await openRecording(3);
    expect(await page.rows()).toEqual([
      {
        Time: '12:00:00.000000',
        Name: 'arm',
        Dir: 'rx',
        Length: '8',
        Hex: '70 61 63 6b 65 74 20 30',
        Text: '"packet 0"',
      },
      expect.objectContaining({ Time: '12:00:00.010000', Name: 'leg', Text: '"packet 1"' }),
      expect.objectContaining({ Time: '12:00:00.020000', Name: 'arm', Text: '"packet 2"' }),
    ]);
  });

  test('has columns for ids and for what is decoded, if there are such', async () => {
    const file = await recording([
      { atMs: 0, packet: Buffer.from('81a16107', 'hex') },
      { atMs: 1, packet: Buffer.from('01ff', 'hex') },
    ]);
    const page = await rig.open(await servePage('replay', file, '--request-ids', '1', '--decode', 'msgpack', '-q'));
    await until(async () =>
      expect(await page.rows()).toEqual([
        expect.objectContaining({
          Id: 'request 129',
          Hex: 'a1 61 07',
          Decoded: expect.stringMatching(/^✖ cannot decode/),
        }),
        expect.objectContaining({ Id: 'reply 1', Hex: 'ff', Decoded: '-1' }),
      ]),
    );
  });

  test('shows any of many rows with a few elements', async () => {
    const rows = 100_000;
    const page = await openRecording(rows);
    await page.says(`${rows.toLocaleString('en-US')} rows`);
    expect(await page.table.getAttribute('aria-rowcount')).toBe(String(rows + 1));
    await scrollTo(page, 0.5);
    const middle = await until(async () => {
      const [first = ''] = (await page.column('Text')) as string[];
      expect(first).toMatch(/^"packet \d+"$/);
      const number = Number(/\d+/.exec(first)![0]);
      expect(Math.abs(number - rows / 2)).toBeLessThan(100);
      return number;
    });
    const shown = (await page.rows()).length;
    expect(shown).toBeLessThan(60);
    expect(await page.column('Text')).toEqual(texts(middle, middle + shown));
    // A wheel moves by pixels, so that no row is out of reach.
    await page.table.hover();
    await page.page.mouse.wheel(0, 2_200);
    await until(async () => expect((await page.column('Text'))[0]).toBe(`"packet ${middle + 100}"`));
    await page.table.focus();
    await page.press('Home');
    await until(async () => expect((await page.column('Text'))[0]).toBe('"packet 0"'));
  });

  test('goes to a time or a row', async () => {
    const page = await openRecording(2_000);
    const goTo = async (place: string, packet: number) => {
      await page.field('Go to').fill(place);
      await page.press('Enter');
      await until(async () => expect(await page.column('Text')).toContain(`"packet ${packet}"`));
    };
    await goTo('12:00:05', 500);
    await goTo('2026-01-15 12:00:10.5', 1_050);
    await goTo('+1s', 100);
    await goTo('-1s', 1_899);
    await goTo('#1,234', 1_234);
    expect((await page.selectedRow())?.Text).toBe('"packet 1234"');
    await page.field('Go to').fill('#2000');
    await page.press('Enter');
    await page.page.getByRole('search').getByText('✖ row 2,000 has not come yet').waitFor();
    // What was selected stays.
    await page.detail.getByText('#1,234', { exact: true }).waitFor();
    await until(() => expect(page.fragment.get('row')).toBe('1234'));
    await page.field('Go to').fill('noon');
    await page.press('Enter');
    await page.page.getByText('✖ expected 15:04:05').waitFor();
    expect(await page.field('Go to').getAttribute('aria-invalid')).toBe('true');
  });

  test('says how many rows were dropped, and which one is no longer there', async () => {
    const rows = 100_000;
    const page = await openRecording(rows, '--web-memory', '1M');
    await page.isOver();
    const status = await textOf(page.status);
    const [, held = '', dropped = ''] = /([\d,]+) rows in .* of 1\.0 MiB[^]*⚠ ([\d,]+) dropped/.exec(status) ?? [];
    const number = (text: string) => Number(text.replaceAll(',', ''));
    expect(number(dropped)).toBeGreaterThan(0);
    expect(number(held) + number(dropped)).toBe(rows);
    await page.field('Go to').fill('#5');
    await page.press('Enter');
    await page.message.getByText('row 5 has been dropped to save memory').waitFor();
    // The oldest that is held is shown instead.
    await until(async () => expect(await page.column('Text')).toContain(`"packet ${number(dropped)}"`));
  });
});

describe.skipIf(!hasChromium)('finding (needs chromium)', () => {
  test('goes from match to match, forward and backward, and says if there is none', async () => {
    const page = await openRecording(1_000);
    await page.table.focus();
    await page.press('Home');
    const isAt = (packet: number) =>
      until(async () => expect((await page.selectedRow())?.Text).toBe(`"packet ${packet}"`));
    await isAt(0);
    await page.field('Find').fill('et 77');
    await page.press('Enter');
    await isAt(77);
    await page.button('Find next').click();
    await isAt(770);
    await page.button('Find next').click();
    await isAt(771);
    await page.field('Find').focus();
    await page.press('Shift+Enter');
    await isAt(770);
    await page.button('Find previous').click();
    await isAt(77);
    await page.button('Find previous').click();
    await page.page.getByText('✖ none above: n looks below').waitFor();
    await page.field('Find').fill('0x74 20 39 39 39');
    await page.press('Enter');
    await isAt(999);
    await page.field('Find').press('Enter');
    await page.page.getByText('✖ none below: N looks above').waitFor();
    await page.field('Find').fill('name=leg,length=8');
    await page.press('Shift+Enter');
    await isAt(9);
    await page.field('Find').fill('0x1');
    await page.press('Enter');
    await page.page.getByText(/^✖ .*invalid hex/).waitFor();
  });
});

describe.skipIf(!hasChromium)('a filter (needs chromium)', () => {
  test('shows what matches, says how many rows do, and can be taken away', async () => {
    const page = await openRecording(1_000);
    await page.field('Filter').fill('name=leg,length=9');
    await page.press('Enter');
    await page.page.getByText('45 of 1,000 rows', { exact: true }).waitFor();
    await until(async () => expect((await page.column('Text')).slice(-2)).toEqual(['"packet 97"', '"packet 99"']));
    await page.table.focus();
    await page.press('Home');
    await until(async () => expect((await page.selectedRow())?.Text).toBe('"packet 11"'));
    // The selected packet stays in view when all rows are shown again.
    await page.field('Filter').fill('');
    await until(async () => expect(await page.column('Text')).toEqual(expect.arrayContaining(texts(11, 13))));
    expect((await page.selectedRow())?.Text).toBe('"packet 11"');
  });

  test('that is invalid is explained, and changes nothing', async () => {
    const page = await openRecording(100);
    await page.field('Filter').fill('name=arm');
    await page.press('Enter');
    await page.page.getByText('50 of 100 rows').waitFor();
    await page.field('Filter').fill('size>3');
    await page.press('Enter');
    await page.page.getByText(/✖ filter: unknown condition "size>3"; expected name=NAME/).waitFor();
    expect(await page.field('Filter').getAttribute('aria-invalid')).toBe('true');
    await page.page.getByText('50 of 100 rows').waitFor();
    expect(new Set(await page.column('Name'))).toEqual(new Set(['arm']));
    // It can be corrected at once.
    await until(async () =>
      expect(await page.field('Filter').evaluate((field) => field === document.activeElement)).toBe(true),
    );
    await page.field('Filter').fill('name=leg');
    expect(await page.field('Filter').getAttribute('aria-invalid')).toBeNull();
    await page.press('Enter');
    await until(async () => expect(new Set(await page.column('Name'))).toEqual(new Set(['leg'])));
  });
});

describe.skipIf(!hasChromium || !has('python3'))('following (needs chromium and python3)', () => {
  async function openDevice(): Promise<{ page: LivePage; send: (from: number, to: number) => Promise<void> }> {
    const device = await ScriptedDevice.plug();
    const page = await rig.open(await servePage('monitor', `arm=${device.path}`, '-q'));
    await page.isConnected();
    const send = (first: number, end: number) =>
      device.send(...texts(first, end).map((text) => JSON.parse(text) as string));
    return { page, send };
  }

  test('shows the newest packets, until it is held; meanwhile recording continues', async () => {
    const { page, send } = await openDevice();
    await page.says('● live');
    await send(0, 100);
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 99"'));
    await page.button('Hold').click();
    await page.button('Follow').waitFor();
    await send(100, 150);
    await page.says('150 rows');
    await page.button('50 rows below').waitFor();
    expect((await page.column('Text')).filter((text) => text === '"packet 99"')).toHaveLength(1);
    expect(await page.column('Text')).not.toContain('"packet 149"');
    await page.button('50 rows below').click();
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 149"'));
    await page.button('Hold').waitFor();
  });

  test('goes on after another view was shown', async () => {
    const { page, send } = await openDevice();
    await send(0, 100);
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 99"'));
    // The browser tells of the last movement when the table has already left the page.
    const scroller = await page.table.locator('.table-scroller').elementHandle();
    await page.tab('Kinds').evaluate((tab, scroller) => {
      (tab as HTMLElement).click();
      scroller!.dispatchEvent(new Event('scroll'));
    }, scroller);
    await page.show('Packets');
    await send(100, 150);
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 149"'));
    await page.button('Hold').waitFor();
  });

  test('ends when the user scrolls up, and begins again at the end', async () => {
    const { page, send } = await openDevice();
    await send(0, 100);
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 99"'));
    await page.table.hover();
    await page.page.mouse.wheel(0, -440);
    await page.button('20 rows below').waitFor();
    await send(100, 110);
    await page.button('30 rows below').waitFor();
    await page.page.mouse.wheel(0, 5_000);
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 109"'));
    await send(110, 120);
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 119"'));
  });

  test('shows only what matches the filter', async () => {
    const { page, send } = await openDevice();
    await page.field('Filter').fill('text=7');
    await page.press('Enter');
    await send(0, 75);
    await page.page.getByText('12 of 75 rows').waitFor();
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 74"'));
    await send(75, 90);
    await until(async () => expect((await page.column('Text')).at(-1)).toBe('"packet 87"'));
  });
});
