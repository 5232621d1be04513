import { BOMBS } from './support/bombs.mjs';

/** How many packets with random lengths each decoder gets, besides the ones made for it. */
const RANDOM_PACKETS = 20;

export default {
  question: 'How much time and memory can one packet of 65,535 bytes cost, for each decoder?',
  needs: [],
  metrics: { time: 'ms of processor time, the worst packet', memory: 'MB, the worst packet' },
  bars: Object.keys(BOMBS).flatMap((decoder) => [
    { metric: 'time', of: decoder, max: 100 },
    { metric: 'memory', of: decoder, max: 64 },
  ]),
  async run(bench) {
    for (const [decoder, bombs] of Object.entries(BOMBS)) {
      const commands = [
        ...Object.keys(bombs).map((_, index) => `bomb ${decoder} ${index}`),
        ...Array.from({ length: bench.size(RANDOM_PACKETS, 2) }, (_, seed) => `random ${decoder} ${seed}`),
      ];
      const worst = { time: 0, memory: 0 };
      for (const command of commands) {
        // A process has a peak only once.
        const side = bench.node(decoder, 'decoder-bomb.mjs', []);
        await side.next();
        const { milliseconds, megabytes } = await side.ask(command);
        side.kill();
        worst.time = Math.max(worst.time, milliseconds);
        worst.memory = Math.max(worst.memory, megabytes);
      }
      bench.record(decoder, worst);
    }
  },
};
