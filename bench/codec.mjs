import { codecMetrics, measureCodec } from './support/codec.mjs';

/** By packet size in bytes: how many times as fast as npm `cobs`. */
const FACTORS = { 16: 1.5, 64: 3, 1024: 5, 16384: 10 };

const cases = codecMetrics(['encode', 'decode'], Object.keys(FACTORS));

export default {
  question: 'How fast are cobsEncode and cobsDecode, against npm cobs?',
  needs: [],
  metrics: Object.fromEntries(cases.map(({ metric }) => [metric, 'MB/s of processor time'])),
  bars: cases.map(({ metric, size }) => ({ metric, of: 'ours', to: 'npm cobs', min: FACTORS[size] })),
  async run(bench) {
    const start = (side, library) =>
      bench.node(side, 'codec.mjs', [library, ...(bench.corrupts(side) ? ['corrupt'] : [])]);
    await measureCodec(bench, { ours: start('ours', 'ours'), 'npm cobs': start('npm cobs', 'npm') }, cases);
  },
};
