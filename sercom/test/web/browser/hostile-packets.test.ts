import { copyFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { DANGEROUS } from '../../support/dangerous.js';
import { servePage } from '../../support/page-client.js';
import { hasChromium, until, useBrowser } from './support/browser-rig.js';
import type { LivePage } from './support/live-page.js';
import { type Line, recording } from './support/recordings.js';

const rig = useBrowser();

/** Each would set `hacked` if it were taken for markup. */
const MARKUP = [
  '<script>hacked = 1</script>',
  '<img src=x onerror="hacked = 1">',
  '"><svg onload=hacked=1>',
  "'-hacked-'",
  'javascript:hacked=1',
];

/** ANSI sequences, controls of writing direction, invisible characters and ends of lines. */
const CONTROLS = '\x1b[31m\x1b]0;title\x07 \u202eabc\u202c \u2066x\u2069 \u200b\u{e0041}\r\n\0\x7f\x9b';

const EVIL = `${MARKUP.join(' ')} ${CONTROLS}`;

/** Names in logs are percent-encoded. */
const NAME = '<b>arm</b>%1B[31m%E2%80%AE';

const LINES: readonly Line[] = [
  { atMs: 0, from: `${NAME} rx`, packet: JSON.stringify({ [EVIL]: EVIL, n: { [`${MARKUP[0]}\u202e`]: 1 } }) },
  { atMs: 10, from: `${NAME} tx`, packet: EVIL },
  { atMs: 20, from: `${NAME} rx!malformed/999`, packet: Buffer.from(EVIL) },
  { atMs: 30, from: `${NAME} rx`, packet: Buffer.from([0xff, 0xfe, 0x1b, 0x3c, 0x62, 0x3e, 0x80]) },
  {
    atMs: 40,
    from: `${NAME} rx`,
    packet: JSON.stringify({ n: { [`${MARKUP[0]}\u202e`]: 2 }, __proto__: 1, constructor: 2 }),
  },
];

/** Opens a recording whose name is hostile, too. */
async function open(state = ''): Promise<LivePage> {
  const log = await recording(LINES);
  const file = path.join(path.dirname(log), '<img src=x onerror=hacked=1>\u202e.log');
  await copyFile(log, file);
  const page = await rig.open(await servePage('replay', file, '--decode', 'json', '-q'), { state });
  await page.isOver();
  return page;
}

/** Looks at everything in the document that comes from packets: all texts and attributes. */
async function expectHarmless(page: LivePage): Promise<void> {
  const { texts, tags, hacked } = await page.page.evaluate(() => {
    const texts: string[] = [document.title];
    const tags = new Set<string>();
    for (const element of document.querySelectorAll('*')) {
      tags.add(element.localName);
      for (const { name, value } of element.attributes) {
        texts.push(name, value);
      }
      for (const node of element.childNodes) {
        if (node.nodeType === Node.TEXT_NODE) {
          texts.push(node.nodeValue!);
        }
      }
      if (element instanceof HTMLInputElement) {
        texts.push(element.value);
      }
    }
    return { texts, tags: [...tags], hacked: 'hacked' in window };
  });
  expect(hacked).toBe(false);
  expect(tags).not.toContain('img');
  // Lines of a dump, and of the document itself, end with LF.
  expect(texts.filter((text) => DANGEROUS.test(text.replaceAll('\n', '')))).toEqual([]);
}

describe.skipIf(!hasChromium)('a hostile packet is shown escaped, and nothing of it runs (needs chromium)', () => {
  test('in the table and in its details', async () => {
    const page = await open();
    await until(async () => {
      const rows = await page.rows();
      expect(rows).toHaveLength(5);
      expect(rows[0]!.Name).toBe('<b>arm</b>\\x1b[31m\\u{202e}');
      expect(rows[1]!.Text).toContain('<script>hacked = 1</script> <img src=x onerror=\\"hacked = 1\\">');
      expect(rows[0]!.Decoded).toContain('<script>hacked = 1</script>');
    });
    await page.table.focus();
    await page.press('Home');
    await page.detail.getByRole('treeitem').first().waitFor();
    await expectHarmless(page);
    for (let row = 1; row < 5; row++) {
      await page.press('ArrowDown');
      await page.detail.getByText(`#${row}`, { exact: true }).waitFor();
      await expectHarmless(page);
    }
    expect(await page.page.title()).toMatch(/^replay .*<img src=x onerror=hacked=1>\\u\{202e\}\.log – sercom$/);
  });

  test('in what is found, filtered and refused', async () => {
    const page = await open();
    await page.field('Find').fill('<script>');
    await page.press('Enter');
    await until(async () => expect(await page.selectedRow()).toBeDefined());
    await page.field('Filter').fill(`${MARKUP[1]}\u202e=1`);
    await page.press('Enter');
    await page.page.getByText(/✖ filter: unknown condition/).waitFor();
    await page.field('Filter').fill('');
    await expectHarmless(page);
    await page.field('Filter').fill('text=<b>');
    await page.press('Enter');
    await until(async () => expect(await page.rows()).toHaveLength(1));
    await page.press('s');
    await page.page.getByRole('radio', { name: 'only 1 row that match text=<b>' }).waitFor();
    await expectHarmless(page);
  });

  test('in plots', async () => {
    const page = await open('&view=plots');
    await page.page.getByRole('checkbox', { name: /<script>hacked = 1<\/script>/ }).check();
    await until(async () => expect((await page.legend())[0]?.points).toBe('2'));
    await page.button('All as PNG').click();
    await page.message.getByText(/Saved/).waitFor();
    await expectHarmless(page);
  });

  test('among kinds and connections', async () => {
    const page = await open('&view=kinds');
    await page.page
      .getByRole('row', { name: /<b>arm/ })
      .first()
      .waitFor();
    await expectHarmless(page);
    await page.show('Connections');
    await page.page.getByRole('heading', { name: '<b>arm</b>' }).waitFor();
    // A name that was escaped cannot be filtered by.
    expect(await page.button('Show its packets').count()).toBe(0);
    await expectHarmless(page);
  });

  test('in a link', async () => {
    const plot = JSON.stringify([EVIL, EVIL]);
    const page = await open(`&view=plots&plot=${encodeURIComponent(plot)}&filter=${encodeURIComponent(MARKUP[0]!)}`);
    await until(async () => expect(await page.legend()).toMatchObject([{ last: 'no data yet' }]));
    const { hacked, tags } = await page.page.evaluate(() => ({
      hacked: 'hacked' in window,
      tags: [...document.querySelectorAll('script, img')].map((element) => element.outerHTML),
    }));
    expect(hacked).toBe(false);
    expect(tags).toHaveLength(1);
  });
});
