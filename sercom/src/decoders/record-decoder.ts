import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { parseFilter, type RecordFilter } from '../records/filter.js';
import type { PacketRecord } from '../records/record.js';
import type { Decoder } from './decoder.js';
import { DECODER_NAMES, loadDecoder } from './index.js';

/** Decodes records. Which decoder a record needs depends on the conditions given to `--decode`. */
export interface RecordDecoder<Each extends Pick<Decoder, 'name'> = Decoder> {
  /** The names of all its decoders. */
  readonly names: readonly string[];
  /** The decoder of a record; `undefined` if none is for it. */
  of(record: PacketRecord): Each | undefined;
}

/** Conditions in front of a decoder: they end with the first colon that the name of a decoder follows. */
const WITH_CONDITIONS = new RegExp(`^(.*?):((?:${DECODER_NAMES.join('|')})(?::.*)?)$`, 's');

/** The same decoder for every record. */
export function decoderOfAll<Each extends Pick<Decoder, 'name'>>(decoder: Each): RecordDecoder<Each> {
  return { names: [decoder.name], of: () => decoder };
}

/**
 * Loads the decoders given to `--decode`. Each may have conditions in front, written as for `--filter`:
 * `dir=rx,bytes=81:struct:<H`. The first whose conditions match decodes a packet, otherwise the one without conditions.
 *
 * @param protoFolders - given to `--proto-path`
 * @param hasIds - whether packets have ids, which some conditions need
 * @returns `undefined` if no decoder is given
 * @throws CliError (usage error) if a decoder or a condition is invalid, or if two decoders have no conditions
 */
export async function loadRecordDecoder(
  specs: readonly string[] = [],
  protoFolders: readonly string[] = [],
  hasIds = false,
): Promise<RecordDecoder | undefined> {
  const conditional: { matches: RecordFilter; decoder: Decoder }[] = [];
  let ofOthers: Decoder | undefined;
  for (const spec of specs) {
    const { conditions, decoderSpec } = split(spec);
    const matches = conditions === undefined ? undefined : parseFilter(conditions, `--decode "${spec}"`, hasIds);
    const decoder = await loadDecoder(decoderSpec, protoFolders);
    if (matches !== undefined) {
      conditional.push({ matches, decoder });
    } else if (ofOthers === undefined) {
      ofOthers = decoder;
    } else {
      const example = `for example dir=rx:${spec}`;
      throw new CliError(
        ExitCode.usage,
        `--decode: two decoders are for all packets; put conditions before one, ${example}`,
      );
    }
  }
  if (conditional.length === 0) {
    return ofOthers && decoderOfAll(ofOthers);
  }
  const all = [...conditional.map(({ decoder }) => decoder), ...(ofOthers === undefined ? [] : [ofOthers])];
  return {
    names: all.map(({ name }) => name),
    of: (record) => conditional.find(({ matches }) => matches(record))?.decoder ?? ofOthers,
  };
}

function split(spec: string): { conditions?: string; decoderSpec: string } {
  const [, name = ''] = /^([^:]*)/.exec(spec)!;
  const match = DECODER_NAMES.includes(name) ? null : WITH_CONDITIONS.exec(spec);
  return match === null ? { decoderSpec: spec } : { conditions: match[1]!, decoderSpec: match[2]! };
}
