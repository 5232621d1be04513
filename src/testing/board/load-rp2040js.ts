import path from 'node:path';
import { InvalidArgumentError } from '../../errors.js';
import type { Rp2040js } from '../rp2040/rp2040-core.js';

/** The version that this code was written for. It relies on details that are not part of the package's interface. */
const VERSION = '1.4.1';

/**
 * Loads the package that simulates the RP2040: an optional peer dependency, so it is loaded only when it is needed.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if it cannot be loaded
 */
export function loadRp2040js(): Rp2040js {
  try {
    // Without an import, which bundlers would take for one of theirs: they cannot foresee what is required.
    return process.getBuiltinModule('node:module').createRequire(base())('rp2040js') as Rp2040js;
  } catch (error) {
    throw new InvalidArgumentError(
      'INVALID_OPTION',
      `SimulatedBoard: chip is "rp2040", which needs the package rp2040js (${firstLine(error)}); ` +
        `run "npm install --save-dev rp2040js@${VERSION}", or with --global if sercom is installed so`,
      { cause: error },
    );
  }
}

/** Without the files that required the package. */
function firstLine(error: unknown): string {
  return (error as Error).message.split('\n', 1)[0] as string;
}

/** Where the package is looked up from: this file, or the working folder, as a bundle for CommonJS does not know its own. */
function base(): string {
  return import.meta.url ?? path.join(process.cwd(), 'index.js');
}
