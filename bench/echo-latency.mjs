import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 16;

export default {
  question: `How long does the echo of a ${PACKET_BYTES}-byte packet take, and how much processor time does it need?`,
  needs: ['ptys', 'cc'],
  metrics: { p50: 'µs', p99: 'µs', cpu: 'µs of processor time per echo' },
  bars: [
    { metric: 'p50', of: 'ours', to: 'c', max: 2, aim: 1.4 },
    { metric: 'p50', of: 'ours', to: 'plain', max: 0.3, aim: 0.15 },
    { metric: 'p99', of: 'ours', to: 'plain', max: 0.35, aim: 0.15 },
    { metric: 'cpu', of: 'ours', to: 'plain', max: 0.35, aim: 0.2 },
  ],
  async run(bench) {
    const sides = {
      ours: await bench.nodeHost('ours', 'echo', { size: PACKET_BYTES }),
      c: await bench.cHost('echo', { size: PACKET_BYTES }),
      plain: await bench.nodeHost('plain', 'echo', { size: PACKET_BYTES }),
      bare: await bench.nodeHost('bare', 'echo', { size: PACKET_BYTES }),
    };
    if (bench.has('pyserial', 'pyserial')) {
      sides.pyserial = await bench.pythonHost({ size: PACKET_BYTES });
    }
    await bench.alternate(sides, bench.size(10, 2), async (side, name) => {
      const echoes = bench.size(5_000, name === 'plain' ? 800 : 2_500);
      const { p50, p99, cpuUs } = await runHost(side, echoes);
      return { p50, p99, cpu: cpuUs / echoes };
    });
  },
};
