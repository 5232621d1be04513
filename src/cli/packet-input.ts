import { CliError } from './cli-error.js';
import type { Encoding } from './encoders.js';
import { ExitCode } from './exit-codes.js';
import { parseHex } from './hex.js';

/** What the packets to send are written as. */
export const INPUT_KINDS = ['text', 'hex', 'json'] as const;
export type InputKind = (typeof INPUT_KINDS)[number];

/** What JSON can be encoded to. */
export const ENCODINGS = ['cbor', 'msgpack'] as const satisfies readonly Encoding[];

/**
 * Makes a packet of what somebody has written.
 *
 * @throws CliError (wrong use)
 */
export type PacketReader = (text: string) => Uint8Array;

/** Reads packets that are written in one way. What JSON becomes is loaded only for JSON. */
export async function packetReader(kind: InputKind, encoding: Encoding = 'cbor'): Promise<PacketReader> {
  switch (kind) {
    case 'text':
      return (text) => Buffer.from(text);
    case 'hex':
      return parseHex;
    case 'json': {
      const { loadEncoder } = await import('./encoders.js');
      const encode = await loadEncoder(encoding);
      return (text) => encode(parseJson(text));
    }
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CliError(ExitCode.usage, `this is not JSON: ${text} (${(error as Error).message})`);
  }
}
