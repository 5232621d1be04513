const CONNECTIONS = 16;
const REQUESTS = 10_000;

/** What the connections have, and so what requests wait for. */
const KINDS = { 'ids of 2 bytes': 2, 'ids of 1 byte': 1, 'no ids': 0 };

export default {
  question: `Does the time that ${REQUESTS} requests at once take grow linearly with their number, on ${CONNECTIONS} connections in memory?`,
  needs: [],
  metrics: Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, 'ms of processor time'])),
  bars: Object.keys(KINDS).map((kind) => ({ metric: kind, of: 'twice as many', to: 'requests', max: 2.4 })),
  async run(bench) {
    const side = bench.node('ours', 'request-growth.mjs', []);
    await side.next();
    const sides = { requests: REQUESTS, 'twice as many': 2 * REQUESTS };
    await bench.alternate(sides, bench.size(12, 2), async (count) => {
      const values = {};
      for (const [kind, idBytes] of Object.entries(KINDS)) {
        values[kind] = (await side.ask(`requests ${count} ${CONNECTIONS} ${idBytes}`)).milliseconds;
      }
      return values;
    });
  },
};
