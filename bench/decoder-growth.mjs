const MIB = 1_048_576;

/** How frames are split into chunks, how many frames of 1 MiB are decoded per measurement, and the number of rounds. */
const CHUNKINGS = [
  { metric: 'byte by byte', chunkBytes: 1, frames: 2, rounds: 9, quickRounds: 2 },
  { metric: 'in 64 KiB chunks', chunkBytes: 65_536, frames: 64, rounds: 30, quickRounds: 8 },
];

export default {
  question: 'Does the time to decode a frame grow linearly with its length, whatever the size of the chunks?',
  needs: [],
  metrics: Object.fromEntries(CHUNKINGS.map(({ metric }) => [metric, 'ns of processor time per byte'])),
  bars: CHUNKINGS.map(({ metric }) => ({
    metric,
    of: '2 MiB',
    to: '1 MiB',
    max: 1.2,
    min: 0.8,
    // Quadratic growth gives 2.
    quickMax: 1.7,
  })),
  async run(bench) {
    const decoder = bench.node('ours', 'decoder.mjs', bench.corrupts('ours') ? ['corrupt'] : []);
    await decoder.next();
    for (const { metric, chunkBytes, frames, rounds, quickRounds } of CHUNKINGS) {
      await bench.alternate({ '1 MiB': 1, '2 MiB': 2 }, bench.size(rounds, quickRounds), async (mebibytes) => {
        const command = `decode ${mebibytes * MIB} ${chunkBytes} ${frames / mebibytes}`;
        return { [metric]: (await decoder.ask(command)).nsPerByte };
      });
    }
  },
};
