import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { quotePacket } from '../text/escape.js';
import { parseHex } from '../text/hex.js';
import type { Encoding } from './encoders.js';

/** What the packets to send are written as. */
export const INPUT_KINDS = ['text', 'hex', 'json'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/** What JSON can be encoded to. */
export const ENCODINGS = ['cbor', 'msgpack'] as const satisfies readonly Encoding[];

/**
 * Makes a packet of what somebody has written: text, or the bytes of one, which need not be UTF-8 where they are the
 * packet.
 *
 * @throws CliError (wrong use)
 */
export type PacketReader = (written: string | Uint8Array) => Uint8Array;

/** Reads packets that are written in one way. What JSON becomes is loaded only for JSON. */
export async function packetReader(kind: InputKind, encoding: Encoding = 'cbor'): Promise<PacketReader> {
  switch (kind) {
    case 'text':
      return (written) => (typeof written === 'string' ? Buffer.from(written) : written);
    case 'hex':
      return (written) => parseHex(textOf(written));
    case 'json': {
      const { loadEncoder } = await import('./encoders.js');
      const encode = await loadEncoder(encoding);
      return (written) => encode(parseJson(textOf(written)));
    }
  }
}

function textOf(written: string | Uint8Array): string {
  if (typeof written === 'string') {
    return written;
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(written);
  } catch (error) {
    throw new CliError(ExitCode.usage, `this line is not UTF-8: ${quotePacket(written)}`, { cause: error });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(ExitCode.usage, `this is not JSON: ${text} (${(error as Error).message})`);
  }
}
