import type { AVRTimerConfig } from 'avr8js';
import { AVRTimer } from 'avr8js';
import type { AvrCpu, Interrupt } from './cpu.js';

/**
 * Private state of an `AVRTimer`. There is no public way to predict what the timer does next. The version of avr8js is
 * pinned, and the timer tests would catch a change.
 */
interface TimerState {
  /** Applies the counts since the last call and schedules itself for the next one. */
  readonly count: () => void;
  readonly divider: number;
  readonly timerMode: number;
  readonly countingUp: boolean;
  readonly tcnt: number;
  readonly TOP: number;
  readonly ocrA: number;
  readonly ocrB: number;
  /** 0 if the timer has no third compare unit. */
  readonly ocrC: number;
  readonly OVF: Interrupt;
  readonly OCFA: Interrupt;
  readonly OCFB: Interrupt;
  readonly OCFC: Interrupt;
}

/** The values of `timerMode` that count up and then down. */
const PHASE_CORRECT = 1;
const PHASE_AND_FREQUENCY_CORRECT = 4;

/**
 * Adds one of avr8js's timers to `cpu`.
 *
 * `AVRTimer` schedules an event for every count: 250,000 per second for each of three timers with the Arduino core's
 * prescaler. Here it gets an event only for counts that can set a flag. It catches up on the skipped counts whenever
 * the program reads the counter.
 */
export function addTimer(cpu: AvrCpu, config: AVRTimerConfig): void {
  const timer = new AVRTimer(cpu, config) as unknown as TimerState;
  cpu.addExtraDelay(timer.count, () => (countsUntilFlag(timer) - 1) * timer.divider);
  // These registers determine what the counter does next. AVRTimer itself reschedules when TCNTn is written.
  for (const address of [config.OCRA, config.OCRB, config.OCRC, config.ICR, config.TCCRA, config.TCCRB]) {
    const hook = cpu.writeHooks[address];
    if (hook) {
      cpu.writeHooks[address] = (value, oldValue, addr, mask) => {
        if (timer.divider !== 0) {
          // Reading the counter applies the counts so far, while the old register value is still in effect.
          cpu.readData(config.TCNT);
        }
        const isHandled = hook(value, oldValue, addr, mask);
        cpu.updateClockEvent(timer.count, 0);
        return isHandled;
      };
    }
  }
  correctFlags(cpu, config, timer);
}

/**
 * Replaces what avr8js does when the program writes the flags: it clears the flags that are not written too. When the
 * interrupts are enabled and disabled, it forgets that of the third compare unit.
 */
function correctFlags(cpu: AvrCpu, { TIFR, TIMSK }: AVRTimerConfig, { OVF, OCFA, OCFB, OCFC }: TimerState): void {
  cpu.writeHooks[TIFR] = (value, oldValue, _address, mask) => {
    for (const interrupt of [OVF, OCFA, OCFB, OCFC]) {
      cpu.clearInterruptByFlag(interrupt, value & mask);
    }
    cpu.data[TIFR] = oldValue & ~(value & mask);
    return true;
  };
  const writeMask = cpu.writeHooks[TIMSK];
  cpu.writeHooks[TIMSK] = (...write) => {
    if (OCFC.enableMask !== 0) {
      cpu.updateInterruptEnable(OCFC, write[0]);
    }
    return writeMask?.(...write);
  };
}

/** Number of counts, at least 1, until one that may set a flag or reverse the direction. */
function countsUntilFlag({ timerMode, countingUp, tcnt, TOP, ocrA, ocrB, ocrC }: TimerState): number {
  const isPhaseCorrect = timerMode === PHASE_CORRECT || timerMode === PHASE_AND_FREQUENCY_CORRECT;
  const direction = isPhaseCorrect && !countingUp ? -1 : 1;
  let counts = Number.POSITIVE_INFINITY;
  for (const value of [0, ocrA, ocrB, ocrC, TOP]) {
    const ahead = (value - tcnt) * direction;
    if (ahead > 0) {
      counts = Math.min(counts, ahead);
    }
  }
  const endsNow = direction === 1 ? tcnt >= TOP : tcnt === 0;
  return endsNow ? 1 : counts;
}
