import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { checked } from '../../input/max-packet.js';
import { type PacketReader, packetReader } from '../../input/packet-input.js';
import { readPacket, readUpTo, stdinLines } from '../../input/stdin.js';
import { openToRead } from '../../records/open-to-read.js';
import { cannotRead } from '../../text/file-problem.js';
import { parseHex } from '../../text/hex.js';
import type { PacketOptions } from './command.js';

/** The packets to send: one, or one for each line of stdin until the signal is aborted. */
export type Packets = (signal: AbortSignal) => Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/**
 * Reads the packet to send before any port is opened, except for packets in lines of stdin, which are read one by one.
 *
 * @param isTerminal - whether stdout is a terminal, so that instructions are shown
 * @throws CliError (usage error, or failure if a file cannot be read); the reason of the signal when it is aborted
 */
export async function packetsOf(
  options: PacketOptions,
  maxBytes: number,
  isTerminal: boolean,
  signal: AbortSignal,
): Promise<Packets> {
  const { hex, text, stdin, file, input, encode } = options;
  if ([hex, text, stdin, file, input].filter((given) => given !== undefined).length !== 1) {
    throw new CliError(
      ExitCode.usage,
      'nothing to send; use one of --hex "01 02 ff", --text hello, --stdin, --file FILE or --input text',
    );
  }
  if (hex !== undefined) {
    const packet = checked(parsedHex(hex), maxBytes);
    return () => [packet];
  }
  if (input !== undefined) {
    const read = await packetReader(input, encode);
    return (signal) => linePackets(read, maxBytes, signal);
  }
  const bytes =
    text !== undefined
      ? Buffer.from(text)
      : file !== undefined
        ? await readFile(file, maxBytes, signal)
        : await readPacket(maxBytes, isTerminal, signal);
  const packet = encode === undefined ? bytes : (await packetReader('json', encode))(bytes.toString());
  checked(packet, maxBytes);
  return () => [packet];
}

function parsedHex(hex: string): Uint8Array {
  try {
    return parseHex(hex);
  } catch (error) {
    throw new CliError(ExitCode.usage, `--hex: ${(error as Error).message}`, { cause: error });
  }
}

async function* linePackets(read: PacketReader, maxBytes: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const line of stdinLines(signal)) {
    yield checked(read(line), maxBytes);
  }
}

async function readFile(file: string, maxBytes: number, signal: AbortSignal): Promise<Buffer> {
  try {
    return await readUpTo(await openToRead(file, signal), maxBytes);
  } catch (error) {
    signal.throwIfAborted();
    throw new CliError(ExitCode.failure, `--file: ${cannotRead(file, error)}`, { cause: error });
  }
}
