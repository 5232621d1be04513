import { CliError } from '../../cli-error.js';
import { loadRecordDecoder } from '../../decoders/record-decoder.js';
import { ExitCode } from '../../exit-codes.js';
import { Interruption } from '../../interruption.js';
import { checkDelivery, LISTEN } from '../../options/delivery-options.js';
import { checkNoPagePort } from '../../options/web-options.js';
import { type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { parsePorts } from '../../ports/port-argument.js';
import { recordFilter } from '../../records/filter.js';
import { HeardSessions } from '../../records/heard-sessions.js';
import { PacketLimit } from '../../records/packet-limit.js';
import { reportDelivery } from '../../session/delivery-summary.js';
import { greet } from '../../session/greeting.js';
import { LivePorts } from '../../session/live-ports.js';
import { RecordView } from '../../session/record-view.js';
import { countNotShown, reportAbandoned } from '../../session/report-end.js';
import { runFlow } from '../../session/run-flow.js';
import { Traffic } from '../../session/traffic.js';
import { RecordFlow } from '../../sinks/flow.js';
import { openSinks } from '../../sinks/index.js';
import { printMessage } from '../../terminal/message.js';
import { openWebPage } from '../../web/open-web-page.js';
import { pageTitle } from '../../web/page-title.js';
import type { PageSenderOptions } from '../../web/server/page-sender.js';
import type { Run } from '../command.js';
import type { definition, MonitorOptions } from './command.js';
import { MonitorConsole } from './console.js';
import { failAfter } from './deadline.js';
import { PacketSender } from './packet-sender.js';
import { PortRelease } from './port-release.js';
import { RawView } from './raw-view.js';
import { ReleaseCommand } from './release-command.js';

/** Live ports, through the filter, to the screen, the totals and the files. */
export const run: Run<typeof definition> = async (options, output) => {
  const isListening = options.delivery === LISTEN;
  checkDelivery(options);
  if (isListening && options.input !== undefined) {
    throw new CliError(ExitCode.usage, '--input cannot be used with --delivery listen, which sends nothing');
  }
  if (isListening && options.allowSend) {
    throw new CliError(ExitCode.usage, '--allow-send cannot be used with --delivery listen, which sends nothing');
  }
  const hasInput = options.input !== undefined && !process.stdin.isTTY;
  checkNoPagePort(options, options.ports, 'no port');
  const ports = portsOf(options, hasInput);
  const names = ports.map(({ name }) => name);
  const sender = await PacketSender.create(names, options);
  const command = options.releaseFor === undefined ? undefined : new ReleaseCommand(options.releaseFor);
  const hasIds = options.requestIdBytes !== undefined;
  const decoder = await loadRecordDecoder(options.decode, options.protoFolders, hasIds);
  const view = new RecordView(options, { output, names, decoder, drop: options.drop === true, isLive: true });
  const { lines, totals, screen, isOnStdout } = view;
  if (options.raw && !isOnStdout) {
    throw new CliError(ExitCode.usage, '--raw shows bytes on stdout, which --pcapng - writes to; name a file');
  }
  const limit = new PacketLimit(options.count);
  const matches = recordFilter(options.filter, options.reject, hasIds);
  // No dissector knows the frames of a session.
  const captureDecoder = isListening ? undefined : decoder;
  const files = await openSinks(options, { names, decoder: captureDecoder, hasIds });
  const sending = options.allowSend ? sendingOf(options, () => flow) : undefined;
  const page = await openWebPage(
    {
      ...options,
      title: pageTitle('monitor', names, 'connection'),
      isLive: true,
      names,
      decoder,
      captureDecoder,
      sending,
    },
    files,
  );
  const flow: RecordFlow = new RecordFlow(
    [...view.sinks, ...files, ...(page === undefined ? [] : [page])],
    (record) => matches(record) && (record.isRaw === true || limit.passes(record)),
  );
  const heard = isListening ? new HeardSessions(flow.event) : undefined;
  const rawView = new RawView(lines, flow.take);
  const interruption = new Interruption();
  let console: MonitorConsole | undefined;
  let traffic: Traffic | undefined;
  let release: PortRelease | undefined;

  const live = new LivePorts({
    ports,
    heard,
    report: flow.event,
    seeBytes: options.raw ? undefined : seeBytes(output.isTerminal && process.stdin.isTTY && screen === lines),
    async work(live) {
      live.portWatch.onChange(flow.portChanged);
      page?.attach(live, ports);
      traffic = view.statistics && new Traffic(live, ports, view.statistics);
      if (options.raw) {
        rawView.open(live);
      }
      release = new PortRelease({
        live,
        names,
        command,
        interruption,
        remark: (text) => flow.remark(text),
        lendTerminal: async () => (await console?.lend()) ?? (async () => {}),
      });
      if (output.isTerminal && isOnStdout && traffic !== undefined) {
        console = new MonitorConsole({
          output,
          live,
          names,
          lines,
          changes: view.changes,
          traffic,
          release,
          showsStats: options.stats === true,
          hasKeys: process.stdin.isTTY,
          mark: (text) => flow.remark(text),
          toggleRaw: () =>
            printMessage(screen === lines ? rawView.toggle(live) : 'with --changes or --quiet, bytes cannot be shown'),
          inputKind: options.input ?? 'text',
          sendLine: (line, kind) => sender.sendLine(line, live, flow, kind),
          quit: interruption.interrupt,
        });
        // From here on, keys have an effect.
        printGreeting(ports, options);
      }
      if (command !== undefined) {
        await release.run();
      }
      const ends: Promise<void>[] = [limit.reached];
      if (options.input === undefined) {
        const echoing = ports.filter(({ isEchoSketch }) => isEchoSketch && !isListening);
        ends.push(...echoing.map(({ name }) => greet(name, live, flow.take)));
      } else if (hasInput) {
        ends.push(sender.sendInput(live, flow));
      }
      if (options.timeoutSeconds !== undefined) {
        ends.push(
          failAfter(options.timeoutSeconds, {
            ports,
            live,
            totals,
            wantedPackets: options.count,
            isRaw: options.raw === true,
            heard,
          }),
        );
      }
      try {
        await Promise.race(ends);
      } finally {
        // An uploader that is killed may leave a board without a program.
        await release.idle;
      }
    },
  });
  const code = runFlow({
    source: live,
    flow,
    output,
    printsNothing: screen === undefined,
    interruption,
    interruptedCode: ExitCode.success,
    finished(wasInterrupted) {
      rawView.close();
      console?.close();
      view.printChanges();
      if (options.stats && options.json) {
        reportDelivery(live, names, flow.event);
      }
      if (options.stats) {
        [...(traffic?.summary() ?? []), ...(heard?.summary() ?? [])].forEach(printMessage);
      }
      reportAbandoned(live);
      countNotShown({ totals, flow, screen, ports: live }, wasInterrupted);
      if (wasInterrupted || totals.notShown > 0) {
        printMessage(`${totals}`);
      }
    },
  });
  // It is ended by a signal, but may still run.
  return code.finally(() => release?.idle);
};

/** How the page sends. What it sends goes the same way as everything else. */
function sendingOf({ encode, maxPacketBytes }: MonitorOptions, flow: () => RecordFlow): PageSenderOptions {
  return {
    encoding: encode,
    maxPacketBytes,
    take: (record) => flow().take(record),
    remark: (text) => flow().remark(text),
  };
}

/** @param hasInput - whether packets to send come from a pipe */
function portsOf(options: MonitorOptions, hasInput: boolean): SessionPort[] {
  // A typed packet is rejected while the port is disconnected; lines from a pipe must be kept.
  const whenDisconnected = hasInput ? 'wait' : 'reject';
  return sessionPorts(parsePorts(options.ports, options.baud), options, options).map((port) => ({
    ...port,
    connection: { ...port.connection, whenDisconnected },
  }));
}

function seeBytes(hasKeys: boolean): string {
  return hasKeys ? 'press b to see them' : '--raw shows them';
}

function printGreeting(ports: readonly SessionPort[], { input }: MonitorOptions): void {
  const keys = process.stdin.isTTY ? 'press ? for keys, q to quit' : 'press Ctrl-C to stop';
  const what = ports.map(({ name, path, connection: { baudRate }, simulation, isEchoSketch }) => {
    const where = name === path ? path : `${name} (${path})`;
    if (!isEchoSketch) {
      const speed = baudRate === undefined ? '' : ` at ${baudRate} bit/s`;
      return `${where}${speed}${simulation ? `, a simulated ${simulation.kind.board}` : ''}`;
    }
    return `${where}, a simulated Uno that echoes${input === undefined ? ' ("hello" is sent once a second)' : ''}`;
  });
  printMessage(`monitoring ${what.join(', ')}; ${keys}`);
}
