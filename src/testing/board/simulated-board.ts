import { createHash } from 'node:crypto';
import {
  aName,
  anInteger,
  checkOptions,
  describeValue,
  invalidOption,
  milliseconds,
  type OptionRules,
  oneOf,
  required,
} from '../../options.js';
import type { PortOpenOptions } from '../../serial/port.js';
import { within } from '../../timing/patient-timer.js';
import type { ChipModel } from '../chip/simulated-chip.js';
import { Device, type DeviceIdentity, IDENTITY_RULES } from '../device.js';
import { cannotOpen, crashed } from '../linux-errors.js';
import { CHIP_NAMES, makeChip, type SimulatedChipName } from './board-kinds.js';
import type { SimulatedBoardStats } from './simulated-hardware.js';
import { SimulatedHardware } from './simulated-hardware.js';
import type { SimulatedPin } from './simulated-pin.js';
import { SimulatedPort } from './simulated-port.js';

/** Closing waits this long for bytes still to be sent, as on Linux. */
const CLOSING_WAIT_MS = 30_000;

/** And this long for a program to set up its USB. Many have none. */
const SETUP_WAIT_MS = 1_000;

const PARITIES = ['none', 'even', 'odd', 'mark', 'space'] as const;

/** Options of a {@link SimulatedBoard}. */
export interface SimulatedBoardOptions extends DeviceIdentity {
  /** Path of the board's port, for example `/dev/ttyACM0`. It need not exist. */
  readonly path: string;
  /**
   * The program. For an AVR: the path or URL of an Intel HEX file, its text, or the contents of the flash from address 0.
   * For `rp2040`: the path or URL of a UF2 or ELF file, or of the contents of the flash, or the bytes of one of these; at
   * most 16 MiB of flash.
   */
  readonly image: string | Uint8Array | URL;
  /**
   * The chip, and with it the board: `atmega328p` (Uno, Nano; the default), `atmega2560` (Mega 2560), `atmega32u4`
   * (Leonardo, Micro) or `rp2040` (Raspberry Pi Pico), which needs the package rp2040js. The USB of the ATmega32U4 is not
   * simulated: its port leads to `Serial1`.
   */
  readonly chip?: SimulatedChipName;
  /**
   * Number of the UART that leads to the host: 0 to 3 on the ATmega2560, 0 or 1 on the RP2040. Default: 0; 1 on the
   * ATmega32U4; on the RP2040, its USB leads to the host.
   */
  readonly uart?: number;
  /**
   * How long the boot loader runs after a reset by DTR, before the program starts, in milliseconds. Bytes sent to the
   * board during that time are lost. Default: 0. A real Uno takes one or two seconds.
   */
  readonly bootMs?: number;
  /** Clock of the chip in Hz. Default: 16,000,000. Not for `rp2040`, whose program sets its clock. */
  readonly clockHz?: number;
  /**
   * For `rp2040`: the path or URL of a file with its boot ROM. Programs made with the Pico SDK call it. Default: none; a
   * program that calls it stops, and its port is lost.
   */
  readonly bootrom?: string | URL;
  /** USB serial number. Default: derived from the path, the same on every run. */
  serialNumber?: string;
  /** USB vendor id, four hex digits. Default: `2341` (Arduino). */
  vendorId?: string;
  /** USB product id, four hex digits. Default: that of the board, for example `0043` (Uno). */
  productId?: string;
  /** Manufacturer. Default: `Arduino (www.arduino.cc)`. */
  manufacturer?: string;
}

const RULES: OptionRules<SimulatedBoardOptions> = {
  path: required(aName),
  image: required({
    expected: 'the path or URL of an image, the text of an Intel HEX file, or a Uint8Array with the bytes of an image',
    accepts: (value) => typeof value === 'string' || value instanceof Uint8Array || value instanceof URL,
  }),
  chip: oneOf(...CHIP_NAMES),
  uart: anInteger(0, 3),
  bootMs: milliseconds,
  clockHz: {
    expected: 'a number above 0',
    accepts: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  },
  bootrom: {
    expected: 'the path or URL of a file',
    accepts: (value) => typeof value === 'string' || value instanceof URL,
  },
  ...IDENTITY_RULES,
};

/**
 * A board in this process, by default an Arduino Uno: a chip, simulated by avr8js or rp2040js, that runs a program, and
 * whose UART or USB is a serial port. {@link simulatedBinding} makes that port available to a communicator.
 *
 * - The board runs while its port is open. Opening counts as 1 ms, so that a program which sets up its UART at once
 *   receives the first byte. Simulated time follows real time and is never further ahead of it. If the machine is
 *   too slow for the program, or the event loop is blocked, simulated time falls behind: `lagMs` in {@link stats}.
 * - Bytes take as long as on a real serial line: to the board at the host's baud rate, from the board at the rate that
 *   the program has set. If the two differ by more than about 5 %, the receiver reads garbage.
 * - Opening the port raises DTR, and a rising DTR resets the board. Closing drops DTR, unless `hupcl` is false.
 * - With `lock: false`, its port can be opened several times. These ports share its buffers and line settings, and each
 *   chunk goes to one of them.
 * - `write` resolves when all bytes are in a buffer of 4,096 bytes, and `close` when they are sent. Up to 65,536
 *   received bytes wait for the host to read them. An Arduino has no flow control, so any more are lost.
 * - An RP2040 is not reset by DTR. On USB, there is no baud rate, and each side waits for the other. A program that cannot
 *   continue loses its port, which can be opened again after {@link unplug} and {@link plug}.
 * - {@link pin} and {@link setAnalog} read and set its pins.
 * - SLEEP stops the program until an interrupt, and then needs almost no CPU time. Every sleep mode is treated as idle
 *   mode.
 */
