import { avrInstruction, CPU } from 'avr8js';

const SEI = 0x9478;
const RETI = 0x9518;
const SLEEP = 0x9588;

/** The sleep mode control register and its "sleep enable" bit. */
const SMCR = 0x53;
const SE = 0x01;

/** The registers that avr8js adds to the size of the memory. */
const REGISTER_BYTES = 0x100;

/** Instructions between two checks of the deadline; they take about 0.01 ms. */
const INSTRUCTIONS_PER_CHECK = 256;

/** How avr8js describes an interrupt. */
export type Interrupt = Parameters<CPU['setInterruptFlag']>[0];

type ClockCallback = () => void;

interface ClockEvent {
  readonly cycles: number;
  readonly callback: ClockCallback;
}

/**
 * Adds to avr8js's CPU:
 *
 * - SLEEP stops the program until an enabled interrupt is pending. Meanwhile, simulated time jumps from event to event.
 *   Every sleep mode is treated as idle mode, in which timers and USART keep running.
 * - As on the chip, the instruction after SEI or RETI runs before any interrupt. Without this, the usual
 *   `sei(); sleep_cpu();` would have the race condition that it exists to avoid.
 * - It runs up to a given cycle, but stops early at a deadline.
 */
export class AvrCpu extends CPU {
  /** Instructions executed so far. */
  instructions = 0;

  /** Called when the watchdog resets the chip. The CPU then executes nothing more. */
  onReset: (() => void) | undefined;

  /** Sorted latest first, so that the next event is at the end. */
  readonly #events: ClockEvent[] = [];
  #nextEventCycles = Number.POSITIVE_INFINITY;
  readonly #extraDelays = new Map<ClockCallback, () => number>();
  #asleep = false;
  #stopped = false;

  /** @param dataBytes - size of the data memory, registers included */
  constructor(program: Uint16Array, dataBytes: number, cycles: number) {
    super(program, dataBytes - REGISTER_BYTES);
    this.cycles = cycles;
  }

  /** The next cycle at which the CPU has work: now if awake, otherwise at the next event, or `Infinity` without one. */
  get nextCycles(): number {
    const isAwake = !this.#asleep || (this.interruptsEnabled && this.nextInterrupt >= 0);
    return isAwake ? this.cycles : this.#nextEventCycles;
  }

  /** avr8js calls this in the constructor and when the watchdog fires. */
  override reset(): void {
    super.reset();
    if (this.onReset) {
      this.#stopped = true;
      this.onReset();
    }
  }

  /** Stops the program for this many cycles while the clock keeps running. */
  hold(cycles: number): void {
    if (cycles > 0) {
      this.#asleep = true;
      this.addClockEvent(() => {
        this.#asleep = false;
      }, cycles);
    }
  }

  /**
   * Delays an event by more than its peripheral requests, each time the peripheral requests a delay.
   *
   * @param extraCycles - Called for each request; returns the additional delay in CPU cycles.
   */
  addExtraDelay(callback: ClockCallback, extraCycles: () => number): void {
    this.#extraDelays.set(callback, extraCycles);
  }

  /**
   * Runs until `targetCycles`, until `performance.now()` reaches `deadlineMs`, or until the watchdog resets the chip.
   */
  run(targetCycles: number, deadlineMs: number): void {
    let countdown = INSTRUCTIONS_PER_CHECK;
    while (this.cycles < targetCycles && !this.#stopped) {
      if (this.#asleep) {
        this.#sleep(targetCycles);
      } else {
        this.#step();
      }
      if (--countdown === 0) {
        if (performance.now() >= deadlineMs) {
          return;
        }
        countdown = INSTRUCTIONS_PER_CHECK;
      }
    }
  }

  override addClockEvent(callback: ClockCallback, delayCycles: number): ClockCallback {
    const extraCycles = delayCycles > 0 ? (this.#extraDelays.get(callback)?.() ?? 0) : 0;
    const cycles = this.cycles + Math.ceil(Math.max(1, delayCycles) + extraCycles);
    const events = this.#events;
    let index = events.length;
    while (index > 0 && (events[index - 1] as ClockEvent).cycles <= cycles) {
      index--;
    }
    events.splice(index, 0, { cycles, callback });
    this.#findNextEvent();
    return callback;
  }

  override updateClockEvent(callback: ClockCallback, delayCycles: number): boolean {
    const found = this.clearClockEvent(callback);
    if (found) {
      this.addClockEvent(callback, delayCycles);
    }
    return found;
  }

  override clearClockEvent(callback: ClockCallback): boolean {
    const index = this.#events.findIndex((event) => event.callback === callback);
    if (index < 0) {
      return false;
    }
    this.#events.splice(index, 1);
    this.#findNextEvent();
    return true;
  }

  #findNextEvent(): void {
    this.#nextEventCycles = this.#events.at(-1)?.cycles ?? Number.POSITIVE_INFINITY;
  }

  #runEvents(): void {
    while (this.#nextEventCycles <= this.cycles) {
      const event = this.#events.pop();
      this.#findNextEvent();
      event?.callback();
    }
  }

  #step(): void {
    const opcode = this.progMem[this.pc];
    avrInstruction(this);
    this.instructions++;
    if (this.#nextEventCycles <= this.cycles) {
      this.#runEvents();
    }
    if (opcode === SLEEP && (this.data[SMCR] ?? 0) & SE) {
      this.#asleep = true;
    } else if (opcode !== SEI && opcode !== RETI) {
      // Enters a pending interrupt. It runs no events, because avr8js's own event queue stays empty.
      super.tick();
    }
  }

  #sleep(targetCycles: number): void {
    if (this.interruptsEnabled && this.nextInterrupt >= 0) {
      this.#asleep = false;
      super.tick();
      return;
    }
    this.cycles = Math.max(this.cycles, Math.min(targetCycles, this.#nextEventCycles));
    this.#runEvents();
  }
}
