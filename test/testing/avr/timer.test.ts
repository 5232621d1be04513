import type { AVRTimerConfig } from 'avr8js';
import { AVRTimer, avrInstruction, CPU, timer0Config, timer1Config, timer2Config } from 'avr8js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ATMEGA2560 } from '../../../src/testing/avr/atmega2560.js';
import { AvrCpu } from '../../../src/testing/avr/cpu.js';
import { addTimer } from '../../../src/testing/avr/timer.js';

/** A program of NOPs. */
const PROGRAM = new Uint16Array(16_384);

const FLAGS = 0x07;

const timer3 = ATMEGA2560.timers[3] as AVRTimerConfig;

type Step =
  | { readonly write: 'TCCRA' | 'TCCRB' | 'TIFR'; readonly value: number }
  | { readonly write: 'OCRA' | 'OCRB' | 'OCRC' | 'ICR' | 'TCNT'; readonly value: number }
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
      write: fc.constantFrom('OCRA' as const, 'OCRB' as const, 'OCRC' as const, 'ICR' as const, 'TCNT' as const),
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
  if (address === 0) {
    // 8-bit timers have no ICR, and most timers no OCRC.
    return;
  }
  if (config.bits === 8) {
    // 8-bit timers have only mode bits 0 to 2.
    cpu.writeData(address, register === 'TCCRB' ? value & 0x0f : value & 0xff);
    return;
  }
  if (['OCRA', 'OCRB', 'OCRC', 'ICR', 'TCNT'].includes(register)) {
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
  // Its third compare unit has a flag of its own, which is tested below.
  ['3 of the ATmega2560', timer3],
])('timer %s', (_name, config) => {
  it('counts and sets its flags as if it had an event for every count', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 5, maxLength: 40 }), (steps) => {
        const every = new CPU(PROGRAM, 2048);
        new AVRTimer(every, config);
        const jumping = new AvrCpu(PROGRAM, 0x900, 0);
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

describe('the flags of a timer', () => {
  const OCFA = 0x02;
  const OCFB = 0x04;
  const OCFC = 0x08;

  /** Counts every cycle from 0. */
  function start(config: AVRTimerConfig, compare: Partial<Record<'OCRA' | 'OCRB' | 'OCRC', number>>) {
    const cpu = new AvrCpu(PROGRAM, 0x2200, 0);
    addTimer(cpu, config);
    for (const [register, value] of Object.entries(compare)) {
      write(cpu, config, register as keyof AVRTimerConfig, value);
    }
    cpu.writeData(config.TCCRB, 1);
    return cpu;
  }

  it('stay set when the program clears another one', () => {
    const cpu = start(timer1Config, { OCRA: 10, OCRB: 20 });
    cpu.run(100, Number.POSITIVE_INFINITY);
    expect(cpu.data[timer1Config.TIFR]! & FLAGS).toBe(OCFA | OCFB);
    cpu.writeData(timer1Config.TIFR, OCFA);
    expect(cpu.data[timer1Config.TIFR]! & FLAGS).toBe(OCFB);
  });

  it('are set by the third compare unit in time, cleared, and cause its interrupt while that is enabled', () => {
    const cpu = start(timer3, { OCRA: 60_000, OCRB: 60_000, OCRC: 1_000 });
    cpu.run(990, Number.POSITIVE_INFINITY);
    expect(cpu.data[timer3.TIFR]).toBe(0);
    cpu.run(1_010, Number.POSITIVE_INFINITY);
    expect(cpu.data[timer3.TIFR]).toBe(OCFC);

    expect(cpu.nextInterrupt).toBe(-1);
    cpu.writeData(timer3.TIMSK, OCFC);
    expect(cpu.nextInterrupt).toBe(timer3.compCInterrupt);
    cpu.writeData(timer3.TIMSK, 0);
    expect(cpu.nextInterrupt).toBe(-1);
    cpu.writeData(timer3.TIMSK, OCFC);
    cpu.writeData(timer3.TIFR, OCFC);
    expect(cpu.nextInterrupt).toBe(-1);
    expect(cpu.data[timer3.TIFR]).toBe(0);
  });
});
