import type { CharacterFormat, ReceivedCharacter } from './character.js';

/** The chip that a board carries, between two resets. A reset needs a new one. */
export type SimulatedChip = UartChip | UsbChip;

/** A chip whose UART leads to the host. */
export interface UartChip extends AnyChip {
  readonly end: UartEnd;
}

/** A chip that is a USB device itself. */
export interface UsbChip extends AnyChip {
  readonly end: UsbEnd;
}

export function hasUsb(chip: SimulatedChip): chip is UsbChip {
  return chip.end.kind === 'usb';
}

/** What a board asks of every chip. */
interface AnyChip {
  /** Simulated time, in cycles of the clock of the {@link ChipModel}. Continues across resets. */
  readonly cycles: number;
  /** The cycle of the next work: now while the program runs, the next event while it sleeps, `Infinity` without one. */
  readonly nextCycles: number;
  /** Instructions that this chip has executed. */
  readonly instructions: number;
  /** `true` while the boot loader runs. It swallows every byte that the UART receives. */
  readonly isBooting: boolean;
  /** `true` once the watchdog has fired. The chip then does nothing more, and the board replaces it. */
  readonly watchdogFired: boolean;
  /** Why the program cannot continue. The chip then does nothing more. Undefined while it can. */
  readonly crash?: string | undefined;

  /** Runs until `targetCycles`, until `performance.now()` reaches `deadlineMs`, or until the chip stops. */
  run(targetCycles: number, deadlineMs: number): void;

  /** Calls `callback` once, within {@link run}, after `delayCycles`, at the earliest in the next cycle. */
  schedule(callback: () => void, delayCycles: number): void;

  /** The level of a pin, and whether the program drives it. Pins have the numbers printed on the board. */
  pinState(pin: number): PinState;

  /** Sets the level that a pin has as an input. A pin that was never set floats, or is pulled up by the program. */
  setPin(pin: number, isHigh: boolean): void;

  /** Sets the voltage at an analog input. Unset, it is 0. */
  setAnalog(input: number, volts: number): void;
}

/** State of a pin. */
export interface PinState {
  /** Level: as an output, what the program drives; as an input, what it would read. */
  readonly isHigh: boolean;
  /** Whether the program has made it an output. */
  readonly isOutput: boolean;
}

/** A UART: characters, one after another, each with the format of its sender. */
export interface UartEnd {
  readonly kind: 'uart';
  /** The format that the program has set. */
  readonly format: CharacterFormat;
  /** `true` while a character is being sent. */
  readonly isTransmitting: boolean;

  /** A start bit arrives. Returns `false` if the receiver is off and the character is therefore lost. */
  beginReception(): boolean;

  /** The character that began last is complete. Returns `false` if the receiver was turned off in the meantime. */
  endReception(character: ReceivedCharacter): boolean;
}

/** The settings of a serial port. */
export interface LineSettings extends Omit<CharacterFormat, 'bitCycles'> {
  readonly baudRate: number;
}

/** A USB device with one serial port: packets of 1 to 64 bytes, without a baud rate. Each side waits for the other. */
export interface UsbEnd {
  readonly kind: 'usb';
  /** Whether the program has set up a serial port. Without one, it never takes a packet. */
  readonly isConfigured: boolean;
  /** `true` while a packet of the program waits for {@link ChipListener.packetSent}, or is on its way. */
  readonly isTransmitting: boolean;

  /** The host has set its port. The program learns it; on the bus, it has no effect. */
  setLine(line: LineSettings): void;

  /** The host opens (`true`) or closes the port. The program sees the level of DTR; nothing is reset. */
  setDtr(isHigh: boolean): void;

  /**
   * Sends a packet to the program; {@link ChipListener.packetTaken} follows. Returns `false` if the program cannot take one
   * now: it is not configured, or its endpoint is not ready. {@link ChipListener.readyForPacket} follows when that changes.
   */
  sendPacket(packet: Uint8Array): boolean;

  /** The host can take a packet again, after {@link ChipListener.packetSent} has returned `false`. */
  resume(): void;
}

/** What a chip reports. All calls but those of `pinChanged` come within `run`. */
export interface ChipListener {
  /** UART: the transmitter has sent a character, up to the end of its last stop bit. */
  characterSent(value: number, format: CharacterFormat, startCycles: number): void;
  /** UART: a new character overwrote one that was received intact, because the program did not read it in time. */
  overrun(): void;
  /** UART: the program wrote a character while the transmitter was off or its buffer full. The chip ignored it. */
  writeIgnored(): void;
  /** USB: the program has sent a packet. Returns `false` if the host cannot take it now; the chip then keeps it. */
  packetSent(packet: Uint8Array): boolean;
  /** USB: the program can take a packet. */
  readyForPacket(): void;
  /** USB: the program has taken the packet that was sent last. */
  packetTaken(): void;
  /** The level of a pin has changed. */
  pinChanged(pin: number, isHigh: boolean): void;
}

/** Why a chip starts. */
export type ResetCause = 'external' | 'watchdog';

/** How a chip starts. */
export interface ChipStart {
  readonly cause: ResetCause;
  /** Cycle count to start at, so that the clock of the board continues across a reset. */
  readonly startCycles: number;
  readonly listener: ChipListener;
}

/** A kind of chip with a program in its flash. Keeps what survives a reset, such as the EEPROM. */
export interface ChipModel {
  readonly clockHz: number;
  /** Number of digital pins of the board. They are numbered from 0. */
  readonly pins: number;
  /** Number of analog inputs of the board. They are numbered from 0. */
  readonly analogInputs: number;
  /** Supply voltage: the highest voltage of a pin. */
  readonly supplyVolts: number;
  /** Whether a rising DTR resets the chip. If not, the program runs on when the host closes and opens its port. */
  readonly isResetByDtr: boolean;

  /** Makes a chip that has just been reset. */
  start(options: ChipStart): SimulatedChip;
}
