import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 64;

export default {
  question: `How many packets of ${PACKET_BYTES} bytes per second arrive at the device, sent as fast as send allows?`,
  needs: ['ptys', 'cc'],
  metrics: { rate: 'packets/s', cpu: 'µs of processor time per packet' },
  bars: [{ metric: 'rate', of: 'ours', to: 'plain', min: 3, aim: 6 }],
  async run(bench) {
    const sides = {
      ours: await bench.nodeHost('ours', 'send', { size: PACKET_BYTES, deviceMode: 'sink' }),
      plain: await bench.nodeHost('plain', 'send', { size: PACKET_BYTES, deviceMode: 'sink' }),
      c: await bench.cHost('send', { size: PACKET_BYTES, deviceMode: 'sink' }),
    };
    const counts = {
      ours: bench.size(300_000, 100_000),
      plain: bench.size(60_000, 20_000),
      c: bench.size(300_000, 100_000),
    };
    await bench.alternate(sides, bench.size(10, 2), async (side, name) => {
      const { device, cpuUs } = await runHost(side, counts[name], 'first');
      return { rate: (device.packets - 1) / device.seconds, cpu: cpuUs / device.packets };
    });
  },
};
