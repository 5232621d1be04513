import type { RP2040 } from 'rp2040js';
import { FLASH_ADDRESS, type Rp2040Program } from './flash-image.js';
import { SimulatedClock } from './simulated-clock.js';

/** The package that simulates the RP2040. */
export type Rp2040js = typeof import('rp2040js');

/** Contents of the boot ROM. */
export const BOOTROM_BYTES = 16 * 1024;

const SRAM_ADDRESS = 0x20000000;
const SRAM_END = 0x20042000;

/** What a missing boot ROM contains: BKPT 0xAB, and where programs look for its tables and functions, an address within it. */
const MISSING_BOOTROM_WORD = 0xbeabbeab;
const BOOTROM_POINTERS = [0x10 / 4, 0x14 / 4, 0x18 / 4];
const BOOTROM_POINTER_WORD = 0x01010101;

/** Instructions between two checks of the deadline; they take about 0.005 ms, and much longer at worst. */
const INSTRUCTIONS_PER_CHECK = 64;

/** A PIO executes as many instructions at a time, at 1 MHz. */
const PIO_INSTRUCTIONS = 16;
const PIO_NANOS = 16_000;

const silentLogger = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * The processor of a simulated RP2040, its memory and its time. Adds to rp2040js:
 *
 * - It starts the program directly, as the boot ROM would.
 * - WFI and WFE stop the program until an interrupt is pending, even if interrupts are disabled, and simulated time then jumps
 *   from event to event.
 * - It runs up to a given time, but stops early at a deadline.
 * - A PIO runs in simulated time, not on a timer of Node, which nothing would stop.
 * - A program that calls the missing boot ROM, hits a breakpoint, or leaves its memory has crashed, and so has one that makes
 *   rp2040js throw.
 */
export class Rp2040Core {
  readonly chip: RP2040;
  readonly clock: SimulatedClock;
  /** Instructions executed so far. */
  instructions = 0;
  #crash: string | undefined;
  #isStopped = false;

  constructor(rp2040js: Rp2040js, program: Rp2040Program, bootrom: Uint32Array | undefined, nanos: number) {
    this.clock = new SimulatedClock(nanos);
    this.chip = newChip(rp2040js, this.clock, program.flash);
    const { chip } = this;
    chip.logger = silentLogger;
    for (const pio of chip.pio) {
      pace(pio, this.clock);
    }
    chip.bootrom.set(bootrom ?? missingBootrom());
    chip.core.VTOR = program.vectorTable;
    chip.core.reset();
    chip.onBreak = () => {
      const { core } = chip;
      const address = core.PC - core.breakRewind;
      this.#end(
        address < BOOTROM_BYTES
          ? 'the program calls the boot ROM, which is missing; give its contents with the option bootrom (sercom: --bootrom FILE)'
          : `the program has stopped at a breakpoint at address 0x${address.toString(16)}, for example because of a panic`,
      );
    };
  }

  /** Why the program cannot continue; undefined while it can. */
  get crash(): string | undefined {
    return this.#crash;
  }

  /** Stops the processor for good. */
  stop(): void {
    this.#isStopped = true;
  }

  /** When the processor has work: now if awake, otherwise at the next event, or infinity without one. */
  get nextNanos(): number {
    if (this.#isStopped) {
      return Number.POSITIVE_INFINITY;
    }
    return this.chip.core.waiting ? this.clock.nextNanos : this.clock.nanos;
  }

  /** Runs until `targetNanos`, until `performance.now()` reaches `deadlineMs`, or until the processor stops. */
  run(targetNanos: number, deadlineMs: number): void {
    // rp2040js also warns on the console of registers that it lacks, whenever a program uses one.
    const { warn } = console;
    console.warn = silentLogger.warn;
    try {
      this.#run(targetNanos, deadlineMs);
    } catch (error) {
      this.#end(`the program did what rp2040js cannot simulate: ${(error as Error).message}`);
    } finally {
      console.warn = warn;
    }
  }

  #run(targetNanos: number, deadlineMs: number): void {
    const { chip, clock } = this;
    const { core } = chip;
    let countdown = INSTRUCTIONS_PER_CHECK;
    while (clock.nanos < targetNanos && !this.#isStopped) {
      if (core.waiting) {
        clock.advance(Math.min(clock.nextNanos, targetNanos) - clock.nanos);
      } else {
        this.instructions++;
        clock.advance((core.executeInstruction() * 1e9) / chip.clkSys);
        // rp2040js does not see an interrupt that is already pending.
        if (core.waiting && core.checkForInterrupts()) {
          core.waiting = false;
        }
      }
      if (--countdown === 0) {
        this.#checkAddress();
        if (performance.now() >= deadlineMs) {
          return;
        }
        countdown = INSTRUCTIONS_PER_CHECK;
      }
    }
  }

  #checkAddress(): void {
    const { PC } = this.chip.core;
    const isFlash = PC >= FLASH_ADDRESS && PC < FLASH_ADDRESS + this.chip.flash.length;
    const isSram = PC >= SRAM_ADDRESS && PC < SRAM_END;
    if (!isFlash && !isSram && PC >= BOOTROM_BYTES) {
      this.#end(`the program has jumped to address 0x${PC.toString(16)}, where there is no code`);
    }
  }

  #end(crash: string): void {
    this.#crash ??= crash;
    this.stop();
  }
}

/** Makes a chip with this flash. rp2040js would fill 16 MiB for each. */
function newChip(rp2040js: Rp2040js, clock: SimulatedClock, flash: Uint8Array<ArrayBuffer>): RP2040 {
  class Chip extends rp2040js.RP2040 {
    override reset(): void {
      this.core.reset();
      this.pwm.reset();
    }
  }
  return Object.assign(new Chip(clock), {
    flash,
    flash16: new Uint16Array(flash.buffer),
    flashView: new DataView(flash.buffer),
  });
}

/** Lets a PIO run in simulated time. Every state machine executes one instruction per microsecond, whatever its divider is. */
function pace(pio: RP2040['pio'][number], clock: SimulatedClock): void {
  const alarm = clock.createAlarm(() => pio.run());
  pio.run = () => {
    for (let count = 0; count < PIO_INSTRUCTIONS && !pio.stopped; count++) {
      pio.step();
    }
    if (!pio.stopped) {
      alarm.schedule(PIO_NANOS);
    }
  };
}

function missingBootrom(): Uint32Array {
  const words = new Uint32Array(BOOTROM_BYTES / 4).fill(MISSING_BOOTROM_WORD);
  for (const index of BOOTROM_POINTERS) {
    words[index] = BOOTROM_POINTER_WORD;
  }
  return words;
}
