import type { SerialCommunicator, SerialStats } from '../index.js';
import { nowUs } from './clock.js';
import { ExitCode } from './exit-codes.js';
import { printMessage } from './message.js';
import { bindingFor, type SessionPort } from './open-ports.js';
import type { Output } from './output.js';
import type { LineFormat, PacketRecord } from './packet-record.js';
import { count, Totals } from './totals.js';

/** What {@link runSession} needs to know. */
export interface SessionOptions {
  ports: readonly SessionPort[];
  output: Output;
  format: LineFormat;
  /** What the command exits with when Ctrl-C ends it. */
  interruptedCode: ExitCode;
  /** Takes each packet and each rejected frame that arrives. For a packet, a returned promise holds the next one back. */
  received(record: PacketRecord, session: Session): void | Promise<void>;
  /** The command's work, once all ports are open. The session ends with it. */
  work(session: Session): Promise<ExitCode>;
}

/** Open ports, for as long as a command works with them. */
export interface Session {
  /** Aborted when the session ends. */
  readonly signal: AbortSignal;
  /** What has been shown so far. */
  readonly totals: Totals;
  /** What has happened on a connection so far. */
  stats(name: string): SerialStats;
  /** Prints a record's line. A returned promise says that stdout is slow: wait for it before the next. */
  show(record: PacketRecord): void | Promise<void>;
  /** Sends a packet. Resolves, with its record, once all of it has been handed to the operating system. */
  send(name: string, packet: Uint8Array): Promise<PacketRecord>;
}

/**
 * Opens the ports, does the command's work and closes the ports, whatever ends it: the work, Ctrl-C, the loss of every
 * connection, or a stdout that takes no more. A second Ctrl-C kills the process.
 *
 * @returns what to exit with
 * @throws CliError, or an error of the library, if the command failed
 */
export async function runSession(options: SessionOptions): Promise<ExitCode> {
  const { ports, output } = options;
  const ending = new AbortController();
  const totals = new Totals();
  let lateRecords = 0;
  let leftOutFrames = 0;
  let interrupted = false;
  let onInterrupt = () => {};
  const interruption = new Promise<ExitCode>((resolve) => {
    onInterrupt = () => {
      interrupted = true;
      resolve(options.interruptedCode);
    };
  });
  process.once('SIGINT', onInterrupt);

  const communicator = await openable(ports);
  const session: Session = {
    signal: ending.signal,
    totals,
    stats: (name) => communicator.stats(name),
    show(record) {
      if (ending.signal.aborted) {
        lateRecords++;
        return;
      }
      // Rejected frames come as events, which cannot be held back as packets can.
      if (record.error !== undefined && output.isFull) {
        leftOutFrames++;
        return;
      }
      totals.add(record);
      return output.write(`${options.format(record)}\n`);
    },
    async send(name, packet) {
      await communicator.send(name, packet, { signal: ending.signal });
      return { timeUs: nowUs(), name, dir: 'tx', length: packet.length, bytes: packet };
    },
  };
  communicator.setReceiveHandler((name, packet) =>
    options.received({ timeUs: nowUs(), name, dir: 'rx', length: packet.length, bytes: packet }, session),
  );
  communicator.on('rejectedFrame', ({ name, reason, wireBytes, head }) => {
    void options.received({ timeUs: nowUs(), name, dir: 'rx', length: wireBytes, bytes: head, error: reason }, session);
  });

  const opening = communicator.initialize();
  const work = opening.then(() => {
    ending.signal.throwIfAborted();
    return options.work(session);
  });
  // Whether that is a failure is for the caller to say, once all has been written.
  const outputEnd = output.ended.then(() => ExitCode.success);
  try {
    return await Promise.race([interruption, outputEnd, failureOf(communicator, ports.length), work]);
  } finally {
    ending.abort();
    await opening.catch(() => {});
    await communicator[Symbol.asyncDispose]();
    process.off('SIGINT', onInterrupt);
    if (interrupted) {
      const waiting = ports.reduce((sum, { name }) => sum + communicator.stats(name).packetsDropped, 0);
      totals.notShown = leftOutFrames + lateRecords + waiting;
      printMessage(`${totals}`);
    } else if (leftOutFrames > 0 && !output.hasEnded) {
      printMessage(`${count(leftOutFrames, 'rejected frame')} left out: what reads stdout is too slow`);
    }
  }
}

async function openable(ports: readonly SessionPort[]): Promise<SerialCommunicator> {
  const { SerialCommunicator } = await import('../index.js');
  const binding = await bindingFor(ports);
  const communicator = new SerialCommunicator(binding && { binding });
  for (const { name, connection } of ports) {
    communicator.addConnection(name, connection);
  }
  return communicator;
}

/** Rejects when all connections are lost. */
function failureOf(communicator: SerialCommunicator, connections: number): Promise<never> {
  let connected = connections;
  return new Promise((_, reject) => {
    communicator.on('disconnected', ({ error }) => {
      connected--;
      if (connected === 0) {
        reject(error);
      } else {
        printMessage(error.message);
      }
    });
    communicator.on('handlerError', ({ error }) => reject(error));
  });
}
