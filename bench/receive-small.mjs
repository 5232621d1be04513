import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 64;

export default {
  question: `How many packets of ${PACKET_BYTES} bytes can be received per second?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'packets/s', cpu: 'µs of processor time per packet' },
  bars: [
    { metric: 'rate', of: 'ours', to: 'plain', min: 3, aim: 6 },
    { metric: 'rate', of: 'ours', to: 'base', min: 0.95 },
  ],
  async run(bench) {
    const sides = {
      ours: await bench.nodeHost('ours', 'receive', { size: PACKET_BYTES, deviceMode: 'flood' }),
      plain: await bench.nodeHost('plain', 'receive', { size: PACKET_BYTES, deviceMode: 'flood' }),
      c: await bench.cHost('receive', { size: PACKET_BYTES, deviceMode: 'flood' }),
      ...(bench.options.base && {
        base: await bench.nodeHost('base', 'receive', { size: PACKET_BYTES, deviceMode: 'flood' }),
      }),
    };
    const counts = {
      ours: bench.size(500_000, 150_000),
      plain: bench.size(100_000, 30_000),
      c: bench.size(500_000, 150_000),
      base: bench.size(500_000, 150_000),
    };
    await bench.alternate(sides, bench.size(11, 2), async (side, name) => {
      const { packets, seconds, cpuUs } = await runHost(side, counts[name], 'then');
      return { rate: packets / seconds, cpu: cpuUs / packets };
    });
  },
};
