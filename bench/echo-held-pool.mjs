import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runHost } from './support/bench.mjs';
import { NoReply } from './support/line-process.mjs';

const PACKET_BYTES = 16;
const POOL_THREADS = 4;

/** Time limit for the echoes of a round. A side that needs the pool gets none. */
const ECHOES_MS = 5_000;

/** How long to wait for an echo of the plain stack. */
const NO_ECHO_MS = 1_000;

export default {
  question: `How much longer does an echo take while blocking calls occupy all ${POOL_THREADS} threads of the pool?`,
  needs: ['ptys', 'cc'],
  metrics: { p50: 'µs', p99: 'µs', echoes: `in ${NO_ECHO_MS} ms` },
  bars: [{ metric: 'p99', of: 'ours, pool held', to: 'ours, pool free', max: 1.5, aim: 1.1 }],
  async run(bench) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-'));
    try {
      const fifos = Array.from({ length: POOL_THREADS }, (_, index) => join(folder, `fifo${index}`));
      execFileSync('mkfifo', fifos);
      await measureOurs(bench, fifos);
      await measurePlain(bench, fifos);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};

async function measureOurs(bench, fifos) {
  const side = await bench.nodeHost('ours', 'echo', { size: PACKET_BYTES });
  const echoes = bench.size(5_000, 2_000);
  await bench.alternate({ 'ours, pool free': false, 'ours, pool held': true }, bench.size(12, 3), async (held) => {
    if (held) {
      await side.host.ask(`hold ${fifos.join(' ')}`);
    }
    const { p50, p99 } = await runHost(side, echoes, undefined, ECHOES_MS);
    if (held) {
      await release(side, fifos);
    }
    return { p50, p99 };
  });
}

async function release({ host }, fifos) {
  host.tell('release');
  // Also open for reading, so that opening does not wait for a reader.
  const writers = fifos.map((fifo) => openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK));
  await host.next();
  for (const fd of writers) {
    closeSync(fd);
  }
}

/** The plain stack needs a thread of the pool for each read and write. */
async function measurePlain(bench, fifos) {
  const side = await bench.nodeHost('plain', 'echo', { size: PACKET_BYTES });
  await runHost(side, 200);
  await side.host.ask(`hold ${fifos.join(' ')}`);
  try {
    await runHost(side, 1, undefined, NO_ECHO_MS);
    bench.record('plain, pool held', { echoes: 1 });
  } catch (error) {
    if (!(error instanceof NoReply)) {
      throw error;
    }
    bench.record('plain, pool held', { echoes: 0 });
  }
}
