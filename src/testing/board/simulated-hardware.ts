import { EEPROMMemoryBackend } from 'avr8js';
import { Atmega328p, EEPROM_BYTES, ResetCause } from '../avr/atmega328p.js';
import type { CharacterFormat } from '../avr/character.js';
import { CharacterReceiver } from '../avr/character.js';
import { Pacer } from './simulated-pacer.js';
import { SimulatedTty } from './simulated-tty.js';
import { SimulatedWire } from './simulated-wire.js';

/** Bytes that did not arrive, by reason. */
export interface SimulatedBytesLost {
  /** Sent to the board while its receiver was off: before the program turned it on, or during a reset. */
  readonly receiverOff: number;
  /** Of the bytes received: overwritten by later ones, because the program did not read in time. */
  readonly overrun: number;
  /** Sent to the board while the boot loader ran. */
  readonly bootLoader: number;
  /**
   * Sent either way, and read wrongly or taken for a part of another byte, because baud rate or character format of
   * the two sides differ. What was read in their place is passed on, as on real hardware.
   */
  readonly baudMismatch: number;
  /** Sent by the board while 65,536 bytes were waiting for somebody to read them. */
  readonly hostBufferFull: number;
  /** Written to UDR0 by the program while the transmitter was off or its buffer full. */
  readonly transmitterNotReady: number;
  /** Discarded by `flush()` on the port. */
  readonly flushed: number;
  /** Still unread, or still to be sent, when the port was closed or unplugged. */
  readonly portClosed: number;
}

/** Counts since a board was made; resets do not clear them. */
export interface SimulatedBoardStats {
  /** Bytes that the board's receiver has taken, and read as they were sent. */
  readonly bytesReceived: number;
  /** Bytes that have left the board's transmitter. */
  readonly bytesTransmitted: number;
  readonly bytesLost: SimulatedBytesLost;
  /** Times that the board was reset: by DTR, or by its watchdog. */
  readonly resets: number;
  /** Instructions executed. A program that sleeps while idle executes few. */
  readonly instructions: number;
  /**
   * CPU cycles that have passed: simulated time, in units of 1 / `clockHz`. While a program sleeps and nothing happens,
   * this stands still; the time is made up for when something does.
   */
  readonly cycles: number;
}

/** The host's side of the wires. */
interface LineSettings extends Omit<CharacterFormat, 'bitCycles'> {
  readonly baudRate: number;
}

interface HardwareOptions {
  readonly program: Uint16Array;
  readonly clockHz: number;
  readonly bootMs: number;
}

/** What is behind a simulated board's plug: the chip, the wires to and from the host, and the time they live in. */
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
    };
  }

  /** The host's line settings, which everybody who has the port open shares. */
  get line(): LineSettings {
    return this.#line;
  }

  set line(settings: LineSettings) {
    this.#line = { ...settings, bitCycles: this.#options.clockHz / settings.baudRate };
  }

  /** Lets time pass. The process stays alive until {@link halt}. */
  run(): void {
    if (!this.#isRunning) {
      this.#isRunning = true;
      this.#pacer.start();
    }
  }

  /** Stops time, and discards what is in the host's buffers. */
  halt(): void {
    this.#isRunning = false;
    this.#pacer.stop();
    this.#lost.portClosed += this.tty.flush();
  }

  /** Resets the chip as a rise of DTR does: the boot loader runs first. */
  reset(): void {
    // The clock of a sleeping chip may lag far behind; the new one has nothing to make up for.
    const { cycles } = this.#chip.cpu;
    this.#replaceChip(ResetCause.external, this.#isRunning ? Math.max(cycles, this.#pacer.targetCycles) : cycles);
    this.#pacer.wake();
  }

  /** Sends what has been written to the tty; to be called after every write. */
  transmit(): void {
    if (!this.tty.outputEmpty) {
      this.#wire.wake(this.#pacer.targetCycles);
      this.#pacer.wake();
    }
  }

  /** Resolves when nothing is left to send, and the last character has left the wire. */
  async drain(owner: object): Promise<void> {
    if (!this.#isDrained) {
      await this.tty.drain(owner);
    }
  }

  /** Discards what the tty holds. */
  flush(): void {
    this.#lost.flushed += this.tty.flush();
    this.transmit();
  }

  get #isDrained(): boolean {
    return this.tty.outputEmpty && this.#wire.isIdle;
  }

  #makeChip(resetCause: number, startCycles: number): Atmega328p {
    const { program, clockHz, bootMs } = this.#options;
    return new Atmega328p({
      program,
      eeprom: this.#eeprom,
      clockHz,
      startCycles,
      resetCause,
      // After a watchdog reset the Uno's boot loader hands over at once.
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
        idle: () => this.tty.outputDrained(),
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
          this.tty.deliverInput();
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

  /** A character from the board reaches the host. */
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
