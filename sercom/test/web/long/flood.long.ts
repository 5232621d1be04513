import { describe, expect, test } from 'vitest';
import { has } from '../../../../test/support/tools.js';
import { hasChromium, until, useBrowser } from '../browser/support/browser-rig.js';
import { textOf } from '../browser/support/live-page.js';
import { IS_FULL, MAX_FRAME_MS, printMeasured } from './forms.js';
import { FrameTimes } from './frame-times.js';
import { PacedDevice } from './paced-device.js';
import { ProbedSercom } from './probed-sercom.js';
import { TabProbe } from './tab-memory.js';

const rig = useBrowser();

const PER_SECOND = 5_000;
const SECONDS = IS_FULL ? 60 : 10;

/** By how much memory may grow between a tenth and all of the data. What is held is bounded, and full by then. */
const MAX_GROWTH_MB = { server: 6, serverProcess: 24, tab: 4 };

/** 64 bytes: a counter, three numbers and some text. */
function packet(index: number): Uint8Array {
  const bytes = Buffer.alloc(64, 'abcdefgh');
  bytes.writeUInt32LE(index, 0);
  bytes.writeInt16LE(Math.round(10_000 * Math.sin(index / 500)), 4);
  bytes.writeInt16LE(index % 1_000, 6);
  bytes.writeInt16LE(Math.floor(index / 1_000) % 1_000, 8);
  return bytes;
}

describe.skipIf(!hasChromium || !has('python3'))(
  `${PER_SECOND} packets/s for ${SECONDS} s (needs chromium and python3)`,
  () => {
    test('leave the page smooth, the memory flat, and no packet uncounted', async () => {
      const device = await PacedDevice.plug(packet);
      const sercom = await ProbedSercom.start(
        'monitor',
        `arm=${device.path}`,
        '--decode',
        'struct:<I3h54x:seq,x,y,z',
        '--web-memory',
        '1M',
        '-q',
      );
      const page = await rig.open(sercom, {
        state: `&last=5&plot=${encodeURIComponent('["arm","x","arm","y","arm","z"]')}`,
      });
      await page.isConnected();
      await device.begin();
      const frames = await FrameTimes.begin(page.page);
      const tab = await TabProbe.of(page.page);
      const p99Ms: Record<string, number> = {};
      /** Sends while a view is shown, which follows. */
      const watch = async (view: 'Packets' | 'Plots' | 'Kinds', seconds: number) => {
        await page.show(view);
        await frames.take();
        await device.send(PER_SECOND, seconds);
        const measured = await frames.take();
        printMeasured(`frames of ${view}`, measured);
        p99Ms[view] = measured.p99Ms;
        expect(measured.frames).toBeGreaterThan(5 * (seconds - 1));
      };
      const measure = async () => ({ server: await sercom.memory(), tab: await tab.memory() });

      // Everything is shown once before memory is compared. A tenth of the data; in the short form, three.
      const first = IS_FULL ? 2 : 1;
      for (const view of ['Plots', 'Kinds', 'Packets'] as const) {
        await page.show(view);
        await device.send(PER_SECOND, first);
      }
      const before = await measure();
      await watch('Plots', SECONDS / 3 - first);
      await watch('Kinds', SECONDS / 3 - first);
      await watch('Packets', SECONDS / 3 - first);
      const after = await measure();

      const growthMb = {
        server: (used(after.server) - used(before.server)) / 1e6,
        serverProcess: (after.server.rss - before.server.rss) / 1e6,
        tab: (after.tab.heapBytes - before.tab.heapBytes) / 1e6,
      };
      printMeasured('MB of memory gained', growthMb);
      printMeasured('MB of memory at the end', {
        server: used(after.server) / 1e6,
        serverProcess: after.server.rss / 1e6,
        tab: after.tab.heapBytes / 1e6,
      });
      for (const [view, ms] of Object.entries(p99Ms)) {
        expect(ms, `99th percentile of frame times of ${view}, in ms`).toBeLessThanOrEqual(MAX_FRAME_MS);
      }
      for (const [what, most] of Object.entries(MAX_GROWTH_MB)) {
        expect(growthMb[what as keyof typeof growthMb], `MB that ${what} has gained`).toBeLessThanOrEqual(most);
      }
      expect(after.tab.nodes - before.tab.nodes).toBeLessThan(2_000);
      expect(after.tab.listeners - before.tab.listeners).toBeLessThan(100);

      // Nothing is lost that is not counted: by the server, and on the page.
      await until(async () =>
        expect(await sercom.metric('sercom_packets_total{name="arm",direction="received"}')).toBe(device.sent),
      );
      const held = await sercom.metric('sercom_web_held_rows');
      const dropped = await sercom.metric('sercom_web_dropped_rows_total');
      expect(held + dropped).toBe(device.sent);
      await until(async () => {
        const status = await textOf(page.status);
        expect(status).toContain(`${held.toLocaleString('en-US')} rows`);
        expect(status).toContain(`${dropped.toLocaleString('en-US')} dropped`);
      });
      const skipped = await sercom.metric('sercom_web_skipped_rows_total');
      printMeasured('packets', { sent: device.sent, held, dropped, skipped });
      if (skipped > 0) {
        expect(await textOf(page.status)).toContain(`${skipped.toLocaleString('en-US')} skipped`);
      }
      // What is shown is the end of it.
      await until(async () => {
        const decoded = (await page.column('Decoded')).at(-1)!;
        expect(JSON.parse(decoded)).toMatchObject({ seq: device.sent - 1 });
      });
    });
  },
);

function used({ heapUsed, external }: { heapUsed: number; external: number }): number {
  return heapUsed + external;
}
