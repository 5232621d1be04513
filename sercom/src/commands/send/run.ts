import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { recordFormat } from '../../options/output-options.js';
import { type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import { count } from '../../records/totals.js';
import { type Arrivals, lineTrouble, rejections, settleAdvice, since } from '../../session/diagnosis.js';
import { runSession, type Session } from '../../session/session.js';
import { printMessage } from '../../terminal/message.js';
import { within } from '../../within.js';
import type { Run } from '../command.js';
import type { definition, SendOptions } from './command.js';
import { type Packets, packetsOf } from './input.js';
import { ReplyTracker } from './replies.js';

/** Sends packets and prints the replies. */
export const run: Run<typeof definition> = async (options, output) => {
  const isSingle = options.input === undefined && options.repeat === 1;
  const parsed = parsePort(options.port, options.baud);
  // After a disconnect there will be no reply to a single packet, so reconnecting is of no use.
  const reconnect = options.reconnect && (!isSingle || options.awaitPort === true);
  const [port] = sessionPorts([parsed], { ...options, reconnect }, false) as [SessionPort];
  const { name, connection } = port;
  const format = await recordFormat(options, [name], output);
  const packets = await packetsOf(options, connection.maxPacketBytes, output.isTerminal);
  if (packets === undefined) {
    return ExitCode.interrupted;
  }
  const replies = new ReplyTracker(options.wantedReplies);
  let sentPackets = 0;
  let lostPackets = 0;

  return runSession({
    ports: [{ ...port, connection: { ...connection, whenDisconnected: reconnect ? 'wait' : 'reject' } }],
    output,
    format,
    interruptedCode: ExitCode.interrupted,
    received(record, session) {
      if (replies.take(record, performance.now())) {
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
      if (options.wantedReplies === 0 && output.isTerminal) {
        const what = isSingle ? count(session.totals.sentBytes, 'byte') : count(sentPackets, 'packet');
        printMessage(`sent ${what} to ${name}; use --wait to print replies`);
      }
      return ExitCode.success;
    },
  });

  async function sendAll(all: Packets, session: Session): Promise<void> {
    for await (const packet of all(session.signal)) {
      session.signal.throwIfAborted();
      if (sentPackets > 0) {
        await delay(options.intervalSeconds * 1_000, undefined, { signal: session.signal });
      }
      await session.ready(name);
      sentPackets++;
      replies.sending();
      const before = session.stats(name);
      try {
        session.totals.add(await session.send(name, packet));
      } catch (error) {
        if (isSingle || !(error instanceof Error && 'code' in error && error.code === 'CONNECTION_LOST')) {
          throw error;
        }
        lostPackets++;
        replies.forget();
        continue;
      }
      for (const record of replies.sent(performance.now())) {
        await session.show(record);
      }
      if (options.wantedReplies > 0) {
        await waitForReplies(before, session);
      }
    }
  }

  async function waitForReplies(before: Arrivals, session: Session): Promise<void> {
    if (!(await within(options.timeoutSeconds * 1_000, replies.all(), session.signal))) {
      throw new CliError(ExitCode.timeout, noReply(port, options, replies.missing, session.stats(name), before));
    }
  }
};

function noReply(
  port: SessionPort,
  { wantedReplies, timeoutSeconds }: SendOptions,
  missing: number,
  arrivals: Arrivals,
  before: Arrivals,
): string {
  const received = wantedReplies - missing;
  const got = received === 0 ? 'no reply' : `only ${received} of ${wantedReplies} replies`;
  const ifSome = ['increase --timeout or lower --wait', rejections(since(before, arrivals))];
  const help = received === 0 ? whyNoReply(port, arrivals, before) : ifSome.filter(Boolean).join('; ');
  return `${got} from "${port.name}" within ${count(timeoutSeconds, 'second')}; ${help}`;
}

function whyNoReply({ connection, isSimulated }: SessionPort, arrivals: Arrivals, before: Arrivals): string {
  // The default settle time is right for a simulated board.
  const ifSilent = isSimulated ? 'increase --timeout' : `${settleAdvice(connection.settleMs)}, or increase --timeout`;
  return (
    lineTrouble(arrivals, ifSilent, before) ??
    'received only delimiters: does the device reply to this packet? If so, increase --timeout'
  );
}
