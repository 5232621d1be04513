import { avrInstruction, CPU } from 'avr8js';

const SEI = 0x9478;
const RETI = 0x9518;
const SLEEP = 0x9588;

/** The sleep mode control register and its "sleep enable" bit. */
const SMCR = 0x53;
const SE = 0x01;

const SRAM_BYTES = 2048;

/** Instructions between two looks at the clock: some 0.01 ms of them. */
const INSTRUCTIONS_PER_CHECK = 256;

type ClockCallback = () => void;

interface ClockEvent {
  readonly cycles: number;
  readonly callback: ClockCallback;
}

/**
 * avr8js's CPU, and what it lacks:
 *
 * - SLEEP stops the program until an enabled interrupt is pending; simulated time then jumps from event to event. Every
 *   sleep mode is taken for idle mode, in which timers and USART go on.
 * - One more instruction is executed after SEI and RETI before an interrupt is taken, as on the chip; without that, the
 *   usual `sei(); sleep_cpu();` would have the race that it is there to avoid.
 * - It runs up to a given cycle, and stops early when its time is up.
 */
export class AvrCpu extends CPU {
  /** Instructions executed so far. */
  instructions = 0;

  /** Called when the watchdog resets the chip; the CPU executes nothing any more. */
  onReset: (() => void) | undefined;

  /** The latest first, so that the next is at the end. */
  readonly #events: ClockEvent[] = [];
  #nextEventCycles = Number.POSITIVE_INFINITY;
  readonly #furtherDelays = new Map<ClockCallback, () => number>();
  #asleep = false;
  #stopped = false;

  constructor(program: Uint16Array, cycles: number) {
    super(program, SRAM_BYTES);
    this.cycles = cycles;
  }

  /** The cycle at which there is something to do: now, or the next event of a CPU that is asleep, or never. */
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

  /** Holds the program where it is for some cycles, while the clock goes on. */
  hold(cycles: number): void {
    if (cycles > 0) {
      this.#asleep = true;
      this.addClockEvent(() => {
        this.#asleep = false;
      }, cycles);
    }
  }

  /**
   * Makes an event later than its peripheral asks for, whenever it asks for a delay at all.
   *
   * @param furtherCycles - Called each time; returns by how much.
   */
  delayFurther(callback: ClockCallback, furtherCycles: () => number): void {
    this.#furtherDelays.set(callback, furtherCycles);
  }

  /**
   * Runs until `targetCycles`, or until `performance.now()` reaches `deadlineMs`, or until the watchdog resets the chip.
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
    const furtherCycles = delayCycles > 0 ? (this.#furtherDelays.get(callback)?.() ?? 0) : 0;
    const cycles = this.cycles + Math.ceil(Math.max(1, delayCycles) + furtherCycles);
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
      // avr8js's own queue of events stays empty, so all this does is take a pending interrupt.
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
