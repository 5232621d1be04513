import { BOMBS } from './support/bombs.mjs';

/** How many packets with random lengths each decoder gets, besides the ones made for it. */
const RANDOM_PACKETS = 20;

/** A packet that takes longer is decoded three times, and the median counts: one run may include much of the compiler. */
const REPEAT_MS = 50;

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
        let cost = await measure(bench, decoder, command);
        if (cost.time > REPEAT_MS) {
          const costs = [cost, await measure(bench, decoder, command), await measure(bench, decoder, command)];
          [, cost] = costs.sort((a, b) => a.time - b.time);
        }
        worst.time = Math.max(worst.time, cost.time);
        worst.memory = Math.max(worst.memory, cost.memory);
      }
      bench.record(decoder, worst);
    }
  },
};

/** Decodes a packet in a process of its own, since a process has a peak of memory only once. */
async function measure(bench, decoder, command) {
  const side = bench.node(decoder, 'decoder-bomb.mjs', []);
  await side.next();
  const { milliseconds, megabytes } = await side.ask(command);
  side.kill();
  return { time: milliseconds, memory: megabytes };
}
