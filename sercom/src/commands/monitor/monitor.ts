import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { loadDecoder } from '../../decoders/index.js';
import { ExitCode } from '../../exit-codes.js';
import { checked } from '../../input/max-packet.js';
import { packetReader } from '../../input/packet-input.js';
import { stdinLines } from '../../input/stdin.js';
import { recordFormats } from '../../options/output-options.js';
import { type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { parsePorts } from '../../ports/port-argument.js';
import { recordFilter } from '../../records/filter.js';
import type { PacketRecord } from '../../records/packet-record.js';
import { count } from '../../records/totals.js';
import { type Arrivals, lineTrouble, rejections, sumOf } from '../../session/diagnosis.js';
import { greet } from '../../session/greeting.js';
import { type Display, runSession, type Session } from '../../session/session.js';
import { Traffic } from '../../session/traffic.js';
import { ChangesDisplay } from '../../sinks/changes-display.js';
import { openSinks } from '../../sinks/open-sinks.js';
import { PacketDisplay } from '../../sinks/packet-display.js';
import { paintFor } from '../../terminal/color.js';
import { printMessage } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import { similar } from '../../text/suggest.js';
import type { MonitorOptions } from './command.js';
import { MonitorConsole } from './console.js';

/** Prints each packet that comes in on the ports, and each that is sent. */
export async function monitor(
  portArguments: readonly string[],
  options: MonitorOptions,
  output: Output,
): Promise<ExitCode> {
  const parsed = parsePorts(portArguments, options.baud);
  const hasLines = options.input !== undefined && !process.stdin.isTTY;
  // Whoever types a packet is told that the port is away; lines from elsewhere must not get lost by that.
  const whenDisconnected = hasLines ? 'wait' : 'reject';
  const ports = sessionPorts(parsed, options, options.skipFirst).map((port) => ({
    ...port,
    connection: { ...port.connection, whenDisconnected } as const,
  }));
  const names = ports.map(({ name }) => name);
  const recipient = recipientOf(names, options);
  const isMeant = recordFilter(options.filter, options.reject);
  const decoder = options.decode === undefined ? undefined : await loadDecoder(options.decode);
  const formats = recordFormats(options, names, output, decoder);
  const readPacket = await packetReader(options.input ?? 'text', options.encode);
  // Packets on stdout leave no room for lines.
  const isQuiet = options.quiet === true || options.pcapng === '-';
  const isInteractive = output.isTerminal && options.pcapng !== '-';
  const display = new PacketDisplay({
    output,
    ...formats,
    isDumping: options.dump === true,
    drop: options.drop === true,
  });
  const changes = options.changes ? new ChangesDisplay(options.lead) : undefined;
  const sinks = await openSinks(options, names, decoder?.name);

  const wanted = options.count ?? Number.POSITIVE_INFINITY;
  let received = 0;
  let reachCount = (_: ExitCode) => {};
  const countReached = new Promise<ExitCode>((resolve) => {
    reachCount = resolve;
  });
  let traffic: Traffic | undefined;
  let console: MonitorConsole | undefined;

  /** Shows a record, and writes it wherever it is to be kept. */
  const keep = (record: PacketRecord, session: Session): void | Promise<void> => {
    if (!isMeant(record)) {
      return;
    }
    const written = sinks.write(record);
    const shown = session.show(record);
    return written === undefined ? shown : Promise.all([written, shown]).then(() => {});
  };

  try {
    return await runSession({
      ports,
      output,
      format: isQuiet ? SILENT : (changes ?? display),
      interruptedCode: ExitCode.success,
      received(record, session) {
        if (received === wanted || !isMeant(record)) {
          return;
        }
        if (record.error === undefined && ++received === wanted) {
          reachCount(ExitCode.success);
        }
        return keep(record, session);
      },
      work(session) {
        sinks.begin();
        traffic = new Traffic(session, ports);
        if (isInteractive) {
          console = new MonitorConsole({
            output,
            session,
            display,
            changes,
            traffic,
            names,
            showsStats: options.stats === true,
            hasKeys: process.stdin.isTTY,
            keepMarker: (text) => sinks.remark?.(text),
            sendLine: (line) => sendLine(line, session),
          });
          // Now that keys are taken.
          const keys = process.stdin.isTTY ? '? lists the keys, q ends' : 'Ctrl-C ends';
          printMessage(`monitoring ${ports.map((port) => describe(port, options)).join(', ')}; ${keys}`);
        }
        const ends: Promise<ExitCode>[] = [countReached, sinks.ended.then(() => ExitCode.success)];
        if (options.input === undefined) {
          const simulated = ports.filter(({ isSimulated }) => isSimulated);
          ends.push(...simulated.map(({ name }) => greet(name, session, (record) => keep(record, session))));
        } else if (hasLines) {
          ends.push(sendLines(session));
        }
        if (options.timeout !== undefined) {
          ends.push(timeUp(ports, options, session));
        }
        return Promise.race(ends);
      },
      finished(session) {
        console?.close();
        if (changes !== undefined && !isQuiet) {
          void output.write(
            changes
              .lines(paintFor(output.stream))
              .map((line) => `${line}\n`)
              .join(''),
          );
        }
        session.totals.notShown += display.dropped;
        tellEnd(session, traffic, options);
      },
    });
  } finally {
    await sinks.close();
  }

  /** Sends each line of stdin. Never resolves: when there are no more lines, there is still something to watch. */
  async function sendLines(session: Session): Promise<never> {
    for await (const line of stdinLines(session.signal)) {
      await sendLine(line, session).catch((error: Error) => {
        session.signal.throwIfAborted();
        printMessage(error.message);
      });
    }
    return new Promise(() => {});
  }

  async function sendLine(line: string | Uint8Array, session: Session): Promise<void> {
    if (recipient === undefined) {
      throw new CliError(ExitCode.usage, `say where it goes: --to NAME; there are ${names.join(', ')}`);
    }
    const packet = checked(readPacket(line), options.maxPacketBytes);
    await keep(await session.send(recipient, packet), session);
  }
}

/** Takes records, and shows none. */
const SILENT: Display = { isFull: false, show: () => {} };

/** Where lines that are typed go; `undefined` if that must be said before the first. */
function recipientOf(names: readonly string[], { to, input }: MonitorOptions): string | undefined {
  if (to !== undefined && !names.includes(to)) {
    const meant = similar(to, names);
    const help = meant === undefined ? `there are ${names.join(', ')}` : `Did you mean ${meant}?`;
    throw new CliError(ExitCode.usage, `--to: there is no connection "${to}"; ${help}`);
  }
  if (to === undefined && names.length > 1 && input !== undefined) {
    throw new CliError(ExitCode.usage, `--input: say where the lines go: --to NAME; there are ${names.join(', ')}`);
  }
  return to ?? (names.length === 1 ? names[0] : undefined);
}

/** The summary that was asked for, else the totals: after Ctrl-C, or if something was left out. */
function tellEnd({ totals, wasInterrupted }: Session, traffic: Traffic | undefined, options: MonitorOptions): void {
  if (options.stats && traffic !== undefined) {
    for (const line of traffic.summary()) {
      printMessage(line);
    }
  }
  if (wasInterrupted || totals.notShown > 0) {
    printMessage(`${totals}`);
  }
}

/** The end of the time. Without a count, one packet is enough. */
async function timeUp(ports: readonly SessionPort[], options: MonitorOptions, session: Session): Promise<ExitCode> {
  const { count: wanted, timeout = 0 } = options;
  await delay(timeout * 1_000, undefined, { signal: session.signal });
  if (wanted === undefined && session.totals.received > 0) {
    return ExitCode.success;
  }
  const arrivals = sumOf(ports.map(({ name }) => session.stats(name)));
  throw new CliError(
    ExitCode.timeout,
    `${session.totals} within ${count(timeout, 'second')}; ${missing(arrivals, session.totals.received)}`,
  );
}

/** Why packets may be missing, and what to do about it. */
function missing(arrivals: Arrivals, received: number): string {
  if (received > 0) {
    return ['wait longer (--timeout), or for fewer (--count)', rejections(arrivals)].filter(Boolean).join('; ');
  }
  const trouble = lineTrouble(arrivals, 'does the device send by itself?');
  if (trouble !== undefined) {
    return trouble;
  }
  const { packetsReceived, skippedBytes } = arrivals;
  if (packetsReceived > 0) {
    return `${count(packetsReceived, 'packet')} came that --filter or --reject left out`;
  }
  if (skippedBytes > 0) {
    return `the ${count(skippedBytes, 'byte')} before the first delimiter were skipped: see --no-skip-first`;
  }
  return 'nothing but delimiters came: does the device send by itself?';
}

function describe(
  { name, path, connection: { baudRate }, isSimulated }: SessionPort,
  { input }: MonitorOptions,
): string {
  const where = name === path ? path : `${name} (${path})`;
  if (!isSimulated) {
    return `${where} at ${baudRate} bit/s`;
  }
  const sent = input === undefined ? ' ("hello", once a second)' : '';
  return `${where}, a simulated Uno that echoes what it is sent${sent}`;
}
