import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { count } from '../text/count.js';

/** @throws CliError (wrong use) if a packet is longer than `--max-packet` */
export function checked(packet: Uint8Array, maxBytes: number): Uint8Array {
  if (packet.length > maxBytes) {
    throw new CliError(
      ExitCode.usage,
      `a packet has at most ${count(maxBytes, 'byte')}; send less at a time, or raise --max-packet at both ends`,
    );
  }
  return packet;
}
