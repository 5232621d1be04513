import { InvalidArgumentError } from 'commander';
import { grouped, type OptionsOf, option } from '../options/define.js';
import { integer } from '../options/values.js';
import type { PacketRecord } from '../records/packet-record.js';
import { count } from '../records/totals.js';
import { printMessage } from '../terminal/message.js';
import type { RecordSink } from './record-sink.js';

/** The options of commands that keep records in files. */
export const SINK_OPTIONS = grouped('Files:', {
  log: option('--log <file>', 'write a line for each packet and rejected frame to a file', { parse: fileName }),
  logSize: option('--log-size <bytes>', 'continue in FILE.1, FILE.2, … so that no file exceeds this size', {
    parse: integer(1_024),
    needs: ['log'],
  }),
  pcapng: option('--pcapng <file>', 'write a capture file for Wireshark; "-" writes it to stdout instead of lines'),
  force: option('--force', 'overwrite existing files', { needs: ['log', 'pcapng'] }),
});

export type SinkOptions = OptionsOf<typeof SINK_OPTIONS>;

function fileName(text: string): string {
  if (text === '-') {
    throw new InvalidArgumentError('Expected a file; --json and --pcapng - write to stdout.');
  }
  return text;
}

/** One of the sinks, and how many rejected frames were left out of it. */
interface Kept {
  option: string;
  sink: RecordSink;
  leftOut: number;
}

/**
 * Opens what the options ask for, as one. Nothing that is there is touched before it begins. Rejected frames that find
 * a sink full are left out of it; how many is said when it is closed.
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
  const kept: Kept[] = [];
  if (log !== undefined) {
    const { openLogFile } = await import('./log-file.js');
    const sink = await openLogFile(log, { maxBytes: logSize, force, deferred: true });
    kept.push({ option: '--log', sink, leftOut: 0 });
  }
  if (pcapng !== undefined) {
    const { openPcapng } = await import('./pcapng.js');
    try {
      const sink = await openPcapng(pcapng, { names, decoder, force, deferred: true });
      kept.push({ option: '--pcapng', sink, leftOut: 0 });
    } catch (error) {
      await Promise.all(kept.map(({ sink }) => sink.close()));
      throw error;
    }
  }
  return asOne(kept);
}

function asOne(kept: readonly Kept[]): RecordSink {
  // Without sinks none of them ends.
  const ended = Promise.race(kept.map(({ sink }) => sink.ended));
  let hasEnded = false;
  const end = () => {
    hasEnded = true;
  };
  ended.then(end, end);
  return {
    get isFull() {
      return kept.some(({ sink }) => sink.isFull);
    },
    begin() {
      for (const { sink } of kept) {
        sink.begin();
      }
    },
    write(record: PacketRecord) {
      let slow: Promise<void> | undefined;
      for (const each of kept) {
        // Rejected frames come as events, which cannot be held back as packets can.
        if (record.error !== undefined && each.sink.isFull) {
          each.leftOut++;
          continue;
        }
        const written = each.sink.write(record);
        if (written !== undefined) {
          slow = slow === undefined ? written : Promise.all([slow, written]).then(() => {});
        }
      }
      return slow;
    },
    remark(text: string) {
      for (const { sink } of kept) {
        sink.remark?.(text);
      }
    },
    ended,
    async close() {
      for (const { option, leftOut } of kept) {
        if (leftOut > 0 && !hasEnded) {
          printMessage(`${option}: ${count(leftOut, 'rejected frame')} left out: what it is written to is too slow`);
        }
      }
      await Promise.all(kept.map(({ sink }) => sink.close()));
    },
  };
}
