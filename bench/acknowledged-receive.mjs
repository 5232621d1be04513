import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 64;

export default {
  question: `How much more processor time does acknowledged delivery need to receive packets of ${PACKET_BYTES} bytes, 32 at a time?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'packets/s', cpu: 'µs of processor time per packet' },
  bars: [{ metric: 'cpu', of: 'acknowledged', to: 'ours', max: 4 }],
  async run(bench) {
    const options = { size: PACKET_BYTES, deviceMode: 'flood' };
    const sides = {
      ours: await bench.nodeHost('ours', 'receive', options),
      acknowledged: await bench.nodeHost('acknowledged', 'receive', { ...options, program: 'link_device' }),
    };
    const count = bench.size(300_000, 100_000);
    await bench.alternate(sides, bench.size(10, 2), async (side) => {
      const { packets, seconds, cpuUs } = await runHost(side, count, 'then');
      return { rate: packets / seconds, cpu: cpuUs / packets };
    });
  },
};
