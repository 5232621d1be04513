import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 1_024;

export default {
  question: `How many megabytes per second can be received in packets of ${PACKET_BYTES} bytes?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'MB/s', cpu: 'µs of processor time per packet' },
  bars: [{ metric: 'rate', of: 'ours', to: 'c', min: 0.6, aim: 0.85 }],
  async run(bench) {
    const sides = {
      ours: await bench.nodeHost('ours', 'receive', { size: PACKET_BYTES, deviceMode: 'flood' }),
      c: await bench.cHost('receive', { size: PACKET_BYTES, deviceMode: 'flood' }),
      plain: await bench.nodeHost('plain', 'receive', { size: PACKET_BYTES, deviceMode: 'flood' }),
    };
    const counts = {
      ours: bench.size(60_000, 15_000),
      c: bench.size(60_000, 15_000),
      plain: bench.size(10_000, 3_000),
    };
    await bench.alternate(sides, bench.size(10, 2), async (side, name) => {
      const { packets, seconds, cpuUs } = await runHost(side, counts[name], 'then');
      return { rate: (packets * PACKET_BYTES) / seconds / 1e6, cpu: cpuUs / packets };
    });
  },
};
