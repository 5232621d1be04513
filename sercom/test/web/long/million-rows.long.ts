import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { temporaryFolder } from '../../support/temporary-folder.js';
import { hasChromium, until, useBrowser } from '../browser/support/browser-rig.js';
import type { LivePage } from '../browser/support/live-page.js';
import { MAX_FRAME_MS, printMeasured, SLACK } from './forms.js';
import { FrameTimes } from './frame-times.js';
import { ProbedSercom } from './probed-sercom.js';

const rig = useBrowser();

const ROWS = 1_000_000;
const MAX_OPEN_MS = 5_000 * SLACK;

/** A log of numbered packets, one each millisecond. */
async function longRecording(): Promise<string> {
  const file = path.join(await temporaryFolder(), 'long.log');
  const out = createWriteStream(file);
  for (let first = 0; first < ROWS; first += 10_000) {
    const lines = Array.from({ length: 10_000 }, (_, index) => {
      const number = first + index;
      const seconds = 1_768_478_400 + Math.floor(number / 1_000);
      const micros = String((number % 1_000) * 1_000).padStart(6, '0');
      const hex = Buffer.from(`packet ${number}`).toString('hex');
      return `(${seconds}.${micros}) ${number % 3 === 0 ? 'leg' : 'arm'} rx#${hex}\n`;
    });
    if (!out.write(lines.join(''))) {
      await once(out, 'drain');
    }
  }
  out.end();
  await once(out, 'close');
  return file;
}

/** The number of the packet in the first row, when all rows in view have been loaded and follow each other. */
async function firstNumber(page: LivePage): Promise<number> {
  return until(async () => {
    const numbers = (await page.column('Text')).map((text) => Number(/^"packet (\d+)"$/.exec(text ?? '')?.[1]));
    expect(numbers.length).toBeGreaterThan(10);
    // Not a number: the row has not been loaded.
    expect(numbers.every(Number.isInteger)).toBe(true);
    expect(numbers).toEqual(numbers.map((_, index) => numbers[0]! + index));
    return numbers[0]!;
  });
}

describe.skipIf(!hasChromium)(`a recording of ${ROWS} packets (needs chromium)`, () => {
  test('opens soon, and scrolls smoothly to every place', async () => {
    const file = await longRecording();
    const startedMs = performance.now();
    const sercom = await ProbedSercom.start('replay', file, '-q');
    const page = await rig.open(sercom);
    await page.says('1,000,000 rows');
    await until(async () => expect((await page.column('Text')).at(-1)).toBe(`"packet ${ROWS - 1}"`));
    const openMs = performance.now() - startedMs;
    printMeasured('ms until all rows can be seen', { openMs });
    printMeasured('MB of memory', { serverProcess: (await sercom.memory()).rss / 1e6 });

    await page.press('Home');
    expect(await firstNumber(page)).toBe(0);
    const frames = await FrameTimes.begin(page.page);
    const measured: Record<string, number> = {};
    const measure = async (how: string, scroll: () => Promise<unknown>) => {
      await frames.take();
      await scroll();
      const times = await frames.take();
      printMeasured(`frames while scrolling ${how}`, times);
      measured[how] = times.p99Ms;
      return firstNumber(page);
    };

    const session = await page.context.newCDPSession(page.page);
    const box = (await page.table.boundingBox())!;
    const byWheel = await measure('with a wheel', () =>
      session.send('Input.synthesizeScrollGesture', {
        x: box.x + box.width / 2,
        y: box.y + box.height / 2,
        yDistance: -15_000,
        speed: 4_000,
        gestureSourceType: 'mouse',
      }),
    );
    // 22 pixels a row; smooth scrolling may end a few pixels before.
    expect(Math.abs(byWheel - 15_000 / 22)).toBeLessThan(20);

    await measure('by dragging the thumb', () =>
      page.table.locator('.table-scroller').evaluate(
        (scroller) =>
          new Promise<void>((resolve) => {
            const steps = 240;
            let step = 0;
            const move = () => {
              scroller.scrollTop = (step / steps) * (scroller.scrollHeight - scroller.clientHeight);
              step++;
              if (step > steps) {
                resolve();
              } else {
                requestAnimationFrame(move);
              }
            };
            move();
          }),
      ),
    );
    await until(async () => expect((await page.column('Text')).at(-1)).toBe(`"packet ${ROWS - 1}"`));

    await page.field('Go to').fill('#500,000');
    await page.press('Enter');
    await until(async () => expect((await page.selectedRow())?.Text).toBe('"packet 500000"'));
    const before = await firstNumber(page);
    const byKeys = await measure('with the keyboard', async () => {
      for (let press = 0; press < 1_000; press++) {
        await page.press('PageDown');
      }
    });
    expect(byKeys - before).toBeGreaterThan(10_000);

    expect(openMs, 'ms until all rows can be seen').toBeLessThanOrEqual(MAX_OPEN_MS);
    for (const [how, ms] of Object.entries(measured)) {
      expect(ms, `99th percentile of frame times ${how}, in ms`).toBeLessThanOrEqual(MAX_FRAME_MS);
    }
  });
});
