import type { AVRTimerConfig } from 'avr8js';
import { AVRTimer, avrInstruction, CPU, timer0Config, timer1Config, timer2Config } from 'avr8js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AvrCpu } from '../../../src/testing/avr/cpu.js';
import { addTimer } from '../../../src/testing/avr/timer.js';

/** A program of NOPs. */
const PROGRAM = new Uint16Array(16_384);

const FLAGS = 0x07;

type Step =
  | { readonly write: 'TCCRA' | 'TCCRB' | 'TIFR'; readonly value: number }
  | { readonly write: 'OCRA' | 'OCRB' | 'ICR' | 'TCNT'; readonly value: number }
  | { readonly run: number };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({ write: fc.constantFrom('TCCRA' as const), value: fc.integer({ min: 0, max: 3 }) }),
  },
  // Prescalers 1, 8 and 64 (timer 2: 1, 8 and 32), with and without the upper bits of the mode.
  {
    weight: 2,
    arbitrary: fc.record({
      write: fc.constantFrom('TCCRB' as const),
      value: fc
        .tuple(fc.constantFrom(0, 0x08, 0x10, 0x18), fc.integer({ min: 0, max: 3 }))
        .map(([mode, clock]) => mode | clock),
    }),
  },
  { weight: 1, arbitrary: fc.record({ write: fc.constantFrom('TIFR' as const), value: fc.constant(FLAGS) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      write: fc.constantFrom('OCRA' as const, 'OCRB' as const, 'ICR' as const, 'TCNT' as const),
      value: fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 0xffff })),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ run: fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 6000 })) }),
  },
);

function write(cpu: CPU, config: AVRTimerConfig, register: keyof AVRTimerConfig, value: number): void {
  const address = config[register] as number;
  if (config.bits === 8) {
    // 8-bit timers have no ICR, and only mode bits 0 to 2.
    if (address !== 0) {
      cpu.writeData(address, register === 'TCCRB' ? value & 0x0f : value & 0xff);
    }
    return;
  }
  if (['OCRA', 'OCRB', 'ICR', 'TCNT'].includes(register)) {
    cpu.writeData(address + 1, value >> 8);
  }
  cpu.writeData(address, value & 0xff);
}

function read(cpu: CPU, config: AVRTimerConfig): { counter: number; flags: number } {
  const low = cpu.readData(config.TCNT);
  const high = config.bits === 16 ? (cpu.data[config.TCNT + 1] ?? 0) : 0;
  return { counter: low | (high << 8), flags: (cpu.data[config.TIFR] ?? 0) & FLAGS };
}

describe.each([
  ['0', timer0Config],
  ['1', timer1Config],
  ['2', timer2Config],
])('timer %s', (_name, config) => {
  it('counts and sets its flags as if it had an event for every count', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const every = new CPU(PROGRAM, 2048);
        new AVRTimer(every, config);
        const jumping = new AvrCpu(PROGRAM, 0);
        addTimer(jumping, config);

        for (const current of steps) {
          if ('run' in current) {
            const end = every.cycles + current.run;
            while (every.cycles < end) {
              avrInstruction(every);
              every.tick();
            }
            jumping.run(end, Number.POSITIVE_INFINITY);
          } else {
            write(every, config, current.write, current.value);
            write(jumping, config, current.write, current.value);
            // Account for the cycle of the store instruction.
            avrInstruction(every);
            every.tick();
            jumping.run(every.cycles, Number.POSITIVE_INFINITY);
          }
          // Do not read the counter here, because reading it catches up on the skipped counts.
          expect((jumping.data[config.TIFR] ?? 0) & FLAGS).toBe((every.data[config.TIFR] ?? 0) & FLAGS);
        }
        expect(read(jumping, config)).toEqual(read(every, config));
        expect(jumping.cycles).toBe(every.cycles);
      }),
      {
        numRuns: 200,
        // In fast PWM, a stopped counter at 0 uses a newly written compare value immediately.
        examples: [
          [
            [
              { write: 'TCCRA', value: 3 },
              { write: 'TCNT', value: 0 },
              { write: 'OCRA', value: 5 },
              { write: 'TCCRB', value: 1 },
              { run: 20 },
            ],
          ],
        ],
      },
    );
  });
});
