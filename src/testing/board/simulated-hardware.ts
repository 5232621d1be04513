import type { CharacterFormat } from '../chip/character.js';
import { CharacterReceiver } from '../chip/character.js';
import type { ChipListener, ChipModel, LineSettings, ResetCause, SimulatedChip } from '../chip/simulated-chip.js';
import { hasUsb } from '../chip/simulated-chip.js';
import { BoardPins } from './board-pins.js';
import type { HostLink } from './host-link.js';
import { Pacer } from './pacer.js';
import { SimulatedTty, type TtyUser } from './simulated-tty.js';
import { SimulatedUsb } from './simulated-usb.js';
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

/** The hardware of a simulated board: the chip, the wires to and from the host, and their simulated time. */
export class SimulatedHardware {
  readonly tty = new SimulatedTty();
  /** @internal */
  readonly pins: BoardPins;
  readonly #model: ChipModel;
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
  #isDtrHigh = false;
  /** The chip holds a packet that there was no room for. */
  #isPacketHeld = false;
  /** When the last change from outside happens. */
  #changeCycles = 0;
  #line: LineSettings & CharacterFormat = { baudRate: 0, bitCycles: 0, dataBits: 8, parity: 'none', stopBits: 1 };
  #chip: SimulatedChip;
  readonly #link: HostLink;
  readonly #pacer: Pacer;
  readonly #crashed: (reason: string) => void;

  /**
   * @param crashed - called if the program cannot continue. The board then has to be unplugged and plugged in again
   * @internal
   */
  constructor(model: ChipModel, crashed: (reason: string) => void) {
    this.#model = model;
    this.#crashed = crashed;
    this.#chip = this.#makeChip('external', 0);
    this.#link = this.#makeLink();
    this.pins = new BoardPins(this.#chip, (change) => this.#applyNow(change));
    this.#pacer = this.#makePacer();
  }

  get stats(): SimulatedBoardStats {
    return {
      bytesReceived: this.#bytesReceived,
      bytesTransmitted: this.#bytesTransmitted,
      bytesLost: { ...this.#lost },
      resets: this.#resets,
      instructions: this.#instructionsBeforeReset + this.#chip.instructions,
      cycles: this.#chip.cycles,
      lagMs: this.#pacer.lagMs,
    };
  }

  /** Why the program cannot continue; undefined while it can. */
  get crash(): string | undefined {
    return this.#chip.crash;
  }

  /** The line settings of the host. All open ports of the board share them. */
  get line(): LineSettings {
    return this.#line;
  }

  set line(settings: LineSettings) {
    this.#line = { ...settings, bitCycles: this.#model.clockHz / settings.baudRate };
    this.#tellLine();
    this.#pacer.wake();
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
    this.#lost.portClosed += this.tty.flush() + this.#link.discard();
  }

  /** Sets DTR. If it rises, most boards are reset: the boot loader runs first. */
  setDtr(isHigh: boolean): void {
    if (isHigh === this.#isDtrHigh) {
      return;
    }
    this.#isDtrHigh = isHigh;
    if (this.#model.isResetByDtr && isHigh) {
      this.#reset();
    }
    if (hasUsb(this.#chip)) {
      this.#chip.end.setDtr(isHigh);
    }
    this.#pacer.wake();
  }

  /** Cuts the power. A board that DTR does not reset starts again when it is next opened. */
  unplug(): void {
    this.halt();
    this.#isDtrHigh = false;
    if (!this.#model.isResetByDtr) {
      this.#reset();
    }
  }

  /** Calls `change` when the chip has reached the present time. The clock of a sleeping one lags behind. */
  #applyNow(change: () => void): void {
    if (this.#isRunning) {
      // The present time steps back when the pacer gives up on a lag. Changes keep their order.
      this.#changeCycles = Math.max(this.#changeCycles, this.#pacer.targetCycles);
      this.#pacer.wake();
    }
    const delayCycles = this.#changeCycles - this.#chip.cycles;
    if (delayCycles > 0) {
      this.#chip.schedule(change, delayCycles);
    } else {
      change();
    }
  }

  #reset(): void {
    // The clock of a sleeping chip may lag far behind. The new chip has nothing to catch up on.
    const { cycles } = this.#chip;
    this.#replaceChip('external', this.#isRunning ? Math.max(cycles, this.#pacer.targetCycles) : cycles);
  }

  /** Sends what was written to the tty. Call this after every write. */
  transmit(): void {
    if (!this.tty.isOutputEmpty) {
      this.#link.wake(this.#pacer.targetCycles);
      this.#pacer.wake();
    }
  }

  /** Moves received bytes to `target`. Returns how many. */
  read(target: Uint8Array): number {
    const length = this.tty.read(target);
    if (length > 0 && this.#isPacketHeld && hasUsb(this.#chip)) {
      this.#isPacketHeld = false;
      this.#chip.end.resume();
      this.#pacer.wake();
    }
    return length;
  }

  /** Whether the program takes bytes at all: not if it has no USB port, or not yet. */
  get isConnected(): boolean {
    return !hasUsb(this.#chip) || this.#chip.end.isConfigured;
  }

  /** Resolves when nothing is left to send, and the last character has been transmitted. */
  async drain(user: TtyUser): Promise<void> {
    if (!this.#isDrained) {
      await this.tty.drain(user);
    }
  }

  /** Discards the contents of the host's buffers. */
  flush(): void {
    this.#lost.flushed += this.tty.flush() + this.#link.discard();
    if (this.#isDrained) {
      this.tty.outputSent();
    }
    this.transmit();
  }

  get #isDrained(): boolean {
    return this.tty.isOutputEmpty && this.#link.isIdle;
  }

  #makeChip(cause: ResetCause, startCycles: number): SimulatedChip {
    const listener: ChipListener = {
      characterSent: (value, sent, beginCycles) => this.#receive(value, sent, beginCycles),
      overrun: () => {
        this.#lost.overrun++;
      },
      writeIgnored: () => {
        this.#lost.transmitterNotReady++;
      },
      packetSent: (packet) => this.#receivePacket(packet),
      readyForPacket: () => {
        if (this.#link instanceof SimulatedUsb) {
          this.#link.readyForPacket();
        }
      },
      packetTaken: () => {
        if (this.#link instanceof SimulatedUsb) {
          this.#link.packetTaken();
        }
      },
      pinChanged: (pin, isHigh) => this.pins.changed(pin, isHigh),
    };
    return this.#model.start({ cause, startCycles, listener });
  }

