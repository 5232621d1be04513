import type { Page } from 'playwright-core';

/** After it begins to measure, a page may do for this long what it does only once. */
const FIRST_MS = 1_000;

/** How long frames take, as the page sees it: from one animation frame to the next. */
export class FrameTimes {
  readonly #page: Page;

  private constructor(page: Page) {
    this.#page = page;
  }

  static async begin(page: Page): Promise<FrameTimes> {
    await page.evaluate(() => {
      const times: number[] = [];
      (window as unknown as { frameTimes: number[] }).frameTimes = times;
      const tick = (time: number) => {
        times.push(time);
        requestAnimationFrame(tick);
      };
      requestAnimationFrame(tick);
    });
    return new FrameTimes(page);
  }

  /** What was measured since the last call, without the first second. */
  async take(): Promise<{ frames: number; p50Ms: number; p99Ms: number; maxMs: number }> {
    const times = await this.#page.evaluate(() => (window as unknown as { frameTimes: number[] }).frameTimes.splice(0));
    const late = times.filter((time) => time >= times[0]! + FIRST_MS);
    const lengths = late.slice(1).map((time, index) => time - late[index]!);
    const sorted = lengths.toSorted((a, b) => a - b);
    const percentile = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
    return { frames: sorted.length, p50Ms: percentile(0.5), p99Ms: percentile(0.99), maxMs: percentile(1) };
  }
}
