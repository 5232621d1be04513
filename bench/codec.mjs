import { codecMetrics, measureCodec } from './support/codec.mjs';

/** Minimum speed relative to npm `cobs`, by packet size in bytes. */
const FACTORS = { 16: 1.5, 64: 3, 1024: 5, 16384: 10 };

const cases = codecMetrics(['encode', 'decode'], Object.keys(FACTORS));

export default {
  question: 'How fast are cobsEncode and cobsDecode, compared with npm cobs?',
  needs: [],
  metrics: Object.fromEntries(cases.map(({ metric }) => [metric, 'MB per second of processor time'])),
  bars: cases.map(({ metric, size }) => ({ metric, of: 'ours', to: 'npm cobs', min: FACTORS[size] })),
  async run(bench) {
    const start = (side, library) =>
      bench.node(side, 'codec.mjs', [library, ...(bench.corrupts(side) ? ['corrupt'] : [])]);
    await measureCodec(bench, { ours: start('ours', 'ours'), 'npm cobs': start('npm cobs', 'npm') }, cases);
  },
};
