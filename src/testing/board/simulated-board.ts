import { createHash } from 'node:crypto';
import { aName, aString, checkOptions, milliseconds, type OptionRules, required } from '../../options.js';
import type { BindingOpenOptions, BindingPort, PortInfo } from '../../serial/binding.js';
import { FLASH_BYTES } from '../avr/atmega328p.js';
import { parseIntelHex } from '../avr/intel-hex.js';
import type { SimulatedBoardStats } from './simulated-hardware.js';
import { SimulatedHardware } from './simulated-hardware.js';
import { SimulatedPort } from './simulated-port.js';

/** As Linux does, closing waits this long for what is still to be sent. */
const CLOSING_WAIT_MS = 30_000;

const PARITIES = ['none', 'even', 'odd', 'mark', 'space'] as const;

/** How to make a {@link SimulatedBoard}. */
export interface SimulatedBoardOptions {
  /** The path under which the board's port is opened, such as `/dev/ttyACM0`; any name will do. */
  readonly path: string;
  /** The program: the text of an Intel HEX file, or the bytes of the flash from address 0 on, at most 32 KiB. */
  readonly image: string | Uint8Array;
  /**
   * How long the boot loader runs after a reset by DTR before the program starts; what the board receives meanwhile is
   * lost. Default 0. A real Uno takes a second or two.
   */
  readonly bootMs?: number;
  /** The clock of the chip, in Hz. Default 16,000,000. */
  readonly clockHz?: number;
  /** USB serial number in the list of ports. Default: made from the path, so it is the same on every run. */
  readonly serialNumber?: string;
  /** USB vendor id. Default `2341`, Arduino. */
  readonly vendorId?: string;
  /** USB product id. Default `0043`, Uno. */
  readonly productId?: string;
  /** USB manufacturer. Default `Arduino (www.arduino.cc)`. */
  readonly manufacturer?: string;
}

const RULES: OptionRules<SimulatedBoardOptions> = {
  path: required(aName),
  image: required({
    expected: 'the text of an Intel HEX file, or a Uint8Array',
    accepts: (value) => typeof value === 'string' || value instanceof Uint8Array,
  }),
  bootMs: milliseconds,
  clockHz: {
    expected: 'a number above 0',
    accepts: (value) => typeof value === 'number' && value > 0 && Number.isFinite(value),
  },
  serialNumber: aString,
  vendorId: aString,
  productId: aString,
  manufacturer: aString,
};

/**
 * An Arduino Uno in process: an ATmega328P, simulated by avr8js, that runs a program and whose UART is a serial port.
 * {@link simulatedBinding} makes it a port of a binding.
 *
 * - The board runs while its port is open; otherwise its time stands still. Simulated time follows real time and never
 *   leads. When the machine is too slow for the program, or the event loop is blocked, the board's time passes slower.
 * - Bytes take their time on the wire: to the board at the host's baud rate, from the board at the rate that the
 *   program has set. When the two differ by more than about 5 %, the receiver reads garbage.
 * - Opening the port raises DTR, and a rise of DTR resets the board. Closing drops DTR, unless `hupcl` is `false`.
 * - `write` resolves when the bytes have found room in a buffer of 4,096 bytes, and `close` when they are sent. What
 *   nobody reads is kept up to 65,536 bytes. An Uno has no flow control, so what comes after that is lost.
 * - SLEEP stops the program until an interrupt, and costs next to no CPU time. Every sleep mode is taken for idle mode.
 */
export class SimulatedBoard {
  /** The path under which the board's port is opened. */
  readonly path: string;
  /** The board as it shows in a list of serial ports. */
  readonly info: PortInfo;
  readonly #hardware: SimulatedHardware;
  readonly #ports = new Set<SimulatedPort>();
  #isPlugged = true;
  #isDtrHigh = false;

  /**
   * @throws InvalidArgumentError (`INVALID_OPTION`) if an option cannot be used; RangeError if the image is too
   * long; SyntaxError if it is a string and not Intel HEX.
   */
  constructor(options: SimulatedBoardOptions) {
    const given = checkOptions('SimulatedBoard', options, RULES);
    const { path, image, bootMs = 0, clockHz = 16_000_000 } = given;
    this.path = path;
    this.info = portInfo(given);
    this.#hardware = new SimulatedHardware({ program: loadProgram(image), clockHz, bootMs });
  }

  /** Counts since the board was made, as they stand now. */
  get stats(): SimulatedBoardStats {
    return this.#hardware.stats;
  }

