import { availableParallelism } from 'node:os';
import { runHost } from './support/bench.mjs';

const PACKET_BYTES = 16;

/** An echo a millisecond: whoever is quicker must not get more of them done between two turns of the load. */
const GAP_MS = 1;

export default {
  question: 'How long does an echo take, one each millisecond, while pbkdf2 keeps all processors busy?',
  needs: ['ptys', 'cc'],
  metrics: { p50: 'µs', p99: 'µs' },
  // In the short form a single turn of the load more or less decides: 70 µs or 4 ms. It tells only of wrong bytes.
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
      // The same load for all three: the threads of a process of its own.
      ours: { ...ours, load },
      c: { ...(await bench.cHost('echo', how)), load },
      plain: { ...(await bench.nodeHost('plain', 'echo', how)), load },
      // As much again, but in the pool of the very process that echoes.
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
