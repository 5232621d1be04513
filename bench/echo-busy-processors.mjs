import { availableParallelism } from 'node:os';
import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 16;

/** A fixed rate, so that a faster side does not fit more echoes between two time slices of the load. */
const GAP_MS = 1;

export default {
  question: 'How long does an echo take, at one echo per millisecond, while pbkdf2 keeps all processors busy?',
  needs: ['ptys', 'cc'],
  metrics: { p50: 'µs', p99: 'µs' },
  // In the short form, one time slice of the load decides between 70 µs and 4 ms. So it only checks for wrong bytes.
  bars: [
    { metric: 'p99', of: 'ours', to: 'c', max: 1.5, quickMax: Number.POSITIVE_INFINITY },
    { metric: 'p99', of: 'ours, hashing itself', to: 'c', max: 1.5, quickMax: Number.POSITIVE_INFINITY },
  ],
  async run(bench) {
    const load = bench.node('load', 'load.mjs', []);
    await load.next();
    const how = { size: PACKET_BYTES, gapMs: GAP_MS };
    const ours = await bench.nodeHost('ours', 'echo', how);
    const sides = {
      // These three share one load: the threads of a separate process.
      ours: { ...ours, load },
      c: { ...(await bench.cHost('echo', how)), load },
      plain: { ...(await bench.nodeHost('plain', 'echo', how)), load },
      // The same load, in the thread pool of the process that echoes.
      'ours, hashing itself': { ...ours, load: ours.host },
    };
    const echoes = bench.size(1_500, 200);
    await bench.alternate(sides, bench.size(8, 2), async (side) => {
      await side.load.ask(`load ${availableParallelism()}`);
      const { p50, p99 } = await runHost(side, echoes);
      await side.load.ask('unload');
      return { p50, p99 };
    });
  },
};
