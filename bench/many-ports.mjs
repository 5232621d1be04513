import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 16;
const PORTS = 512;

/** Packets on each port before its memory is measured again: in full, more than a buffer of the plain stack holds. */
const USED_PACKET_BYTES = 1_000;
const USED_PACKETS = 80;
const USED_PACKETS_QUICK = 20;

/**
 * Room for new objects and the optimizing compiler use tens of megabytes in a process, whatever the number of ports. These
 * flags keep both small, so that the memory of the ports shows.
 */
const MEMORY_FLAGS = ['--expose-gc', '--max-semi-space-size=1', '--no-opt'];

export default {
  question: `How much memory and idle processor time do ${PORTS} open ports need, and how fast do they echo?`,
  needs: ['ptys', 'cc'],
  metrics: {
    opened: 'KiB per port, just opened',
    used: 'KiB per port, after packets of 1,000 bytes on all ports',
    rate: 'echoes/s on all ports',
    idle: '% of one processor',
  },
  bars: [
    { metric: 'used', of: 'ours', to: 'plain', max: 0.5 },
    { metric: 'rate', of: 'ours', to: 'plain', min: 3 },
    { metric: 'idle', of: 'ours', max: 2 },
  ],
  async run(bench) {
    // New processes for each round: the memory of a second opening depends on the first.
    const measure = async (stack) => ({ ...(await memory(bench, stack)), ...(await speed(bench, stack)) });
    await bench.alternate({ ours: 'ours', plain: 'plain' }, bench.size(4, 1), measure, { warmUp: false });
  },
};

async function memory(bench, stack) {
  const side = await bench.nodeHost(stack, 'echo', { size: USED_PACKET_BYTES, ports: PORTS, flags: MEMORY_FLAGS });
  await runHost(side, bench.size(USED_PACKETS, USED_PACKETS_QUICK));
  const { usedBytes } = await side.host.ask('memory');
  kill(side);
  return { opened: side.ready.openedBytes / 1024 / PORTS, used: usedBytes / 1024 / PORTS };
}

async function speed(bench, stack) {
  const echoes = bench.size(120, 8);
  const side = await bench.nodeHost(stack, 'echo', { size: PACKET_BYTES, ports: PORTS });
  await runHost(side, echoes);
  const { elapsedSeconds } = await runHost(side, echoes);
  const { percent } = await side.host.ask(`idle ${bench.size(2_000, 500)}`);
  kill(side);
  return { rate: (echoes * PORTS) / elapsedSeconds, idle: percent };
}

function kill({ host, device }) {
  host.kill();
  device.kill();
}
