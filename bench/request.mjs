import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 16;

export default {
  question: `How much more processor time does a request with an id need than send and a handler, for the echo of ${PACKET_BYTES} bytes?`,
  needs: ['ptys', 'cc'],
  metrics: { cpu: 'µs of processor time per echo', p50: 'µs' },
  bars: [{ metric: 'cpu', of: 'requests', to: 'ours', max: 1.5 }],
  async run(bench) {
    const sides = {
      ours: await bench.nodeHost('ours', 'echo', { size: PACKET_BYTES }),
      requests: await bench.nodeHost('requests', 'echo', { size: PACKET_BYTES }),
    };
    await bench.alternate(sides, bench.size(10, 2), async (side) => {
      const echoes = bench.size(5_000, 2_500);
      const { p50, cpuUs } = await runHost(side, echoes);
      return { cpu: cpuUs / echoes, p50 };
    });
  },
};
