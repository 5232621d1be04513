import { EEPROMMemoryBackend } from 'avr8js';
import { Atmega328p, EEPROM_BYTES, ResetCause } from '../avr/atmega328p.js';
import type { CharacterFormat } from '../avr/character.js';
import { CharacterReceiver } from '../avr/character.js';
import { Pacer } from './pacer.js';
import { SimulatedTty, type TtyUser } from './simulated-tty.js';
import { SimulatedWire } from './simulated-wire.js';

/**
 * The head start that opening a port gives the chip, as on a real machine, where opening takes about as long. Without
 * it, a fast host could send its first byte before the program has set up its receiver.
 */
const OPENING_MS = 1;

/** Bytes that were lost, by reason. */
export interface SimulatedBytesLost {
  /** Sent to the board while its receiver was off: before the program enabled it, or during a reset. */
  readonly receiverOff: number;
  /** Received, but overwritten by later bytes because the program did not read them in time. */
  readonly overrun: number;
  /** Sent to the board while its boot loader ran. */
  readonly bootLoader: number;
  /**
   * Sent in either direction and misread, because baud rate or character format differ between the two sides. The
   * bytes that were read instead are passed on, as on real hardware.
   */
  readonly baudMismatch: number;
  /** Sent by the board while 65,536 bytes were waiting for the host to read them. */
  readonly hostBufferFull: number;
  /** Written to UDR0 by the program while the transmitter was off or its buffer was full. */
  readonly transmitterNotReady: number;
  /** Discarded by `flush()` of the port. */
  readonly flushed: number;
  /** Not yet read, or not yet sent, when the port was closed or the board unplugged. */
  readonly portClosed: number;
}

/** Counts since the board was created. Resets do not clear them. */
export interface SimulatedBoardStats {
  /** Bytes the board received intact. */
  readonly bytesReceived: number;
  /** Bytes the board transmitted. */
  readonly bytesTransmitted: number;
  readonly bytesLost: SimulatedBytesLost;
  /** Number of resets, by DTR or by the watchdog. */
  readonly resets: number;
  /** Number of instructions executed. A program that sleeps while idle executes few. */
  readonly instructions: number;
  /**
   * CPU cycles so far: simulated time, in units of 1 / `clockHz`. It does not advance while the program sleeps and
   * nothing happens, and catches up when something does.
   */
  readonly cycles: number;
  /**
   * How far simulated time has fallen behind real time while the port was open, in milliseconds. Above 0, the machine was too
   * slow for the program, or the event loop was blocked, for more than 20 ms: the host's timeouts may have expired early.
   */
  readonly lagMs: number;
}

/** The line settings of the host. */
interface LineSettings extends Omit<CharacterFormat, 'bitCycles'> {
  readonly baudRate: number;
}

interface HardwareOptions {
  readonly program: Uint16Array;
  readonly clockHz: number;
  readonly bootMs: number;
}

