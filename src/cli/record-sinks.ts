import { InvalidArgumentError } from 'commander';
import { RuledOption } from './option-rules.js';
import { wholeNumber } from './options.js';
import type { PacketRecord } from './packet-record.js';
import type { RecordSink } from './sinks/record-sink.js';

/** Where records are kept besides stdout; {@link sinkOptions} defines it. */
export interface SinkOptions {
  /** A file. */
  log?: string;
  /** In bytes. */
  logSize?: number;
  /** A file, or `-`. */
  pcapng?: string;
  force?: boolean;
}

/** The options of commands that keep records in files. */
export function sinkOptions(): RuledOption[] {
  return [
    new RuledOption('--log <file>', 'write a line for each packet and rejected frame to a file').argParser(fileName),
    new RuledOption('--log-size <bytes>', 'go on in FILE.1, FILE.2 and so on before one is longer')
      .argParser(wholeNumber(1_024, Number.MAX_SAFE_INTEGER))
      .needs(['log'], 'limits the files of a log'),
    new RuledOption('--pcapng <file>', 'write a capture file for Wireshark; "-" is stdout, in place of lines'),
    new RuledOption('--force', 'overwrite files that are there').needs(['log', 'pcapng'], 'overwrites files'),
  ].map((option) => option.helpGroup('Files:'));
}

function fileName(text: string): string {
  if (text === '-') {
    throw new InvalidArgumentError('It takes a file; --json and --pcapng - write to stdout.');
  }
  return text;
}

/**
 * Opens what the options ask for, as one.
 *
 * @param names - all connections there are
 * @param decoder - the name of the decoder that packets are decoded with
 * @param read - the file that records are read from, if they are
 * @throws CliError
 */
export async function openSinks(
  { log, logSize, pcapng, force }: SinkOptions,
  names: readonly string[],
  decoder: string | undefined,
  read?: string,
): Promise<RecordSink> {
  const written = Object.entries({ '--log': log, '--pcapng': pcapng }).flatMap(([option, file]) =>
    file === undefined ? [] : [{ option, file }],
  );
  if (written.length > 0) {
    const { checkWritten } = await import('./sink-files.js');
    await checkWritten(written, read);
  }
  const sinks: RecordSink[] = [];
  if (log !== undefined) {
    const { openLogFile } = await import('./sinks/log-file.js');
    sinks.push(await openLogFile(log, { maxBytes: logSize, force }));
  }
  if (pcapng !== undefined) {
    const { openPcapng } = await import('./sinks/pcapng.js');
    try {
      sinks.push(await openPcapng(pcapng, { names, decoder, force }));
    } catch (error) {
      await Promise.all(sinks.map((sink) => sink.close()));
      throw error;
    }
  }
  // Without sinks none of them ends.
  const ended = Promise.race(sinks.map((sink) => sink.ended));
  // It may fail before anybody waits for it.
  ended.catch(() => {});
  return {
    write(record: PacketRecord) {
      let slow: Promise<void> | undefined;
      for (const sink of sinks) {
        const written = sink.write(record);
        if (written !== undefined) {
          slow = slow === undefined ? written : Promise.all([slow, written]).then(() => {});
        }
      }
      return slow;
    },
    remark(text: string) {
      for (const sink of sinks) {
        sink.remark?.(text);
      }
    },
    ended,
    async close() {
      await Promise.all(sinks.map((sink) => sink.close()));
    },
  };
}
