import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { loadDecoder } from '../../decoders/index.js';
import { ExitCode } from '../../exit-codes.js';
import { Interruption } from '../../interruption.js';
import { recordFormats } from '../../options/output-options.js';
import { type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import { type RecordFilter, recordFilter } from '../../records/filter.js';
import { Pacer } from '../../records/pacer.js';
import type { LineFormat, PacketRecord } from '../../records/packet-record.js';
import { readRecording } from '../../records/recording.js';
import { count } from '../../records/totals.js';
import { type Display, runSession, type Session } from '../../session/session.js';
import { openSinks } from '../../sinks/open-sinks.js';
import type { RecordSink } from '../../sinks/record-sink.js';
import { printMessage } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import type { ReplayOptions } from './command.js';

/** What plays the records of a file. */
interface Replay {
  file: string;
  rounds: number;
  speed: number;
  isMeant: RecordFilter;
}

/** Shows what a file has recorded; with a port, sends it there, and shows what happens. */
export async function replay(
  file: string,
  portArgument: string | undefined,
  options: ReplayOptions,
  output: Output,
): Promise<ExitCode> {
  const rounds = options.loop === undefined ? 1 : options.loop === true ? Number.POSITIVE_INFINITY : options.loop;
  if (file === '-' && rounds > 1) {
    throw new CliError(ExitCode.usage, '--loop: stdin can be read only once; give a file');
  }
  const [port] =
    portArgument === undefined ? [] : sessionPorts([parsePort(portArgument, options.baud)], options, false);
  const isFiltered = recordFilter(options.filter, options.reject);
  const dir = options.dir ?? (port === undefined ? 'both' : 'tx');
  const names = port === undefined ? [] : [port.name];
  const decoder = options.decode === undefined ? undefined : await loadDecoder(options.decode);
  const { line, dump } = recordFormats(options, names, output, decoder);
  const format = options.dump ? dump : line;
  const replay: Replay = {
    file,
    rounds,
    speed: options.speed ?? (port === undefined ? 0 : 1),
    isMeant: (record) => (dir === 'both' || record.dir === dir) && isFiltered(record),
  };
  const sinks = await openSinks(options, names, decoder?.name, file);
  const shown = options.pcapng === '-' ? undefined : format;
  try {
    return await (port === undefined
      ? showReplay(replay, shown, sinks, output)
      : sendReplay(replay, port, options.linger, shown, sinks, output));
  } finally {
    await sinks.close();
  }
}

/** Shows the records, as if they came now. */
async function showReplay(
  replay: Replay,
  format: LineFormat | undefined,
  sinks: RecordSink,
  output: Output,
): Promise<ExitCode> {
  const ending = new AbortController();
  const interruption = new Interruption();
  interruption.signal.addEventListener('abort', () => ending.abort());
  void output.ended.then(() => ending.abort());
  // A sink that fails says so when it is closed.
  const end = () => ending.abort();
  sinks.ended.then(end, end);
  try {
    await play(replay, ending.signal, async (record) => {
      await sinks.write(record);
      if (format !== undefined) {
        await output.write(`${format(record)}\n`);
      }
    });
    // Also if there was nothing to write.
    sinks.begin();
  } catch (error) {
    if (!ending.signal.aborted) {
      throw error;
    }
  } finally {
    interruption.close();
  }
  return interruption.signal.aborted ? ExitCode.interrupted : ExitCode.success;
}

/** Sends the packets of the records, and shows them and what comes in. */
function sendReplay(
  replay: Replay,
  port: SessionPort,
  lingerSeconds: number,
  format: LineFormat | undefined,
  sinks: RecordSink,
  output: Output,
): Promise<ExitCode> {
  const keep = (record: PacketRecord, session: Session): void | Promise<void> => {
    const written = sinks.write(record);
    const shown = session.show(record);
    return written === undefined ? shown : Promise.all([written, shown]).then(() => {});
  };
  return runSession({
    ports: [port],
    output,
    format: format ?? SILENT,
    interruptedCode: ExitCode.interrupted,
    received: keep,
    async work(session) {
      sinks.begin();
      const { signal } = session;
      const sending = async () => {
        await session.ready(port.name);
        let sent = 0;
        let rejected = 0;
        const others = await play(replay, signal, async (record) => {
          if (record.error !== undefined) {
            rejected++;
            return;
          }
          sent++;
          await keep(await session.send(port.name, record.bytes), session);
        });
        if (rejected > 0) {
          printMessage(`${count(rejected, 'rejected frame')} of ${nameOf(replay.file)} cannot be sent`);
        }
        if (sent === 0) {
          throw new CliError(ExitCode.failure, nothingSent(replay.file, others));
        }
        await delay(lingerSeconds * 1_000, undefined, { signal });
        return ExitCode.success;
      };
      return Promise.race([sending(), sinks.ended.then(() => ExitCode.success)]);
    },
  });
}

const SILENT: Display = { isFull: false, show: () => {} };

/**
 * Gives each record that is meant to `take`, when it is due, one after the other.
 *
 * @returns how many records were not meant
 */
async function play(
  { file, rounds, speed, isMeant }: Replay,
  signal: AbortSignal,
  take: (record: PacketRecord) => Promise<void>,
): Promise<number> {
  const pacer = new Pacer(speed, signal);
  let others = 0;
  for (let round = 0, taken = -1; round < rounds && taken !== 0; round++) {
    taken = 0;
    pacer.restart();
    for await (const record of readRecording(file, signal)) {
      if (!isMeant(record)) {
        others++;
        continue;
      }
      await pacer.due(record.timeUs);
      taken++;
      await take(record);
    }
  }
  return others;
}

function nothingSent(file: string, others: number): string {
  return others === 0
    ? `${nameOf(file)} has no packets to send`
    : `${nameOf(file)} has ${count(others, 'record')}, but none to send; --dir rx or --dir both sends what was received`;
}

function nameOf(file: string): string {
  return file === '-' ? 'stdin' : file;
}
