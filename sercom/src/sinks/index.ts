import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { grouped, type OptionsOf, option } from '../options/define.js';
import type { SinkContext } from './define.js';
import { rejectConflicts } from './file-conflicts.js';
import type { FileSink } from './file-sink.js';
import { logSink } from './log.js';
import { OutputFile } from './output-file.js';
import { captureSink } from './pcapng.js';

/** The sinks that write to files. To add one, write its file and add it here. */
export const SINKS = [logSink, captureSink] as const;

type UnionToIntersection<Union> = (Union extends unknown ? (each: Union) => void : never) extends (
  all: infer Intersection,
) => void
  ? Intersection
  : never;

const OPTIONS = Object.assign({}, ...SINKS.map(({ options }) => options)) as UnionToIntersection<
  (typeof SINKS)[number]['options']
>;

/** The options of commands that write records to files. */
export const SINK_OPTIONS = {
  ...OPTIONS,
  ...grouped('Files:', {
    force: option('--force', 'overwrite existing files', { needs: SINKS.map(({ name }) => name) }),
  }),
};

export type SinkOptions = OptionsOf<typeof SINK_OPTIONS>;

/** What {@link openSinks} needs in addition to the options. */
export interface SinkSettings extends SinkContext {
  /** The recordings that records are read from. No sink may write to them. Default: none. */
  readFiles?: readonly string[];
  /** How messages name the option of the file. Default: the option of the sink. */
  flag?: string;
}

/**
 * Opens the sinks that the options ask for. Existing files stay unchanged until the sinks begin.
 *
 * @throws CliError
 */
export async function openSinks(
  options: SinkOptions,
  { readFiles = [], flag, ...context }: SinkSettings,
): Promise<FileSink[]> {
  const wanted = SINKS.flatMap((definition) => {
    const path = options[definition.name];
    return path === undefined
      ? []
      : [{ definition, path, option: flag ?? definition.flag, isRotated: definition.rotates?.(options) === true }];
  });
  for (const { definition, path } of wanted) {
    if (path === '-') {
      checkStdout(definition);
    }
  }
  await rejectConflicts(wanted, readFiles);
  const sinks: FileSink[] = [];
  try {
    for (const { definition, path, option, isRotated } of wanted) {
      const continuation = definition.continuation?.(options);
      const file = await OutputFile.open({ path, option, isForced: options.force === true, continuation });
      if (isRotated && !file.isRegular) {
        await file.close();
        throw new CliError(
          ExitCode.usage,
          `${option}: ${path} is not a regular file, so it cannot be rotated; name another file`,
        );
      }
      sinks.push(definition.open(file, options, context));
    }
  } catch (error) {
    await Promise.all(sinks.map((sink) => sink.close()));
    throw error;
  }
  return sinks;
}

/** @throws CliError (usage error) if the sink cannot write to this stdout */
function checkStdout({ flag, canBeStdout, pipeTo }: (typeof SINKS)[number]): void {
  if (!canBeStdout) {
    const others = SINKS.filter((other) => other.canBeStdout).map((other) => other.flag);
    throw new CliError(ExitCode.usage, `${flag} -: only ${others.join(' and ')} can write to stdout; name a file`);
  }
  if (pipeTo !== undefined && process.stdout.isTTY) {
    throw new CliError(
      ExitCode.usage,
      `${flag} -: stdout is a terminal, which cannot show this file; pipe it, for example to "${pipeTo}"`,
    );
  }
}

/** Whether a sink writes to stdout, which leaves no room for lines. */
export function writesToStdout(options: SinkOptions): boolean {
  return SINKS.some(({ name }) => options[name] === '-');
}
