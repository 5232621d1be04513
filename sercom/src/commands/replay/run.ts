import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { loadRecordDecoder } from '../../decoders/record-decoder.js';
import { ExitCode } from '../../exit-codes.js';
import { checkDelivery, LISTEN } from '../../options/delivery-options.js';
import { checkNoPagePort } from '../../options/web-options.js';
import { sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import { recordFilter } from '../../records/filter.js';
import { HeardSessions } from '../../records/heard-sessions.js';
import { PacketLimit } from '../../records/packet-limit.js';
import { Playback } from '../../records/playback.js';
import { nameOfRecording, nameOfRecordings } from '../../records/recording-name.js';
import { namesInRecordings } from '../../records/recording-names.js';
import { LiveFooter, withChanges } from '../../session/live-footer.js';
import { LivePorts } from '../../session/live-ports.js';
import { RecordView } from '../../session/record-view.js';
import { reportEnd } from '../../session/report-end.js';
import { Traffic } from '../../session/traffic.js';
import { RecordFlow } from '../../sinks/flow.js';
import { openSinks } from '../../sinks/index.js';
import { printMessage } from '../../terminal/message.js';
import type { StyledLine } from '../../terminal/styled-line.js';
import { count } from '../../text/count.js';
import { openWebPage } from '../../web/open-web-page.js';
import { pageTitle } from '../../web/page-title.js';
import type { Run } from '../command.js';
import type { definition, ReplayOptions } from './command.js';
import { runReplay } from './run-replay.js';

/**
 * Without a port: the recording, to the screen and the files. With a port: its packets are sent there, and what is sent
 * and received goes to the screen and the files.
 */
export const run: Run<typeof definition> = async (options, output) => {
  const { files: recordings, lingerSeconds } = options;
  const isListening = options.delivery === LISTEN;
  checkDelivery(options);
  const words = options.port === undefined ? recordings : [...recordings, options.port];
  const unknown = words.filter((word) => !existsSync(word));
  checkNoPagePort(options, unknown, 'neither a recording nor a port');
  if (isListening && options.port !== undefined) {
    throw new CliError(
      ExitCode.usage,
      '--delivery listen prints the packets of a recording, so it cannot be used with a port',
    );
  }
  const ports =
    options.port === undefined ? [] : sessionPorts([parsePort(options.port, options.baud)], options, options);
  const [port] = ports;
  const names = ports.map(({ name }) => name);
  const limit = new PacketLimit(options.count, port === undefined && options.dir === 'tx' ? 'tx' : 'rx');
  const hasIds = options.requestIdBytes !== undefined;
  const decoder = await loadRecordDecoder(options.decode, options.protoFolders, hasIds);
  // What is read from a recording is aligned like what arrives at ports.
  const alignedNames = port === undefined ? await namesInRecordings(recordings) : names;
  const view = new RecordView(options, { output, names, alignedNames, decoder, isLive: port !== undefined });
  const heard = isListening ? new HeardSessions((event) => flow.event(event)) : undefined;
  const playback = playbackOf(options, limit, heard);
  // No dissector knows the frames of a session.
  const captureDecoder = isListening ? undefined : decoder;
  const files = await openSinks(options, { names, decoder: captureDecoder, hasIds, readFiles: recordings });
  const page = await openWebPage(
    { ...options, title: titleOf(options, names), isLive: port !== undefined, names, decoder, captureDecoder },
    files,
  );
  if (page !== undefined && port === undefined) {
    // The sessions that are heard are marked anew.
    playback.onNote((note) => (isListening && note.kind === 'session' ? undefined : page.note(note)));
  }
  const sinks = [...view.sinks, ...files, ...(page === undefined ? [] : [page])];
  const flow: RecordFlow = new RecordFlow(sinks, (record) => limit.passes(record));
  let footer: LiveFooter | undefined;
  const showFooter = (statusLine: () => string, measure?: () => void) => {
    if (output.isTerminal && view.isOnStdout) {
      const below = (): StyledLine[] => (options.stats ? [[[statusLine(), 'dim']]] : []);
      footer = new LiveFooter(output, (size) => ({ lines: withChanges(view.changes, below(), size) }), measure);
    }
  };
  const shared = { flow, output, printsNothing: view.screen === undefined };
  if (port === undefined) {
    showFooter(() => `${view.totals}`);
    return runReplay(page, {
      ...shared,
      source: playback,
      finished() {
        footer?.close();
        view.printChanges();
        if (view.statistics !== undefined) {
          [...view.statistics.summary(), ...(heard?.summary() ?? [])].forEach(printMessage);
        }
      },
    });
  }
  let traffic: Traffic | undefined;
  const live = new LivePorts({
    ports,
    async work(live) {
      live.portWatch.onChange(flow.portChanged);
      page?.attach(live, ports);
      const { statistics } = view;
      if (statistics !== undefined) {
        const measured = new Traffic(live, ports, statistics);
        traffic = measured;
        showFooter(
          () => measured.statusLine(),
          () => measured.measure(),
        );
      }
      await live.ready(port.name);
      await Promise.race([limit.reached, sendRecording(live, port.name)]);
    },
  });
  return runReplay(page, {
    ...shared,
    source: live,
    finished(wasInterrupted) {
      footer?.close();
      view.printChanges();
      if (options.stats) {
        traffic?.summary().forEach(printMessage);
      }
      reportEnd({ totals: view.totals, flow, screen: view.screen, ports: live }, output, wasInterrupted);
    },
  });

  async function sendRecording(live: LivePorts, name: string): Promise<void> {
    let sentPackets = 0;
    let rejectedFrames = 0;
    await playback.deliver(async (record) => {
      const { error, bytes } = record.onWire ?? record;
      if (error !== undefined) {
        rejectedFrames++;
        return;
      }
      sentPackets++;
      await live.sendOnWire(name, bytes, { take: (sent) => flow.write(sent) });
    }, live.signal);
    if (rejectedFrames > 0) {
      printMessage(`${count(rejectedFrames, 'rejected frame')} of ${nameOfRecordings(recordings)} cannot be sent`);
    }
    if (sentPackets === 0) {
      throw new CliError(ExitCode.failure, nothingSent(recordings, playback.skippedRecords));
    }
    await delay(lingerSeconds * 1_000, undefined, { signal: live.signal });
  }
};

/** The names of files are enough: a tab has no room for their folders, and nobody else needs to know them. */
function titleOf({ files }: ReplayOptions, ports: readonly string[]): string {
  const names = files.map((file) => path.basename(nameOfRecording(file)));
  const title = pageTitle('replay', names, 'file');
  return ports.length === 0 ? title : pageTitle(`${title} to`, ports, 'connection');
}

/** @throws CliError (usage error) */
function playbackOf(options: ReplayOptions, limit: PacketLimit, heard: HeardSessions | undefined): Playback {
  const { files, port, loop = 1, speed, dir, filter, reject, requestIdBytes } = options;
  const rounds = loop === true ? Number.POSITIVE_INFINITY : loop;
  if (files.filter((file) => file === '-').length > 1) {
    throw new CliError(ExitCode.usage, 'stdin ("-") is given twice, but can be read only once');
  }
  if (files.includes('-') && rounds > 1) {
    throw new CliError(ExitCode.usage, '--loop: stdin can be read only once; use a file');
  }
  const played = dir ?? (port === undefined ? 'both' : 'tx');
  const isWanted = recordFilter(filter, reject, requestIdBytes !== undefined);
  return new Playback({
    files,
    rounds,
    speed: speed ?? (port === undefined ? 0 : 1),
    requestIdBytes,
    heard,
    matches: (record) => (played === 'both' || record.dir === played) && isWanted(record),
    isDone: () => limit.isReached,
  });
}

function nothingSent(files: readonly string[], skippedRecords: number): string {
  const have = files.length === 1 ? `${nameOfRecordings(files)} has` : `${nameOfRecordings(files)} have`;
  return skippedRecords === 0
    ? `${have} no packets to send; choose another recording`
    : `${have} ${count(skippedRecords, 'record')}, but none to send; use --dir rx or --dir both to send received packets`;
}
