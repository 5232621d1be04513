import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 64;

/** How much memory the monitor may gain from a third of the way to the end. */
const MAX_GROWTH_MB = 48;

export default {
  question: `How many packets of ${PACKET_BYTES} bytes a second can \`sercom monitor\` print, or write to a log?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'packets/s', growth: 'MB of memory gained' },
  bars: [
    { metric: 'rate', of: 'json', to: 'empty', min: 0.2 },
    { metric: 'rate', of: 'log', to: 'empty', min: 0.2 },
    { metric: 'growth', of: 'json', max: MAX_GROWTH_MB },
    { metric: 'growth', of: 'log', max: MAX_GROWTH_MB },
  ],
  async run(bench) {
    const sides = {};
    for (const side of ['empty', 'json', 'log']) {
      const { device, paths } = await bench.device(side, 'flood', { size: PACKET_BYTES });
      sides[side] = { device, host: bench.node(side, 'monitor.mjs', [side, paths[0], String(PACKET_BYTES)]) };
    }
    const count = bench.size(1_000_000, 150_000);
    await bench.alternate(sides, bench.size(8, 2), async (side, name) => {
      const { packets, seconds, growthBytes } = await runHost(side, count, 'then');
      const rate = packets / seconds;
      return name === 'empty' ? { rate } : { rate, growth: growthBytes / 1e6 };
    });
  },
};