  /** `false` from {@link unplug} to {@link plug}. */
  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  /**
   * Opens the board's port; {@link simulatedBinding} calls this.
   *
   * Rejects, with the real binding's words, while the board is unplugged (`No such file or directory`), and while its
   * port is open or still closing (`Cannot lock port`), unless one of the two openers has set `lock` to `false`.
   * Everybody who has the port open shares its buffers and line settings.
   */
  async open(options: BindingOpenOptions): Promise<BindingPort> {
    const openOptions: Required<BindingOpenOptions> = {
      dataBits: 8,
      lock: true,
      stopBits: 1,
      parity: 'none',
      rtscts: false,
      xon: false,
      xoff: false,
      xany: false,
      hupcl: true,
      ...options,
    };
    const { baudRate, dataBits, stopBits } = openOptions;
    const parity = PARITIES.find((known) => known === openOptions.parity);
    if (!(baudRate > 0)) {
      throw new TypeError('"baudRate" is not a valid baudRate');
    }
    if (!parity) {
      throw new TypeError(`"parity" is not valid: ${openOptions.parity}`);
    }
    if (!this.#isPlugged) {
      throw new Error(`Error: No such file or directory, cannot open ${this.path}`);
    }
    if (openOptions.lock && [...this.#ports].some((port) => port.openOptions.lock)) {
      throw new Error('Error Resource temporarily unavailable Cannot lock port');
    }
    const hardware = this.#hardware;
    hardware.line = { baudRate, dataBits, stopBits, parity };
    const port = new SimulatedPort(openOptions, {
      hardware,
      setDtr: (isHigh) => this.#setDtr(isHigh),
      release: (closing) => this.#release(closing),
    });
    this.#ports.add(port);
    hardware.run();
    this.#setDtr(true);
    return port;
  }

  /**
   * Pulls the board's plug: it is not listed any more, and whatever its open ports are asked, now and later, rejects
   * with an error whose `disconnect` is `true`; only closing them succeeds. Does nothing if it is unplugged already.
   */
  unplug(): void {
    if (!this.#isPlugged) {
      return;
    }
    this.#isPlugged = false;
    this.#isDtrHigh = false;
    const error = Object.assign(new Error(`Error: No such device, ${this.path} was unplugged`), { disconnect: true });
    // No more its ports when they are told: their owners may close them at once.
    const ports = [...this.#ports];
    this.#ports.clear();
    for (const port of ports) {
      port.disconnect(error);
    }
    this.#hardware.halt();
  }

  /** Plugs an unplugged board in again. Its program starts when the port is opened. */
  plug(): void {
    this.#isPlugged = true;
  }

  #setDtr(isHigh: boolean): void {
    if (isHigh && !this.#isDtrHigh) {
      this.#hardware.reset();
    }
    this.#isDtrHigh = isHigh;
  }

  async #release(port: SimulatedPort): Promise<void> {
    // Others go on sending what the port has left in the buffer.
    if (this.#ports.size === 1 && this.#ports.has(port)) {
      await this.#waitUntilSent(port);
    }
    if (this.#ports.delete(port) && this.#ports.size === 0) {
      this.#hardware.halt();
      if (port.openOptions.hupcl) {
        this.#isDtrHigh = false;
      }
    }
  }

  async #waitUntilSent(port: SimulatedPort): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, CLOSING_WAIT_MS);
    });
    // Unplugging the board ends the wait, too.
    const sent = this.#hardware.drain(port).catch(() => {});
    await Promise.race([sent, timeout]);
    clearTimeout(timer);
  }
}

function loadProgram(image: string | Uint8Array): Uint16Array {
  const flash = new Uint8Array(FLASH_BYTES).fill(0xff);
  if (typeof image === 'string') {
    flash.set(parseIntelHex(image, FLASH_BYTES));
  } else {
    if (image.length > FLASH_BYTES) {
      throw new RangeError(`SimulatedBoard: "image" must be at most ${FLASH_BYTES} bytes, got ${image.length}`);
    }
    flash.set(image);
  }
  return new Uint16Array(flash.buffer);
}

function portInfo(options: SimulatedBoardOptions): PortInfo {
  const {
    path,
    manufacturer = 'Arduino (www.arduino.cc)',
    serialNumber = createHash('sha256').update(path).digest('hex').slice(0, 20).toUpperCase(),
    vendorId = '2341',
    productId = '0043',
  } = options;
  return { path, manufacturer, serialNumber, pnpId: undefined, locationId: undefined, vendorId, productId };
}
