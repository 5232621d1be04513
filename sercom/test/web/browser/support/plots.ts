import { expect } from 'vitest';
import { until } from './browser-rig.js';
import { type LivePage, textOf } from './live-page.js';

/** Waits until the first series of a plot has this many points in the shown time. */
export async function isDrawn(page: LivePage, points: number, plot = 1): Promise<void> {
  await until(async () => expect((await page.legend(plot))[0]?.points).toBe(points.toLocaleString('en-US')));
}

/** The shown time: its beginning and its end as seconds of the day, and its length. */
export async function shownTime(page: LivePage): Promise<{ from: number; to: number; seconds: number }> {
  const text = await textOf(page.page.locator('.shown-time'));
  const [from = Number.NaN, to = Number.NaN] = Array.from(
    text.matchAll(/(\d\d):(\d\d):(\d\d(?:\.\d+)?)/g),
    ([, hours, minutes, seconds]) => Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds),
  );
  return { from, to, seconds: to - from };
}

/** The rectangle of the lines of a plot, in pixels of the page. */
export async function areaOf(
  page: LivePage,
  plot = 1,
): Promise<{ x: number; y: number; width: number; height: number }> {
  const area = await page.plot(plot).locator('.chart-overlay').boundingBox();
  return area!;
}

/** Moves the mouse over a plot, to shares of the width and height of its lines. */
export async function moveOver(page: LivePage, x: number, y: number, plot = 1): Promise<void> {
  const area = await areaOf(page, plot);
  await page.page.mouse.move(area.x + x * area.width, area.y + y * area.height, { steps: 4 });
}

/** Drags from one place of a plot to another, both as shares of its width and height. */
export async function dragOver(
  page: LivePage,
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
): Promise<void> {
  await moveOver(page, ...from);
  await page.page.mouse.down();
  await moveOver(page, ...to);
  await page.page.mouse.up();
}

/** Whether the first series of a plot is drawn in a part of the shown time, given in shares of it. */
export async function hasLineIn(page: LivePage, from: number, to: number): Promise<boolean> {
  return page.plot().evaluate(
    (plot, [from, to]) => {
      const canvas = plot.querySelector('canvas')!;
      const overlay = plot.querySelector('.chart-overlay')!.getBoundingClientRect();
      const all = canvas.getBoundingClientRect();
      const ratio = canvas.width / all.width;
      const left = overlay.left - all.left + from * overlay.width;
      const width = (to - from) * overlay.width;
      // Copied, since reading from the canvas itself would make the browser draw it in another way.
      const copy = new OffscreenCanvas(canvas.width, canvas.height).getContext('2d', { willReadFrequently: true })!;
      copy.drawImage(canvas, 0, 0);
      const top = (overlay.top - all.top) * ratio;
      const { data } = copy.getImageData(left * ratio, top, Math.max(1, width * ratio), overlay.height * ratio);
      const color = plot
        .querySelector('.series-sample line')!
        .getAttribute('stroke')!
        .match(/[\da-f]{2}/g)!
        .map((channel) => Number.parseInt(channel, 16));
      for (let at = 0; at < data.length; at += 4) {
        const distance = [0, 1, 2].reduce((sum, channel) => sum + Math.abs(data[at + channel]! - color[channel]!), 0);
        if (distance < 60) {
          return true;
        }
      }
      return false;
    },
    [from, to] as const,
  );
}
