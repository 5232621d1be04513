import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { quotePacket } from '../text/escape.js';
import { parseHex } from '../text/hex.js';
import { shorten } from '../text/shorten.js';
import { ENCODERS, type Encoding } from './encoders.js';

/** The formats in which packets to send can be written. */
export const INPUT_KINDS = ['text', 'hex', 'json'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/**
 * Turns user input into a packet. Input from a file or a pipe comes as bytes, which must be UTF-8 except for `text`,
 * where they are the packet.
 *
 * @throws CliError (usage error)
 */
export type PacketReader = (input: string | Uint8Array) => Uint8Array;

/** The reader for one format. `encoding` is used only for `json`. Default: `cbor`. */
export async function packetReader(kind: InputKind, encoding: Encoding = 'cbor'): Promise<PacketReader> {
  switch (kind) {
    case 'text':
      return (input) => (typeof input === 'string' ? Buffer.from(input) : input);
    case 'hex':
      return (input) => parseHex(textOf(input));
    case 'json': {
      const encode = await ENCODERS[encoding]();
      return (input) => encode(parseJson(textOf(input)));
    }
  }
}

function textOf(input: string | Uint8Array): string {
  if (typeof input === 'string') {
    return input;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(input);
  } catch (error) {
    throw new CliError(ExitCode.usage, `invalid UTF-8: ${shorten(quotePacket(input))}; send other bytes as hex`, {
      cause: error,
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    // The message may end with the text, which is shown already.
    const reason = (error as Error).message.replace(/, (?:\.{3})?".*$/s, '');
    throw new CliError(
      ExitCode.usage,
      `invalid JSON: ${shorten(text)} (${reason}); expected for example {"led": true} or "hello" with its quotes`,
      { cause: error },
    );
  }
}
