import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Decoder } from './decoder.js';

export type { DecodedValue, Decoder } from './decoder.js';

/** One entry of {@link DECODERS}. */
interface DecoderEntry {
  /** Placeholder for the text after the colon, as in `struct:FORMAT`. Without it, the decoder accepts no such text. */
  readonly argument?: string;
  /** Wireshark's name for its dissector of such packets, if it has one. */
  readonly dissector?: string;
  load(argument: string, protoFolders: readonly string[]): Promise<Decoder>;
}

/**
 * The decoders by name, in the order of the help text. Each is imported, with the packages it needs, on first use. To add
 * one, write its file and add it here.
 */
const DECODERS: ReadonlyMap<string, DecoderEntry> = new Map(
  Object.entries<DecoderEntry>({
    text: { dissector: 'data-text-lines', load: async () => (await import('./text.js')).textDecoder },
    json: { dissector: 'json', load: async () => (await import('./json.js')).jsonDecoder },
    cbor: { dissector: 'cbor', load: async () => (await import('./cbor.js')).cborDecoder },
    msgpack: { dissector: 'msgpack', load: async () => (await import('./msgpack.js')).msgpackDecoder },
    struct: { argument: 'FORMAT', load: async (format) => (await import('./struct.js')).structDecoder(format) },
    protobuf: {
      argument: 'FILE:TYPE',
      dissector: 'protobuf',
      load: async (type, folders) => (await import('./protobuf.js')).protobufDecoder(type, folders),
    },
  }),
);

/** What `--decode` accepts, one entry per decoder. */
export const DECODER_FORMS: readonly string[] = [...DECODERS].map(([name, { argument }]) =>
  argument === undefined ? name : `${name}:${argument}`,
);

/** The values that `--decode` accepts, for help and messages. */
export const DECODER_GRAMMAR = `${DECODER_FORMS.slice(0, -1).join(', ')} or ${DECODER_FORMS.at(-1)}`;

/** The names of all decoders. */
export const DECODER_NAMES: readonly string[] = [...DECODERS.keys()];

/** The decoders without an argument, which shells can complete. */
export const PLAIN_DECODERS: readonly string[] = DECODER_FORMS.filter((form) => DECODERS.has(form));

/** The decoders whose packets Wireshark has a dissector for. */
export const DISSECTED_DECODERS: readonly string[] = [...DECODERS].flatMap(([name, { dissector }]) =>
  dissector === undefined ? [] : [name],
);

/** Wireshark's name for the dissector of a decoder's packets; `undefined` if it has none. */
export function dissectorOf(decoder: string): string | undefined {
  return DECODERS.get(decoder)?.dissector;
}

/**
 * Loads a decoder given to `--decode`, and only the packages that it needs.
 *
 * @param protoFolders - given to `--proto-path`
 * @throws CliError (usage error) if the decoder is unknown or its argument is invalid
 */
export async function loadDecoder(spec: string, protoFolders: readonly string[] = []): Promise<Decoder> {
  const [, name = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(spec)!;
  const entry = DECODERS.get(name);
  if (entry === undefined || (entry.argument === undefined && argument !== undefined)) {
    throw new CliError(ExitCode.usage, `--decode: unknown decoder "${spec}"; expected ${DECODER_GRAMMAR}`);
  }
  return entry.load(argument ?? '', protoFolders);
}
