import { runHost } from './support/bench.mjs';
import { cProgram } from './support/tools.mjs';

const PACKET_BYTES = 64;

/** How much memory the monitor may gain from a third of the way to the end. */
const MAX_GROWTH_MB = 48;

/** Each side, and what it runs: see sides/monitor.mjs. */
const SIDES = {
  empty: 'empty',
  json: 'json-pipe',
  'json to a file': 'json-file',
  log: 'log',
  'c, json to a file': 'c-json',
  'c, log': 'c-log',
};

export default {
  question: `How many packets of ${PACKET_BYTES} bytes a second can \`sercom monitor\` print, or write to a file or a log?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'packets/s', growth: 'MB of memory gained' },
  bars: [
    { metric: 'rate', of: 'json', to: 'empty', min: 0.2 },
    { metric: 'rate', of: 'log', to: 'empty', min: 0.2 },
    { metric: 'rate', of: 'json to a file', to: 'c, json to a file', min: 0.4 },
    { metric: 'rate', of: 'log', to: 'c, log', min: 0.4 },
    { metric: 'growth', of: 'json', max: MAX_GROWTH_MB },
    { metric: 'growth', of: 'json to a file', max: MAX_GROWTH_MB },
    { metric: 'growth', of: 'log', max: MAX_GROWTH_MB },
  ],
  async run(bench) {
    const program = cProgram('monitor');
    const sides = {};
    for (const [side, mode] of Object.entries(SIDES)) {
      const { device, paths } = await bench.device(side, 'flood', { size: PACKET_BYTES });
      sides[side] = { device, host: bench.node(side, 'monitor.mjs', [mode, paths[0], String(PACKET_BYTES), program]) };
    }
    const count = bench.size(1_000_000, 150_000);
    await bench.alternate(sides, bench.size(8, 2), async (side, name) => {
      const { packets, seconds, growthBytes } = await runHost(side, count, 'then');
      const rate = packets / seconds;
      return name === 'empty' || SIDES[name].startsWith('c-') ? { rate } : { rate, growth: growthBytes / 1e6 };
    });
  },
};
