import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Decoder } from './decoder.js';

export type { DecodedValue, Decoder } from './decoder.js';

interface DecoderEntry {
  /** What follows the name and a colon, for help. Default: nothing. */
  readonly argument?: string;
  /** Wireshark's name for the dissector of such packets, if it has one. */
  readonly dissector?: string;
  /**
   * Loads the decoder, and only the packages that it needs.
   *
   * @throws CliError
   */
  load(argument: string): Promise<Decoder>;
}

/** The decoders, by the names that `--decode` accepts. To add one, write its file and add it here. */
const DECODERS: Readonly<Record<string, DecoderEntry>> = {
  text: { dissector: 'data-text-lines', load: async () => (await import('./text.js')).textDecoder },
  json: { dissector: 'json', load: async () => (await import('./json.js')).jsonDecoder },
  cbor: { dissector: 'cbor', load: async () => (await import('./cbor.js')).cborDecoder },
  msgpack: { dissector: 'msgpack', load: async () => (await import('./msgpack.js')).msgpackDecoder },
  struct: { argument: 'FORMAT', load: async (format) => (await import('./struct.js')).structDecoder(format) },
  protobuf: {
    argument: 'FILE:TYPE',
    dissector: 'protobuf',
    load: async (type) => (await import('./protobuf.js')).protobufDecoder(type),
  },
};

const entries = Object.entries(DECODERS);

/** The values of `--decode`, for help and messages. */
export const DECODER_GRAMMAR = entries
  .map(([name, { argument }]) => (argument === undefined ? name : `${name}:${argument}`))
  .join(', ')
  .replace(/, ([^,]*)$/, ' or $1');

/** The decoders that need no argument: those that can be completed. */
export const PLAIN_DECODERS: readonly string[] = entries.flatMap(([name, { argument }]) =>
  argument === undefined ? [name] : [],
);

/** The decoders that Wireshark has a dissector for. */
export const DISSECTED_DECODERS: readonly string[] = entries.flatMap(([name, { dissector }]) =>
  dissector === undefined ? [] : [name],
);

/** Wireshark's name for the dissector of a decoder's packets; `undefined` if it has none. */
export function dissectorOf(decoder: string): string | undefined {
  return DECODERS[decoder]?.dissector;
}

/**
 * Loads the decoder that `--decode` names.
 *
 * @throws CliError (usage error) if there is no such decoder, or its argument is invalid
 */
export async function loadDecoder(spec: string): Promise<Decoder> {
  const [, name = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(spec)!;
  const entry = Object.hasOwn(DECODERS, name) ? DECODERS[name] : undefined;
  if (entry === undefined || (argument !== undefined && entry.argument === undefined)) {
    throw new CliError(ExitCode.usage, `--decode: unknown decoder "${spec}"; expected ${DECODER_GRAMMAR}`);
  }
  return entry.load(argument ?? '');
}
