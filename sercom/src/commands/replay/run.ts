import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { loadDecoder } from '../../decoders/index.js';
import { ExitCode } from '../../exit-codes.js';
import { recordFormats } from '../../options/output-options.js';
import { sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import { recordFilter } from '../../records/filter.js';
import { Playback } from '../../records/playback.js';
import { nameOfRecording } from '../../records/recording.js';
import { LivePorts } from '../../session/live-ports.js';
import { reportEnd } from '../../session/report-end.js';
import { runFlow } from '../../session/run-flow.js';
import { RecordFlow } from '../../sinks/flow.js';
import { openSinks, writesToStdout } from '../../sinks/index.js';
import { ScreenLines } from '../../sinks/screen-lines.js';
import { Totals } from '../../sinks/totals.js';
import { printMessage } from '../../terminal/message.js';
import { count } from '../../text/count.js';
import type { Run } from '../command.js';
import type { definition, ReplayOptions } from './command.js';

/**
 * Without a port: the recording, to the screen and the files. With a port: its packets are sent there, and what is sent
 * and received goes to the screen and the files.
 */
export const run: Run<typeof definition> = async (options, output) => {
  const { file, lingerSeconds } = options;
  const ports = options.port === undefined ? [] : sessionPorts([parsePort(options.port, options.baud)], options, false);
  const names = ports.map(({ name }) => name);
  const playback = playbackOf(options);
  const decoder = options.decode === undefined ? undefined : await loadDecoder(options.decode, options.protoFolders);
  const formats = recordFormats(options, names, output, decoder);
  const screen = writesToStdout(options)
    ? undefined
    : new ScreenLines({ output, ...formats, isDumping: options.dump === true, isLive: ports.length > 0 });
  const totals = new Totals(screen);
  const files = await openSinks(options, { names, decoder, readFile: file });
  const flow = new RecordFlow([totals, ...(screen === undefined ? [] : [screen]), ...files]);
  const [port] = ports;
  if (port === undefined) {
    return runFlow({ source: playback, flow, output, interruptedCode: ExitCode.interrupted });
  }
  const live = new LivePorts({
    ports,
    async work(live) {
      await live.ready(port.name);
      await sendRecording(live, port.name);
      await delay(lingerSeconds * 1_000, undefined, { signal: live.signal });
    },
  });
  return runFlow({
    source: live,
    flow,
    output,
    interruptedCode: ExitCode.interrupted,
    finished: (wasInterrupted) => reportEnd({ totals, flow, screen, ports: live }, output, wasInterrupted),
  });

  async function sendRecording(live: LivePorts, name: string): Promise<void> {
    let sentPackets = 0;
    let rejectedFrames = 0;
    await playback.deliver(async (record) => {
      if (record.error !== undefined) {
        rejectedFrames++;
        return;
      }
      sentPackets++;
      await flow.write(await live.send(name, record.bytes));
    }, live.signal);
    if (rejectedFrames > 0) {
      printMessage(`${count(rejectedFrames, 'rejected frame')} of ${nameOfRecording(file)} cannot be sent`);
    }
    if (sentPackets === 0) {
      throw new CliError(ExitCode.failure, nothingSent(file, playback.skippedRecords));
    }
  }
};

/** @throws CliError (usage error) */
function playbackOf({ file, port, loop = 1, speed, dir, filter, reject }: ReplayOptions): Playback {
  const rounds = loop === true ? Number.POSITIVE_INFINITY : loop;
  if (file === '-' && rounds > 1) {
    throw new CliError(ExitCode.usage, '--loop: stdin can be read only once; use a file');
  }
  const played = dir ?? (port === undefined ? 'both' : 'tx');
  const isWanted = recordFilter(filter, reject);
  return new Playback({
    file,
    rounds,
    speed: speed ?? (port === undefined ? 0 : 1),
    matches: (record) => (played === 'both' || record.dir === played) && isWanted(record),
  });
}

function nothingSent(file: string, skippedRecords: number): string {
  const name = nameOfRecording(file);
  return skippedRecords === 0
    ? `${name} has no packets to send; choose another recording`
    : `${name} has ${count(skippedRecords, 'record')}, but none to send; use --dir rx or --dir both to send received packets`;
}
