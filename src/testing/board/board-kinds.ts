import { invalidOption } from '../../options.js';
import { ATMEGA32U4 } from '../avr/atmega32u4.js';
import { ATMEGA328P } from '../avr/atmega328p.js';
import { ATMEGA2560 } from '../avr/atmega2560.js';
import { AvrModel } from '../avr/avr-chip.js';
import type { AvrConfig } from '../avr/avr-config.js';
import type { ChipModel } from '../chip/simulated-chip.js';
import type { DeviceIdentity } from '../device.js';
import { loadProgram } from './load-program.js';
import { rp2040Model } from './rp2040-model.js';

/** @internal What runs on a chip, and how. */
interface ChipOptions {
  readonly image: string | Uint8Array | URL;
  readonly clockHz: number | undefined;
  readonly bootMs: number | undefined;
  readonly uart: number | undefined;
  readonly bootrom: string | URL | undefined;
}

/** @internal A kind of board: what is known about it by the chip that it carries. */
interface BoardKind {
  /** How it is described by default. */
  readonly identity: DeviceIdentity;
  /** Numbers of the UARTs that can lead to the host. */
  readonly uarts: readonly number[];
  /** The options that such a board does not have, and why. */
  readonly without: { readonly [Name in keyof ChipOptions]?: string };
  makeChip(options: ChipOptions): ChipModel;
}

/** @internal An Arduino board with an AVR. */
function arduino(config: AvrConfig, productId: string): BoardKind {
  const uarts = Object.keys(config.uarts).map(Number);
  return {
    identity: { manufacturer: 'Arduino (www.arduino.cc)', vendorId: '2341', productId },
    uarts,
    without: { bootrom: 'an AVR has no boot ROM' },
    makeChip: ({ image, clockHz = 16_000_000, bootMs = 0, uart = uarts[0]! }) => {
      return new AvrModel(config, { program: loadProgram(image, config.flashBytes), clockHz, bootMs, uart });
    },
  };
}

/** @internal */
const PICO: BoardKind = {
  identity: { manufacturer: 'Raspberry Pi', vendorId: '2e8a', productId: '000a' },
  uarts: [0, 1],
  without: { bootMs: 'DTR does not reset it', clockHz: 'its program sets its clock' },
  makeChip: ({ image, uart, bootrom }) => rp2040Model({ image, bootrom, uart }),
};

/** A chip that a simulated board can carry. */
export type SimulatedChipName = 'atmega328p' | 'atmega2560' | 'atmega32u4' | 'rp2040';

/** @internal The boards, by their chip: Uno, Mega 2560, Leonardo and Pico. */
const BOARD_KINDS: Readonly<Record<SimulatedChipName, BoardKind>> = {
  atmega328p: arduino(ATMEGA328P, '0043'),
  atmega2560: arduino(ATMEGA2560, '0042'),
  atmega32u4: arduino(ATMEGA32U4, '8036'),
  rp2040: PICO,
};

/** @internal */
export const CHIP_NAMES = Object.keys(BOARD_KINDS) as SimulatedChipName[];

/**
 * Makes a chip, and says how its board is described by default.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if an option does not fit the chip, or a file cannot be read
 * @throws RangeError if the image is longer than the flash of the chip
 * @throws SyntaxError if the image is not one for the chip
 * @internal
 */
export function makeChip(
  name: SimulatedChipName,
  options: ChipOptions,
): { readonly identity: DeviceIdentity; readonly model: ChipModel } {
  const kind = BOARD_KINDS[name];
  for (const [option, reason] of Object.entries(kind.without)) {
    if (options[option as keyof ChipOptions] !== undefined) {
      throw invalidOption(`SimulatedBoard: ${option} cannot be used with the chip ${name}: ${reason}; leave it out`);
    }
  }
  const { uart } = options;
  if (uart !== undefined && !kind.uarts.includes(uart)) {
    throw invalidOption(`SimulatedBoard: uart is ${uart}; expected ${kind.uarts.join(', ')} with the chip ${name}`);
  }
  return { identity: kind.identity, model: kind.makeChip(options) };
}
