import { setTimeout as delay } from 'node:timers/promises';
import type { SerialStats } from '../index.js';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { greet } from './greeting.js';
import { lineFormat } from './line-format.js';
import { printMessage } from './message.js';
import { type LineOptions, type SessionPort, sessionPorts } from './open-ports.js';
import type { Output } from './output.js';
import { parsePorts } from './port-argument.js';
import { runSession, type Session } from './session.js';
import { count } from './totals.js';

export interface MonitorOptions extends LineOptions {
  skipFirst: boolean;
  /** End after that many received packets. */
  count?: number;
  /** End after that many seconds. */
  timeout?: number;
  json?: boolean;
}

/** Prints each packet that comes in on the ports. */
export function monitor(portArguments: readonly string[], options: MonitorOptions, output: Output): Promise<ExitCode> {
  const ports = sessionPorts(parsePorts(portArguments, options.baud), options, options.skipFirst);
  const wanted = options.count ?? Number.POSITIVE_INFINITY;
  let received = 0;
  let reachCount = (_: ExitCode) => {};
  const countReached = new Promise<ExitCode>((resolve) => {
    reachCount = resolve;
  });

  return runSession({
    ports,
    output,
    format: lineFormat(
      ports.map(({ name }) => name),
      output,
      options.json,
    ),
    interruptedCode: ExitCode.success,
    received(record, session) {
      if (received === wanted) {
        return;
      }
      if (record.error === undefined && ++received === wanted) {
        reachCount(ExitCode.success);
      }
      return session.show(record);
    },
    work(session) {
      if (output.isTerminal) {
        printMessage(`monitoring ${ports.map(describe).join(', ')}; Ctrl-C ends`);
      }
      const simulated = ports.filter(({ isSimulated }) => isSimulated);
      const ends: Promise<ExitCode>[] = [countReached, ...simulated.map(({ name }) => greet(name, session))];
      if (options.timeout !== undefined) {
        ends.push(timeUp(ports, options, session));
      }
      return Promise.race(ends);
    },
  });
}

/** The end of the time. Without a count, one packet is enough. */
async function timeUp(ports: readonly SessionPort[], options: MonitorOptions, session: Session): Promise<ExitCode> {
  const { count: wanted, timeout = 0 } = options;
  await delay(timeout * 1_000, undefined, { signal: session.signal });
  if (wanted === undefined && session.totals.received > 0) {
    return ExitCode.success;
  }
  const stats = ports.map(({ name }) => session.stats(name));
  throw new CliError(
    ExitCode.timeout,
    `${session.totals} within ${count(timeout, 'second')}; ${missing(stats, session.totals.received)}`,
  );
}

/** Why packets may be missing, and what to do about it. */
function missing(stats: readonly SerialStats[], received: number): string {
  const sum = (counter: keyof SerialStats) => stats.reduce((total, each) => total + each[counter], 0);
  if (received > 0) {
    return 'wait longer (--timeout), or for fewer (--count)';
  }
  if (sum('bytesRead') === 0) {
    return 'not a byte came: does the device send by itself?';
  }
  if (sum('delimiters') === 0) {
    return `${count(sum('bytesRead'), 'byte')} came, but no delimiter (00): does the device send COBS, is the baud rate right?`;
  }
  if (sum('rejectedBytes') > 0) {
    return 'is the baud rate right, and does the device add a checksum (--checksum)?';
  }
  if (sum('skippedBytes') > 0) {
    return `the ${count(sum('skippedBytes'), 'byte')} before the first delimiter were skipped: see --no-skip-first`;
  }
  return 'nothing but delimiters came: does the device send by itself?';
}

function describe({ name, connection: { path, baudRate }, isSimulated }: SessionPort): string {
  const where = name === path ? path : `${name} (${path})`;
  return isSimulated
    ? `${where}, a simulated Uno that echoes what it is sent ("hello", once a second)`
    : `${where} at ${baudRate} bit/s`;
}
