import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 16;

export default {
  question: `How much more processor time does acknowledged delivery need for the echo of ${PACKET_BYTES} bytes?`,
  needs: ['ptys', 'cc'],
  metrics: { cpu: 'µs of processor time per echo', p50: 'µs' },
  bars: [{ metric: 'cpu', of: 'acknowledged', to: 'ours', max: 2 }],
  async run(bench) {
    const options = { size: PACKET_BYTES };
    const sides = {
      ours: await bench.nodeHost('ours', 'echo', options),
      acknowledged: await bench.nodeHost('acknowledged', 'echo', { ...options, program: 'link_device' }),
    };
    await bench.alternate(sides, bench.size(10, 2), async (side) => {
      const echoes = bench.size(5_000, 2_500);
      const { p50, cpuUs } = await runHost(side, echoes);
      return { cpu: cpuUs / echoes, p50 };
    });
  },
};
