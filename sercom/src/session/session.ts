import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import type { ConnectionState, InitializeError, SerialCommunicator, SerialStats } from 'serial-communicator';
import { ExitCode } from '../exit-codes.js';
import { checked } from '../input/max-packet.js';
import { Interruption } from '../interruption.js';
import { bindingFor, type SessionPort } from '../ports/open-ports.js';
import { nowUs } from '../records/clock.js';
import type { LineFormat, PacketRecord } from '../records/packet-record.js';
import { count, Totals } from '../records/totals.js';
import { printMessage } from '../terminal/message.js';
import type { Output } from '../terminal/output.js';
import { similar } from '../text/suggest.js';

/** How long DTR is off when a board is reset. */
const RESET_MS = 100;

/** What shows records. */
export interface Display {
  /** Shows a record. A returned promise says that there is no room for more: wait for it before the next. */
  show(record: PacketRecord): void | Promise<void>;
  /** Whether so much waits that what cannot be held back should rather be left out, and counted. */
  readonly isFull: boolean;
}

/** What {@link runSession} needs to know. */
export interface SessionOptions {
  ports: readonly SessionPort[];
  output: Output;
  /** What shows records: lines of that format, or something else. */
  format: LineFormat | Display;
  /** What the command exits with when Ctrl-C ends it. */
  interruptedCode: ExitCode;
  /** Takes each packet and each rejected frame that arrives. For a packet, a returned promise holds the next one back. */
  received(record: PacketRecord, session: Session): void | Promise<void>;
  /** Is told that a connection is lost. */
  lost?(name: string): void;
  /** The command's work, once all ports are open. The session ends with it. */
  work(session: Session): Promise<ExitCode>;
  /** Is told that all ports are closed: in place of the line of totals that Ctrl-C prints. */
  finished?(session: Session): void;
}

/** Open ports, for as long as a command works with them. */
export interface Session {
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
  /** Whether Ctrl-C has ended it. */
  readonly wasInterrupted: boolean;
  /** What has been shown so far. */
  readonly totals: Totals;
  /** What has happened on a connection so far. */
  stats(name: string): SerialStats;
  /** Whether a connection has an open port. */
  state(name: string): ConnectionState;
  /** Shows a record. A returned promise says that stdout is slow: wait for it before the next. */
  show(record: PacketRecord): void | Promise<void>;
  /** Resolves when a device is there and has settled: what is sent then, in the same turn, does not wait for it. */
  ready(name: string): Promise<void>;
  /** Sends a packet. Resolves, with its record, once all of it has been handed to the operating system. */
  send(name: string, packet: Uint8Array): Promise<PacketRecord>;
  /** Resets the board by turning DTR off and on again. */
  reset(name: string): Promise<void>;
  /** Ends the session as Ctrl-C does. */
  interrupt(): void;
}

/**
 * Opens the ports, does the command's work and closes the ports, whatever ends it: the work, Ctrl-C, the loss of every
 * connection for good, or a stdout that takes no more. A second Ctrl-C kills the process.
 *
 * @returns what to exit with
 * @throws CliError, or an error of the library, if the command failed
 */
