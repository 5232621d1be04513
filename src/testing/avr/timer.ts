import type { AVRTimerConfig } from 'avr8js';
import { AVRTimer } from 'avr8js';
import type { AvrCpu } from './cpu.js';

/**
 * The state of an `AVRTimer`. Its types call all of this private, but there is no other way to tell where the timer
 * goes; the version of avr8js is pinned, and the tests of timers would notice a change.
 */
interface TimerState {
  /** Makes up for the counts since the last call, and schedules itself for the next. */
  readonly count: () => void;
  readonly divider: number;
  readonly timerMode: number;
  readonly countingUp: boolean;
  readonly tcnt: number;
  readonly TOP: number;
  readonly ocrA: number;
  readonly ocrB: number;
}

/** `timerMode` of the modes that count up and down again. */
const PHASE_CORRECT = 1;
const PHASE_AND_FREQUENCY_CORRECT = 4;

/**
 * Puts one of avr8js's timers on `cpu`.
 *
 * `AVRTimer` has an event for every count: 250,000 a second with the Arduino core's prescaler, for each of three
 * timers. It makes up for the counts that were passed over whenever the program looks at the counter, so here it gets
 * an event only for a count that can set a flag.
 */
export function addTimer(cpu: AvrCpu, config: AVRTimerConfig): void {
  const timer = new AVRTimer(cpu, config) as unknown as TimerState;
  cpu.delayFurther(timer.count, () => (countsUntilFlag(timer) - 1) * timer.divider);
  // What the counter does next depends on these. Writing to TCNTn makes AVRTimer schedule anew by itself.
  for (const address of [config.OCRA, config.OCRB, config.ICR, config.TCCRA, config.TCCRB]) {
    const hook = cpu.writeHooks[address];
    if (hook) {
      cpu.writeHooks[address] = (value, oldValue, addr, mask) => {
        if (timer.divider !== 0) {
          // Looking at the counter makes up for the counts up to here, while the old value is still in force.
          cpu.readData(config.TCNT);
        }
        const isHandled = hook(value, oldValue, addr, mask);
        cpu.updateClockEvent(timer.count, 0);
        return isHandled;
      };
    }
  }
}

/** How many counts lie ahead, at least 1, until one that may set a flag or turn the direction. */
function countsUntilFlag({ timerMode, countingUp, tcnt, TOP, ocrA, ocrB }: TimerState): number {
  const isPhaseCorrect = timerMode === PHASE_CORRECT || timerMode === PHASE_AND_FREQUENCY_CORRECT;
  const direction = isPhaseCorrect && !countingUp ? -1 : 1;
  let counts = Number.POSITIVE_INFINITY;
  for (const value of [0, ocrA, ocrB, TOP]) {
    const ahead = (value - tcnt) * direction;
    if (ahead > 0) {
      counts = Math.min(counts, ahead);
    }
  }
  const endsNow = direction === 1 ? tcnt >= TOP : tcnt === 0;
  return endsNow ? 1 : counts;
}
