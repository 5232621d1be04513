import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Decoder } from './decoder.js';

export type { DecodedValue, Decoder } from './decoder.js';

/** What `--decode` takes, for help and messages. */
export const DECODER_GRAMMAR = 'text, json, cbor, msgpack, struct:FORMAT or protobuf:FILE:TYPE';

/** Of those, the ones that are whole as they are: what can be offered to complete. */
export const PLAIN_DECODERS: readonly string[] = ['text', 'json', 'cbor', 'msgpack'];

/**
 * The decoder that `--decode` names. Only its own packages are loaded.
 *
 * @throws CliError (wrong use) if there is no such decoder, or what it needs cannot be used
 */
export async function loadDecoder(spec: string): Promise<Decoder> {
  const [, kind, rest] = /^([^:]*)(?::(.*))?$/s.exec(spec)!;
  if (rest === undefined) {
    switch (kind) {
      case 'text':
        return (await import('./text.js')).textDecoder;
      case 'json':
        return (await import('./json.js')).jsonDecoder;
      case 'cbor':
        return (await import('./cbor.js')).cborDecoder;
      case 'msgpack':
        return (await import('./msgpack.js')).msgpackDecoder;
    }
  }
  switch (kind) {
    case 'struct':
      return (await import('./struct.js')).structDecoder(rest ?? '');
    case 'protobuf':
      return (await import('./protobuf.js')).protobufDecoder(rest ?? '');
  }
  throw new CliError(ExitCode.usage, `--decode: "${spec}" is not known; it takes ${DECODER_GRAMMAR}`);
}
