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

/** Loads the `firmware-echo` image for the Uno, an `image` for {@link SimulatedBoard}: Intel HEX. */
export async function unoEchoImage(): Promise<string> {
  // A module, because a bundle cannot find a file that is beside its sources.
  const { UNO_ECHO_IMAGE } = await import('./uno-echo-image.js');
  return UNO_ECHO_IMAGE;
}