  #makeLink(): HostLink {
    const host = {
      format: () => this.#line,
      takeOutput: () => this.tty.takeOutput(),
      idle: () => this.tty.outputSent(),
      received: () => {
        this.#bytesReceived++;
      },
      lost: (reason: keyof SimulatedBytesLost) => {
        this.#lost[reason]++;
      },
    };
    return hasUsb(this.#chip) ? new SimulatedUsb(host, this.#chip) : new SimulatedWire(host, this.#chip);
  }

  #makePacer(): Pacer {
    return new Pacer(
      {
        cycles: () => this.#chip.cycles,
        nextCycles: () => this.#chip.nextCycles,
        urgent: () => this.#chip.end.isTransmitting || !this.#isDrained,
        run: (targetCycles, deadlineMs) => {
          this.#chip.run(targetCycles, deadlineMs);
          if (this.#chip.watchdogFired) {
            this.#replaceChip('watchdog', this.#chip.cycles);
          }
          this.tty.reportInput();
          if (this.#chip.crash !== undefined) {
            this.#crashed(this.#chip.crash);
          }
        },
      },
      this.#model.clockHz,
    );
  }

  #replaceChip(cause: ResetCause, startCycles: number): void {
    this.#resets++;
    this.#instructionsBeforeReset += this.#chip.instructions;
    this.#chip = this.#makeChip(cause, startCycles);
    this.#isPacketHeld = false;
    this.#link.attach(this.#chip);
    this.pins.attach(this.#chip);
    this.#tellLine();
    if (hasUsb(this.#chip)) {
      this.#chip.end.setDtr(this.#isDtrHigh);
    }
  }

  #tellLine(): void {
    if (hasUsb(this.#chip)) {
      this.#chip.end.setLine(this.#line);
    }
  }

  /** A USB packet of the board reaches the host, if there is room for all of it. */
  #receivePacket(packet: Uint8Array): boolean {
    this.#isPacketHeld = packet.length > this.tty.inputRoomBytes;
    if (this.#isPacketHeld) {
      return false;
    }
    for (const byte of packet) {
      this.tty.pushInput(byte);
    }
    this.#bytesTransmitted += packet.length;
    return true;
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
