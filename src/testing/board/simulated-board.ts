import { createHash } from 'node:crypto';
import { aName, checkOptions, milliseconds, type OptionRules, required } from '../../options.js';
import type { PortOpenOptions } from '../../serial/port.js';
import { within } from '../../timing/patient-timer.js';
import { Device, type DeviceIdentity, IDENTITY_RULES } from '../device.js';
import { EXPECTED_IMAGE, loadProgram } from './load-program.js';
import type { SimulatedBoardStats } from './simulated-hardware.js';
import { SimulatedHardware } from './simulated-hardware.js';
import { SimulatedPort } from './simulated-port.js';

/** Closing waits this long for bytes still to be sent, as on Linux. */
const CLOSING_WAIT_MS = 30_000;

const PARITIES = ['none', 'even', 'odd', 'mark', 'space'] as const;

/** Options of a {@link SimulatedBoard}. */
export interface SimulatedBoardOptions extends DeviceIdentity {
  /** Path of the board's port, for example `/dev/ttyACM0`. It need not exist. */
  readonly path: string;
  /**
   * The program: the path or URL of an Intel HEX file, its text, or the contents of the flash from address 0, at most
   * 32 KiB.
   */
  readonly image: string | Uint8Array | URL;
  /**
   * How long the boot loader runs after a reset by DTR, before the program starts, in milliseconds. Bytes sent to the
   * board during that time are lost. Default: 0. A real Uno takes one or two seconds.
   */
  readonly bootMs?: number;
  /** Clock of the chip in Hz. Default: 16,000,000. */
  readonly clockHz?: number;
  /** USB serial number. Default: derived from the path, the same on every run. */
  serialNumber?: string;
  /** USB vendor id, four hex digits. Default: `2341` (Arduino). */
  vendorId?: string;
  /** USB product id, four hex digits. Default: `0043` (Uno). */
  productId?: string;
  /** Manufacturer. Default: `Arduino (www.arduino.cc)`. */
  manufacturer?: string;
}

const RULES: OptionRules<SimulatedBoardOptions> = {
  path: required(aName),
  image: required({
    expected: EXPECTED_IMAGE,
    accepts: (value) => typeof value === 'string' || value instanceof Uint8Array || value instanceof URL,
  }),
  bootMs: milliseconds,
  clockHz: {
    expected: 'a number above 0',
    accepts: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  },
  ...IDENTITY_RULES,
};

/** How a board is described by default. */
const UNO: DeviceIdentity = { manufacturer: 'Arduino (www.arduino.cc)', vendorId: '2341', productId: '0043' };

/**
 * An Arduino Uno in this process: an ATmega328P, simulated by avr8js, that runs a program and whose UART is a serial
 * port. {@link simulatedBinding} makes that port available to a communicator.
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
 *   received bytes wait for the host to read them. An Uno has no flow control, so any more are lost.
 * - SLEEP stops the program until an interrupt, and then needs almost no CPU time. Every sleep mode is treated as idle
 *   mode.
 */
export class SimulatedBoard extends Device<SimulatedPort> {
  readonly #hardware: SimulatedHardware;
  #isDtrHigh = false;

  /**
   * @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid, or the file of the image cannot be read
   * @throws RangeError if the image is longer than 32 KiB
   * @throws SyntaxError if the image is not valid Intel HEX
   */
  constructor(options: SimulatedBoardOptions) {
    const {
      path,
      image,
      bootMs = 0,
      clockHz = 16_000_000,
      ...identity
    } = checkOptions('SimulatedBoard', options, RULES);
    const serialNumber = createHash('sha256').update(path).digest('hex').slice(0, 20).toUpperCase();
    super(path, { ...UNO, serialNumber, ...identity });
    this.#hardware = new SimulatedHardware({ program: loadProgram(image), clockHz, bootMs });
  }

  /** A copy of the counts since the board was created. */
  get stats(): SimulatedBoardStats {
    return this.#hardware.stats;
  }

  override unplug(): void {
    super.unplug();
    this.#isDtrHigh = false;
    this.#hardware.halt();
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
    hardware.line = { baudRate, dataBits, stopBits, parity };
    const port = new SimulatedPort(openOptions, { hardware, setDtr: (isHigh) => this.#setDtr(isHigh) });
    this.#setDtr(true);
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
        this.#isDtrHigh = false;
      }
    }
  }

  #setDtr(isHigh: boolean): void {
    if (isHigh && !this.#isDtrHigh) {
      this.#hardware.reset();
    }
    this.#isDtrHigh = isHigh;
  }

  async #waitUntilSent(port: SimulatedPort): Promise<void> {
    // Unplugging the board ends the wait too.
    const sent = this.#hardware.drain(port).catch(() => {});
    await within(CLOSING_WAIT_MS, sent);
  }
}