/** The hardware of a simulated board: the chip, the wires to and from the host, and their simulated time. */
export class SimulatedHardware {
  readonly tty = new SimulatedTty();
  readonly #options: HardwareOptions;
  readonly #eeprom = new EEPROMMemoryBackend(EEPROM_BYTES);
  readonly #hostReceiver = new CharacterReceiver();
  readonly #lost = {
    receiverOff: 0,
    overrun: 0,
    bootLoader: 0,
    baudMismatch: 0,
    hostBufferFull: 0,
    transmitterNotReady: 0,
    flushed: 0,
    portClosed: 0,
  };
  #bytesReceived = 0;
  #bytesTransmitted = 0;
  #resets = 0;
  #instructionsBeforeReset = 0;
  #isRunning = false;
  #line: LineSettings & CharacterFormat = { baudRate: 0, bitCycles: 0, dataBits: 8, parity: 'none', stopBits: 1 };
  #chip: Atmega328p;
  readonly #wire: SimulatedWire;
  readonly #pacer: Pacer;

  constructor(options: HardwareOptions) {
    this.#options = options;
    this.#chip = this.#makeChip(ResetCause.external, 0);
    this.#wire = this.#makeWire();
    this.#pacer = this.#makePacer();
  }

  get stats(): SimulatedBoardStats {
    return {
      bytesReceived: this.#bytesReceived,
      bytesTransmitted: this.#bytesTransmitted,
      bytesLost: { ...this.#lost },
      resets: this.#resets,
      instructions: this.#instructionsBeforeReset + this.#chip.cpu.instructions,
      cycles: this.#chip.cpu.cycles,
      lagMs: this.#pacer.lagMs,
    };
  }

  /** The line settings of the host. All open ports of the board share them. */
  get line(): LineSettings {
    return this.#line;
  }

  set line(settings: LineSettings) {
    this.#line = { ...settings, bitCycles: this.#options.clockHz / settings.baudRate };
  }

  /** Starts simulated time as a port opens, after any reset. The process stays alive until {@link halt}. */
  run(): void {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#pacer.start(OPENING_MS);
    }
  }

  /** Stops simulated time, and discards the contents of the host's buffers. */
  halt(): void {
    this.#isRunning = false;
    this.#pacer.stop();
    this.#lost.portClosed += this.tty.flush();
  }

  /** Resets the chip as a rising DTR does: the boot loader runs first. */
  reset(): void {
    // The clock of a sleeping chip may lag far behind. The new chip has nothing to catch up on.
    const { cycles } = this.#chip.cpu;
    this.#replaceChip(ResetCause.external, this.#isRunning ? Math.max(cycles, this.#pacer.targetCycles) : cycles);
    this.#pacer.wake();
  }

  /** Sends what was written to the tty. Call this after every write. */
  transmit(): void {
    if (!this.tty.isOutputEmpty) {
      this.#wire.wake(this.#pacer.targetCycles);
      this.#pacer.wake();
    }
  }

  /** Resolves when nothing is left to send, and the last character has been transmitted. */
  async drain(user: TtyUser): Promise<void> {
    if (!this.#isDrained) {
      await this.tty.drain(user);
    }
  }

  /** Discards the contents of the host's buffers. */
  flush(): void {
    this.#lost.flushed += this.tty.flush();
    this.transmit();
  }

  get #isDrained(): boolean {
    return this.tty.isOutputEmpty && this.#wire.isIdle;
  }

  #makeChip(resetCause: number, startCycles: number): Atmega328p {
    const { program, clockHz, bootMs } = this.#options;
    return new Atmega328p({
      program,
      eeprom: this.#eeprom,
      clockHz,
      startCycles,
      resetCause,
      // After a watchdog reset, the Uno's boot loader starts the program at once.
      bootCycles: resetCause === ResetCause.external ? (bootMs / 1000) * clockHz : 0,
      usartListener: {
        transmitted: (value, sent, beginCycles) => this.#receive(value, sent, beginCycles),
        overrun: () => {
          this.#lost.overrun++;
        },
        writeIgnored: () => {
          this.#lost.transmitterNotReady++;
        },
      },
    });
  }

  #makeWire(): SimulatedWire {
    return new SimulatedWire(
      {
        format: () => this.#line,
        takeOutput: () => this.tty.takeOutput(),
        idle: () => this.tty.outputSent(),
        received: () => {
          this.#bytesReceived++;
        },
        lost: (reason) => {
          this.#lost[reason]++;
        },
      },
      this.#chip,
    );
  }

  #makePacer(): Pacer {
    return new Pacer(
      {
        cycles: () => this.#chip.cpu.cycles,
        nextCycles: () => this.#chip.cpu.nextCycles,
        urgent: () => this.#chip.usart.transmitting || !this.#isDrained,
        run: (targetCycles, deadlineMs) => {
          this.#chip.cpu.run(targetCycles, deadlineMs);
          if (this.#chip.watchdogFired) {
            this.#replaceChip(ResetCause.watchdog, this.#chip.cpu.cycles);
          }
          this.tty.reportInput();
        },
      },
      this.#options.clockHz,
    );
  }

  #replaceChip(resetCause: number, startCycles: number): void {
    this.#resets++;
    this.#instructionsBeforeReset += this.#chip.cpu.instructions;
    this.#chip = this.#makeChip(resetCause, startCycles);
    this.#wire.attach(this.#chip);
  }

  /** A character of the board reaches the host. */
  #receive(value: number, sent: CharacterFormat, beginCycles: number): void {
    this.#bytesTransmitted++;
    const received = this.#hostReceiver.receive(value, sent, this.#line, beginCycles);
    if (received && !this.tty.pushInput(received.value)) {
      this.#lost.hostBufferFull++;
    } else if (received?.value !== value) {
      this.#lost.baudMismatch++;
    }
  }
}