export class SimulatedBoard extends Device<SimulatedPort> {
  readonly #model: ChipModel;
  readonly #hardware: SimulatedHardware;

  /**
   * @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid, or the file of the image cannot be read
   * @throws RangeError if the image is longer than the flash of the chip
   * @throws SyntaxError if the image is not one for the chip
   */
  constructor(options: SimulatedBoardOptions) {
    const { path, image, chip = 'atmega328p', ...rest } = checkOptions('SimulatedBoard', options, RULES);
    const { uart, bootMs, clockHz, bootrom, ...identity } = rest;
    const { identity: ofKind, model } = makeChip(chip, { image, uart, bootMs, clockHz, bootrom });
    const serialNumber = createHash('sha256').update(path).digest('hex').slice(0, 20).toUpperCase();
    super(path, { ...ofKind, serialNumber, ...identity });
    this.#model = model;
    this.#hardware = new SimulatedHardware(model, (reason) => this.#crashed(reason));
  }

  /** A copy of the counts since the board was created. */
  get stats(): SimulatedBoardStats {
    return this.#hardware.stats;
  }

  /**
   * A digital pin, to read or set its level. The same object each time.
   *
   * @param number - as printed on the board; A0 is 14 on the Uno, 54 on the Mega 2560, and 18 on the Leonardo; on the
   * RP2040, the number of the GPIO
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the board has no such pin
   */
  pin(number: number): SimulatedPin {
    assertIndex('pin', number, this.#model.pins);
    return this.#hardware.pins.pin(number);
  }

  /**
   * Sets the voltage at an analog input, for the next conversions. It stays when the board resets. Until it is set, it is 0.
   *
   * @param input - 0 for A0
   * @param volts - from 0 to 5; to 3.3 on the RP2040
   * @throws InvalidArgumentError (`INVALID_OPTION`) if the board has no such input, or `volts` is out of range
   */
  setAnalog(input: number, volts: number): void {
    const { analogInputs, supplyVolts } = this.#model;
    assertIndex('setAnalog', input, analogInputs);
    if (!(typeof volts === 'number' && volts >= 0 && volts <= supplyVolts)) {
      throw invalidOption(
        `SimulatedBoard.setAnalog: volts is ${describeValue(volts)}; expected a number from 0 to ${supplyVolts}`,
      );
    }
    this.#hardware.pins.setAnalog(input, volts);
  }

  override unplug(): void {
    super.unplug();
    this.#hardware.unplug();
  }

  /** @internal */
  protected override isBusy(openOptions: Required<PortOpenOptions>): boolean {
    return openOptions.lock && [...this.ports].some((port) => port.openOptions.lock);
  }

  /** @internal */
  protected override newPort(openOptions: Required<PortOpenOptions>): SimulatedPort {
    const { baudRate, dataBits, stopBits } = openOptions;
    const parity = PARITIES.find((known) => known === openOptions.parity);
    if (!parity) {
      throw new TypeError(`"parity" is not valid: ${openOptions.parity}`);
    }
    const hardware = this.#hardware;
    if (hardware.crash !== undefined) {
      throw cannotOpen(this.path, hardware.crash);
    }
    hardware.line = { baudRate, dataBits, stopBits, parity };
    const port = new SimulatedPort(openOptions, hardware);
    hardware.setDtr(true);
    hardware.run();
    return port;
  }

  /** @internal */
  protected override async portClosed(port: SimulatedPort): Promise<void> {
    // If other ports are open, the board runs on and sends what this port left in the buffer.
    if (this.ports.size === 1 && this.ports.has(port)) {
      await this.#waitUntilSent(port);
    }
    if (this.ports.delete(port) && this.ports.size === 0) {
      this.#hardware.halt();
      if (port.openOptions.hupcl) {
        this.#hardware.setDtr(false);
      }
    }
  }

  /** The program cannot continue. The operating system sees a device that no longer answers. */
  #crashed(reason: string): void {
    const ports = [...this.ports];
    this.ports.clear();
    this.#hardware.halt();
    for (const port of ports) {
      port.lose(crashed(this.path, reason));
    }
  }

  async #waitUntilSent(port: SimulatedPort): Promise<void> {
    // Unplugging the board ends the wait too.
    const sent = this.#hardware.drain(port).catch(() => {});
    if (!this.#hardware.isConnected) {
      await within(SETUP_WAIT_MS, sent);
    }
    if (this.#hardware.isConnected) {
      await within(CLOSING_WAIT_MS, sent);
    }
  }
}

function assertIndex(what: string, index: number, count: number): void {
  if (!(Number.isInteger(index) && index >= 0 && index < count)) {
    throw invalidOption(
      `SimulatedBoard.${what}: got ${describeValue(index)}; expected an integer from 0 to ${count - 1}`,
    );
  }
}
