import { runHost } from './support/bench.mjs';
import { startSer2net, startServe } from './support/servers.mjs';

const PACKET_BYTES = 16;

export default {
  question: `How long does the echo of a ${PACKET_BYTES}-byte packet take over tcp:// on this machine?`,
  needs: ['ptys', 'cc'],
  metrics: { p50: 'µs', p99: 'µs', cpu: 'µs of processor time per echo' },
  bars: [{ metric: 'p50', of: 'ours', to: 'net', max: 1.2 }],
  async run(bench) {
    const measure = async (side, name) => {
      const echoes = bench.size(name === 'ser2net' ? 1_000 : 5_000, 500);
      const { p50, p99, cpuUs } = await runHost(side, echoes);
      return { p50, p99, cpu: cpuUs / echoes };
    };
    const direct = {
      ours: await bench.nodeHost('ours', 'echo', { size: PACKET_BYTES, program: 'tcp_echo' }),
      net: await bench.nodeHost('net', 'echo', { size: PACKET_BYTES, program: 'tcp_echo' }),
    };
    await bench.alternate(direct, bench.size(10, 2), measure);
    const servers = [];
    try {
      const served = { serve: await servedHost(bench, 'serve', startServe, servers) };
      if (bench.has('ser2net', 'ser2net')) {
        served.ser2net = await servedHost(bench, 'ser2net', startSer2net, servers);
      }
      await bench.alternate(served, bench.size(10, 2), measure);
    } finally {
      for (const { close } of servers) {
        close();
      }
    }
  },
};

/** Starts a device, a program that makes its port a network port, and a host that opens that with the library. */
async function servedHost(bench, name, startServer, servers) {
  const { device, paths } = await bench.device(name, 'echo', { size: PACKET_BYTES });
  const server = await startServer(paths[0]);
  servers.push(server);
  const config = {
    stack: 'ours',
    workload: 'echo',
    size: PACKET_BYTES,
    gapMs: 0,
    paths: [server.path],
    binding: 'default',
  };
  const host = bench.node(name, 'host.mjs', [JSON.stringify(config)]);
  await host.next();
  return { device, host };
}
