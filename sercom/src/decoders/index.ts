import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import type { Decoder } from './decoder.js';

export type { DecodedValue, Decoder } from './decoder.js';

/** One entry of {@link DECODERS}. */
interface DecoderEntry {
  /** Placeholder for the text after the colon, as in `struct:FORMAT`. Without it, the decoder accepts no such text. */
  readonly argument?: string;
  load(argument: string): Promise<Decoder>;
}

/** The decoders by name, in the order of the help text. Each is imported, with the packages it needs, on first use. */
const DECODERS: ReadonlyMap<string, DecoderEntry> = new Map(
  Object.entries<DecoderEntry>({
    text: { load: async () => (await import('./text.js')).textDecoder },
    json: { load: async () => (await import('./json.js')).jsonDecoder },
    cbor: { load: async () => (await import('./cbor.js')).cborDecoder },
    msgpack: { load: async () => (await import('./msgpack.js')).msgpackDecoder },
    struct: { argument: 'FORMAT', load: async (format) => (await import('./struct.js')).structDecoder(format) },
    protobuf: { argument: 'FILE:TYPE', load: async (type) => (await import('./protobuf.js')).protobufDecoder(type) },
  }),
);

const FORMS = [...DECODERS].map(([name, { argument }]) => (argument === undefined ? name : `${name}:${argument}`));

/** The values that `--decode` accepts, for help and messages. */
export const DECODER_GRAMMAR = `${FORMS.slice(0, -1).join(', ')} or ${FORMS.at(-1)}`;

/** The decoders without an argument, which shells can complete. */
export const PLAIN_DECODERS: readonly string[] = FORMS.filter((form) => DECODERS.has(form));

/**
 * Loads the decoder given to `--decode`, and only the packages that it needs.
 *
 * @throws CliError (usage error) if the decoder is unknown or its argument is invalid
 */
export async function loadDecoder(spec: string): Promise<Decoder> {
  const [, name = '', argument] = /^([^:]*)(?::(.*))?$/s.exec(spec)!;
  const entry = DECODERS.get(name);
  if (entry === undefined || (entry.argument === undefined && argument !== undefined)) {
    throw new CliError(ExitCode.usage, `--decode: unknown decoder "${spec}"; expected ${DECODER_GRAMMAR}`);
  }
  return entry.load(argument ?? '');
}