export async function runSession(options: SessionOptions): Promise<ExitCode> {
  const { ports, output } = options;
  const display = typeof options.format === 'function' ? lineDisplay(output, options.format) : options.format;
  const ending = new AbortController();
  const totals = new Totals();
  let lateRecords = 0;
  let leftOutFrames = 0;
  const interruption = new Interruption();
  const interrupted = once(interruption.signal, 'abort').then(() => options.interruptedCode);

  const communicator = await openable(ports);
  const session: Session = {
    signal: ending.signal,
    get wasInterrupted() {
      return interruption.signal.aborted;
    },
    totals,
    stats: (name) => communicator.stats(name),
    state: (name) => communicator.connectionState(name),
    show(record) {
      if (ending.signal.aborted) {
        lateRecords++;
        return;
      }
      // Rejected frames come as events, which cannot be held back as packets can.
      if (record.error !== undefined && display.isFull) {
        leftOutFrames++;
        return;
      }
      totals.add(record);
      return display.show(record);
    },
    ready: (name) => communicator.ready(name, { signal: ending.signal }),
    async send(name, packet) {
      // The library would name its own setting, which nobody has written here.
      checked(packet, ports.find((port) => port.name === name)!.connection.maxPacketBytes);
      await communicator.send(name, packet, { signal: ending.signal });
      return { timeUs: nowUs(), name, dir: 'tx', length: packet.length, bytes: packet };
    },
    async reset(name) {
      await communicator.setSignals(name, { dtr: false });
      await delay(RESET_MS, undefined, { signal: ending.signal });
      await communicator.setSignals(name, { dtr: true });
    },
    interrupt: interruption.interrupt,
  };
  communicator.setReceiveHandler((name, packet) =>
    options.received({ timeUs: nowUs(), name, dir: 'rx', length: packet.length, bytes: packet }, session),
  );
  communicator.on('rejectedFrame', ({ name, reason, wireBytes, head }) => {
    void options.received({ timeUs: nowUs(), name, dir: 'rx', length: wireBytes, bytes: head, error: reason }, session);
  });

  const opening = communicator.initialize().catch(async (error) => {
    throw await withSuggestions(error, ports);
  });
  const work = opening.then(() => {
    ending.signal.throwIfAborted();
    for (const { name, path } of ports.filter(({ name }) => communicator.connectionState(name) !== 'connected')) {
      printMessage(`waiting for ${name === path ? path : `"${name}" (${path})`}`);
    }
    return options.work(session);
  });
  // Whether that is a failure is for the caller to say, once all has been written.
  const outputEnd = output.ended.then(() => ExitCode.success);
  try {
    return await Promise.race([interrupted, outputEnd, watchConnections(communicator, options, ending.signal), work]);
  } finally {
    ending.abort();
    await opening.catch(() => {});
    await communicator[Symbol.asyncDispose]();
    interruption.close();
    totals.notShown += leftOutFrames;
    if (session.wasInterrupted) {
      // What comes after an end that was asked for is of no interest.
      const waiting = ports.reduce((sum, { name }) => sum + communicator.stats(name).packetsDropped, 0);
      totals.notShown += lateRecords + waiting;
    }
    output.push();
    if (options.finished !== undefined) {
      options.finished(session);
    } else if (session.wasInterrupted) {
      printMessage(`${totals}`);
    } else if (leftOutFrames > 0 && !output.hasEnded) {
      printMessage(`${count(leftOutFrames, 'rejected frame')} left out: what reads stdout is too slow`);
    }
  }
}

function lineDisplay(output: Output, format: LineFormat): Display {
  return {
    show: (record) => output.write(`${format(record)}\n`),
    get isFull() {
      return output.isFull;
    },
  };
}

async function openable(ports: readonly SessionPort[]): Promise<SerialCommunicator> {
  const { SerialCommunicator } = await import('serial-communicator');
  const binding = await bindingFor(ports);
  const communicator = new SerialCommunicator(binding && { binding });
  for (const { name, connection } of ports) {
    communicator.addConnection(name, connection);
  }
  return communicator;
}

/** Says which connections are lost, and which are back. Rejects when none is left that will be tried again. */
function watchConnections(
  communicator: SerialCommunicator,
  { ports, lost }: SessionOptions,
  ended: AbortSignal,
): Promise<never> {
  let hopeful = ports.length;
  // A port that is awaited is away until it has been there.
  const away = new Set(ports.filter(({ connection }) => connection.required === false).map(({ name }) => name));
  return new Promise((_, reject) => {
    communicator.on('connected', ({ name, path }) => {
      if (away.delete(name)) {
        printMessage(`"${name}" is here (${path})`);
      }
    });
    communicator.on('disconnected', ({ name, error, willReconnect }) => {
      if (ended.aborted) {
        return;
      }
      lost?.(name);
      if (willReconnect) {
        away.add(name);
        printMessage(`${error.message} Trying again`);
        return;
      }
      hopeful--;
      if (hopeful === 0) {
        reject(error);
      } else {
        printMessage(error.message);
      }
    });
    communicator.on('handlerError', ({ error }) => reject(error));
  });
}

/** Names the port that was probably meant, where there is none of the name that was given. */
async function withSuggestions(error: unknown, ports: readonly SessionPort[]): Promise<unknown> {
  const { ConnectionError, InitializeError, listPorts } = await import('serial-communicator');
  if (!(error instanceof InitializeError)) {
    return error;
  }
  const paths = (await listPorts()).map(({ path }) => path);
  const errors: InitializeError['errors'] = error.errors.map((each) => {
    const port = ports.find(({ name }) => name === each.connection);
    const meant = each.code === 'PORT_NOT_FOUND' && port !== undefined ? similar(port.path, paths) : undefined;
    return meant === undefined
      ? each
      : new ConnectionError(each.code, each.connection, `${each.message} (Did you mean ${meant}?)`, { cause: each });
  });
  return new InitializeError(errors);
}
