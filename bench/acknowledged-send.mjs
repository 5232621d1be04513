import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 64;

export default {
  question: `How much more processor time does acknowledged delivery need to send packets of ${PACKET_BYTES} bytes, 32 at a time?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'packets/s', cpu: 'µs of processor time per packet' },
  bars: [{ metric: 'cpu', of: 'acknowledged', to: 'ours', max: 4 }],
  async run(bench) {
    const options = { size: PACKET_BYTES, deviceMode: 'sink' };
    const sides = {
      ours: await bench.nodeHost('ours', 'send', options),
      acknowledged: await bench.nodeHost('acknowledged', 'send', { ...options, program: 'link_device' }),
    };
    const count = bench.size(300_000, 100_000);
    await bench.alternate(sides, bench.size(10, 2), async (side) => {
      const { device, cpuUs } = await runHost(side, count, 'first');
      return { rate: (device.packets - 1) / device.seconds, cpu: cpuUs / device.packets };
    });
  },
};
