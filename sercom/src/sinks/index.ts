import type { Decoder } from '../decoders/index.js';
import { grouped, type OptionsOf, option } from '../options/define.js';
import { logSink } from './log.js';
import { pcapngSink } from './pcapng.js';
import type { RecordSink } from './sink.js';
import { checkWritten, type WrittenFile } from './written-files.js';

/** The sinks beside the screen. To add one, write its file and add it here. */
const SINKS = [logSink, pcapngSink] as const;

type UnionToIntersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer Intersection,
) => void
  ? Intersection
  : never;

const OPTIONS = Object.assign({}, ...SINKS.map(({ options }) => options)) as UnionToIntersection<
  (typeof SINKS)[number]['options']
>;

/** The options of commands that keep records. */
export const SINK_OPTIONS = {
  ...OPTIONS,
  ...grouped('Files:', {
    force: option('--force', 'overwrite existing files', { needs: SINKS.flatMap(({ file }) => file ?? []) }),
  }),
};

export type SinkOptions = OptionsOf<typeof SINK_OPTIONS>;

/** What {@link openSinks} needs in addition to the options. */
export interface SinkSettings {
  /** The names of the connections that are known before the first record. */
  names: readonly string[];
  /** What packets are decoded with. */
  decoder: Decoder | undefined;
  /** The recording that records are read from, if any. No sink may write to it. */
  readFile?: string;
}

/**
 * Opens the sinks that the options ask for. Existing files stay unchanged until the sinks begin.
 *
 * @throws CliError
 */
export async function openSinks(
  options: SinkOptions,
  { names, decoder, readFile }: SinkSettings,
): Promise<RecordSink[]> {
  await checkWritten(writtenFiles(options), readFile);
  const context = { names, decoder, force: options.force === true };
  const sinks: RecordSink[] = [];
  try {
    for (const definition of SINKS) {
      const sink = await definition.open(options, context);
      if (sink !== undefined) {
        sinks.push(sink);
      }
    }
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close?.(0)));
    throw error;
  }
  return sinks;
}

/** Whether a sink writes to stdout, which leaves no room for lines. */
export function writesToStdout(options: SinkOptions): boolean {
  return writtenFiles(options).some(({ file }) => file === '-');
}

function writtenFiles(options: SinkOptions): WrittenFile[] {
  return SINKS.flatMap(({ file: key }) => {
    const file = key && options[key];
    return typeof file === 'string' ? [{ option: `--${key}`, file }] : [];
  });
}
