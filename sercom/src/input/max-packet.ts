import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { count } from '../text/count.js';

/**
 * Returns the packet.
 *
 * @throws CliError (usage error) if the packet is longer than `--max-packet`
 */
export function checked(packet: Uint8Array, maxBytes: number): Uint8Array {
  if (packet.length > maxBytes) {
    throw new CliError(
      ExitCode.usage,
      `packet is longer than ${count(maxBytes, 'byte')}; send less at a time, or raise --max-packet (and the device's own limit)`,
    );
  }
  return packet;
}
