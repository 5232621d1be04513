import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { launchChromium, pageOf } from '../sercom/test/support/chromium.mjs';
import { opened } from './support/processes.mjs';

const PACKET_BYTES = 64;
const SERCOM = fileURLToPath(new URL('../sercom/bin/sercom.js', import.meta.url));

/** Each side: whether it has a live page, and whether a browser shows it. */
const SIDES = {
  'no page': { isServed: false, isOpen: false },
  'page not open': { isServed: true, isOpen: false },
  'page open': { isServed: true, isOpen: true },
};

export default {
  question: `How many packets of ${PACKET_BYTES} bytes a second can \`sercom monitor --json\` print with a live page open?`,
  needs: ['ptys', 'cc', 'chromium'],
  metrics: { rate: 'packets/s' },
  bars: [
    { metric: 'rate', of: 'page open', to: 'no page', min: 0.7 },
    { metric: 'rate', of: 'page not open', to: 'no page', min: 0.7 },
  ],
  async run(bench) {
    const { device, paths } = await bench.device('monitor', 'flood', { size: PACKET_BYTES });
    const count = bench.size(1_500_000, 100_000);
    const browser = await launchChromium();
    try {
      await bench.alternate(SIDES, bench.size(7, 1), (side) => measure(device, paths[0], count, side, browser));
    } finally {
      await browser.close();
    }
  },
};

async function measure(device, port, count, { isServed, isOpen }, browser) {
  const options = ['--no-skip-first', '--json', '-n', String(count), ...(isServed ? ['--web'] : [])];
  const monitor = spawn(process.execPath, [SERCOM, 'monitor', `arm=${port}`, ...options], {
    stdio: ['ignore', 'ignore', isServed ? 'pipe' : 'inherit'],
  });
  const ended = once(monitor, 'exit');
  const context = isOpen ? await openPage(browser, await pageOf(monitor)) : undefined;
  await opened(port, monitor.pid);
  const startedMs = performance.now();
  device.tell(`run ${count}`);
  await ended;
  const rate = count / ((performance.now() - startedMs) / 1e3);
  await device.next();
  await context?.close();
  return { rate };
}

/** Opens the page, which follows, and waits until it has a feed. */
async function openPage(browser, url) {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(url);
  await page.getByText('● live').waitFor();
  return context;
}
