import { readFile } from 'node:fs/promises';
import type { PushBinding } from '../../serial/binding.js';
import { deviceBinding } from '../device-binding.js';
import { SimulatedBoard } from './simulated-board.js';

/**
 * Makes a binding whose ports are those of the boards, for
 * `new SerialCommunicator({ binding: simulatedBinding(board) })`. `list()` returns the boards that are plugged in, as
 * USB devices.
 *
 * @throws InvalidArgumentError (`INVALID_OPTION`) if an argument is not a SimulatedBoard, or two have the same path
 */
export function simulatedBinding(...boards: readonly SimulatedBoard[]): PushBinding {
  return deviceBinding('simulatedBinding', SimulatedBoard, boards);
}

/** Reads the `firmware-echo` image for the Uno in this package, an `image` for {@link SimulatedBoard}: Intel HEX. */
export function unoEchoImage(): Promise<string> {
  return readFile(new URL('../../../firmware-echo/prebuilt/uno.hex', import.meta.url), 'utf8');
}
