import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { type OutputOptions, recordFormat } from '../../options/output-options.js';
import { type LineOptions, type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import { count } from '../../records/totals.js';
import { type Arrivals, lineTrouble, rejections, settleAdvice, since } from '../../session/diagnosis.js';
import { runSession, type Session } from '../../session/session.js';
import { printMessage } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import { Answers } from './answers.js';
import { type Packets, packetsOf, type SendInput } from './send-input.js';

export interface SendOptions extends LineOptions, OutputOptions, SendInput {
  /** How often to send it all. */
  repeat: number;
  /** From one packet to the next, in seconds. */
  interval: number;
  /** How many answers to wait for, after each packet. */
  wait: number;
  /** How long to wait for them, in seconds. */
  timeout: number;
}

/** Sends packets, and prints the answers. */
export async function send(portArgument: string, options: SendOptions, output: Output): Promise<ExitCode> {
  const isSingle = options.input === undefined && options.repeat === 1;
  const parsed = parsePort(portArgument, options.baud);
  // What answers a single packet does not come any more once the device was away.
  const reconnect = options.reconnect && (!isSingle || options.awaitPort === true);
  const [port] = sessionPorts([parsed], { ...options, reconnect }, false) as [SessionPort];
  const { name, connection } = port;
  const format = await recordFormat(options, [name], output);
  const packets = await packetsOf(options, connection.maxPacketBytes, output.isTerminal);
  if (packets === undefined) {
    return ExitCode.interrupted;
  }
  const answers = new Answers(options.wait);
  let sentPackets = 0;
  let lostPackets = 0;

  return runSession({
    ports: [{ ...port, connection: { ...connection, whenDisconnected: reconnect ? 'wait' : 'reject' } }],
    output,
    format,
    interruptedCode: ExitCode.interrupted,
    received(record, session) {
      if (answers.take(record, performance.now())) {
        return session.show(record);
      }
    },
    async work(session) {
      for (let round = 0; round < options.repeat; round++) {
        await sendAll(packets, session);
      }
      if (lostPackets > 0) {
        throw new CliError(ExitCode.failure, `${count(lostPackets, 'packet')} of ${sentPackets} may not have arrived`);
      }
      if (options.wait === 0 && output.isTerminal) {
        const what = isSingle ? count(session.totals.sentBytes, 'byte') : count(sentPackets, 'packet');
        printMessage(`sent ${what} to ${name}; --wait prints answers`);
      }
      return ExitCode.success;
    },
  });

  async function sendAll(all: Packets, session: Session): Promise<void> {
    for await (const packet of all(session.signal)) {
      session.signal.throwIfAborted();
      if (sentPackets > 0) {
        await delay(options.interval * 1_000, undefined, { signal: session.signal });
      }
      await session.ready(name);
      sentPackets++;
      answers.sending();
      const before = session.stats(name);
      try {
        session.totals.add(await session.send(name, packet));
      } catch (error) {
        if (isSingle || !(error instanceof Error && 'code' in error && error.code === 'CONNECTION_LOST')) {
          throw error;
        }
        lostPackets++;
        answers.forget();
        continue;
      }
      for (const record of answers.sent(performance.now())) {
        await session.show(record);
      }
      if (options.wait > 0) {
        await answersInTime(before, session);
      }
    }
  }

  async function answersInTime(before: Arrivals, session: Session): Promise<void> {
    const waiting = new AbortController();
    const signal = AbortSignal.any([session.signal, waiting.signal]);
    const timeUp = delay(options.timeout * 1_000, undefined, { signal }).then(() => {
      const message = noAnswer(port, options, answers.missing, session.stats(name), before);
      throw new CliError(ExitCode.timeout, message);
    });
    try {
      await Promise.race([answers.all(), timeUp]);
    } finally {
      waiting.abort();
      timeUp.catch(() => {});
    }
  }
}

function noAnswer(
  port: SessionPort,
  { wait, timeout }: SendOptions,
  missing: number,
  arrivals: Arrivals,
  before: Arrivals,
): string {
  const received = wait - missing;
  const got = received === 0 ? 'no answer' : `only ${received} of ${count(wait, 'answer')}`;
  const fewer = ['wait longer (--timeout), or for fewer (--wait)', rejections(since(before, arrivals))];
  const help = received === 0 ? whyNone(port, arrivals, before) : fewer.filter(Boolean).join('; ');
  return `${got} from "${port.name}" within ${count(timeout, 'second')}; ${help}`;
}

function whyNone({ connection, isSimulated }: SessionPort, arrivals: Arrivals, before: Arrivals): string {
  // The settle time of a simulated board is known.
  const ifSilent = isSimulated
    ? 'wait longer (--timeout)'
    : `${settleAdvice(connection.settleMs)}, or wait longer (--timeout)`;
  return (
    lineTrouble(arrivals, ifSilent, before) ??
    'nothing but delimiters came: does the device answer such a packet? Or wait longer (--timeout)'
  );
}
