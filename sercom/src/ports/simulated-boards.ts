import type { SimulatedChipName } from 'serial-communicator/testing';

/** The path of a simulated Arduino Uno that echoes. What follows it selects another program or another board. */
export const SIMULATED_PATH = 'sim:';

/** A kind of simulated board. */
export interface SimulatedKind {
  /** What follows `sim:`, before the image. */
  readonly prefix: string;
  /** As messages name it. */
  readonly board: string;
  /** What the name of an image must end with, so that a mistyped baud rate is not taken for one. */
  readonly imageName: RegExp;
  /** For messages. */
  readonly grammar: string;
  readonly expectedImage: string;
  /** Whether an image is text, not bytes. */
  readonly isText: boolean;
  /** The largest file that can be an image. */
  readonly maxImageBytes: number;
  /** Options of `SimulatedBoard`. */
  readonly options: { readonly chip?: SimulatedChipName; readonly uart?: number };
}

/** A board with an AVR. An image may have one byte per record, each of which then needs less than 32. */
function arduino(prefix: string, board: string, flashBytes: number, chip?: SimulatedChipName): SimulatedKind {
  return {
    prefix,
    board,
    imageName: /[^/\\]\.i?hex$/i,
    grammar: `sim:${prefix}FILE.hex with optional @BAUD, for example sim:${prefix}build/my.hex@9600`,
    expectedImage: 'an Intel HEX file',
    isText: true,
    maxImageBytes: 32 * flashBytes,
    options: chip === undefined ? {} : { chip },
  };
}

const MEGA = arduino('mega:', 'Mega 2560', 262_144, 'atmega2560');
const LEONARDO = arduino('leonardo:', 'Leonardo', 32_768, 'atmega32u4');

const UNO: SimulatedKind = {
  ...arduino('', 'Uno', 32_768),
  grammar:
    'sim: or sim:FILE.hex, or for other boards sim:mega:FILE.hex, sim:leonardo:FILE.hex or sim:rp2040:FILE.uf2, ' +
    'each with optional @BAUD, for example sim:build/uno.hex@9600',
};

const RP2040: SimulatedKind = {
  prefix: 'rp2040:',
  board: 'RP2040',
  imageName: /[^/\\]\.(?:uf2|elf|bin)$/i,
  grammar: 'sim:rp2040:FILE with FILE.uf2, FILE.elf or FILE.bin, for example sim:rp2040:build/pico.uf2',
  expectedImage: 'a UF2 or ELF file, or the contents of the flash',
  isText: false,
  // The flash has at most 16 MiB. Most of an ELF file may be debug information.
  maxImageBytes: 64 * 1_048_576,
  options: { chip: 'rp2040' },
};

const RP2040_UART: SimulatedKind = {
  ...RP2040,
  prefix: 'rp2040-uart:',
  grammar: RP2040.grammar.replaceAll('rp2040:', 'rp2040-uart:'),
  options: { chip: 'rp2040', uart: 0 },
};

/** All kinds. The last one has any other path. */
const KINDS = [MEGA, LEONARDO, RP2040, RP2040_UART, UNO];

/** What may follow `sim:` to select a board other than the Uno: boards that run Intel HEX files, and others. */
export const HEX_BOARDS = KINDS.filter(({ prefix, isText }) => prefix !== '' && isText).map(({ prefix }) => prefix);
export const BINARY_BOARDS = KINDS.filter(({ isText }) => !isText).map(({ prefix }) => prefix);

/** A simulated board, and the image that it runs. Without one, it runs the echo sketch. */
export interface Simulation {
  readonly kind: SimulatedKind;
  readonly file: string | undefined;
}

/** The board of a path that begins with `sim:`. Undefined for real ports. */
export function simulationOf(path: string): Simulation | undefined {
  if (!path.startsWith(SIMULATED_PATH)) {
    return undefined;
  }
  const image = path.slice(SIMULATED_PATH.length);
  const kind = KINDS.find(({ prefix }) => image.startsWith(prefix))!;
  return { kind, file: image === '' ? undefined : image.slice(kind.prefix.length) };
}
