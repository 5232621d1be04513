import { codecMetrics, measureCodec } from './support/codec.mjs';

const cases = codecMetrics(['encodeInto', 'decode'], [256, 1_024, 16_384]);

export default {
  question: 'How fast are cobsEncodeInto and cobsDecode for 256 bytes or more, compared with a byte loop in C?',
  needs: ['cc'],
  metrics: Object.fromEntries(cases.map(({ metric }) => [metric, 'MB per second of processor time'])),
  bars: cases.map(({ metric }) => ({ metric, of: 'ours', to: 'c', min: 0.4, aim: 0.7 })),
  async run(bench) {
    const corruption = (side) => (bench.corrupts(side) ? ['corrupt'] : []);
    const sides = {
      ours: bench.node('ours', 'codec.mjs', ['ours', ...corruption('ours')]),
      c: bench.c('c', 'codec', corruption('c')),
    };
    await measureCodec(bench, sides, cases);
  },
};
