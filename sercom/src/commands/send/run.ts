import { setTimeout as delay } from 'node:timers/promises';
import { CliError, codeOf } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { Interruption } from '../../interruption.js';
import { ACKNOWLEDGED, checkDelivery } from '../../options/delivery-options.js';
import { recordFormat } from '../../options/output-options.js';
import { type SessionPort, sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import { nowUs } from '../../records/clock.js';
import type { PacketRecord } from '../../records/record.js';
import {
  type Arrivals,
  portTrouble,
  rejections,
  settleAdvice,
  since,
  TOO_SHORT_FOR_IDS,
} from '../../session/diagnosis.js';
import { LivePorts } from '../../session/live-ports.js';
import { reportEnd } from '../../session/report-end.js';
import { runFlow } from '../../session/run-flow.js';
import { sessionReady } from '../../session/session-ready.js';
import { RecordFlow } from '../../sinks/flow.js';
import { ScreenLines } from '../../sinks/screen-lines.js';
import { Totals } from '../../sinks/totals.js';
import { printMessage } from '../../terminal/message.js';
import { count } from '../../text/count.js';
import { within } from '../../within.js';
import type { Run } from '../command.js';
import type { definition, SendOptions } from './command.js';
import { type Packets, packetsOf } from './input.js';
import { ReplyTracker } from './replies.js';
import { requestReply } from './request.js';

/** Sends packets and prints the replies. */
export const run: Run<typeof definition> = async (options, output) => {
  checkDelivery(options);
  const isAcknowledged = options.delivery === ACKNOWLEDGED;
  const isSingle = options.input === undefined && options.repeat === 1;
  const parsed = parsePort(options.port, options.baud);
  // After a disconnect there will be no reply to a single packet, so reconnecting is of no use. A session continues.
  const reconnect = options.reconnect && (!isSingle || isAcknowledged || options.awaitPort === true);
  const { requestIdBytes, delivery } = options;
  const ids = { delivery, ...(options.request ? { ownIdBytes: requestIdBytes ?? 1 } : { requestIdBytes }) };
  const [port] = sessionPorts([parsed], { ...options, reconnect }, ids) as [SessionPort];
  const { name, connection } = port;
  if (options.request && options.columns?.includes('id')) {
    throw new CliError(ExitCode.usage, '--columns id cannot be used with --request');
  }
  const format = await recordFormat(options.request ? withoutIds(options) : options, [name], output);
  const interruption = new Interruption();
  let packets: Packets;
  try {
    packets = await packetsOf(options, options.maxPacketBytes, output.isTerminal, interruption.signal);
  } catch (error) {
    if (interruption.signal.aborted) {
      return interruption.exitCode(ExitCode.interrupted);
    }
    throw error;
  }
  // In a session, a reply may come long before the acknowledgement, if that is lost.
  const replies = new ReplyTracker(options.wantedReplies, isAcknowledged ? options.ackTimeoutMs : undefined);
  let isRequesting = false;
  let sentPackets = 0;
  let lostPackets = 0;

  const screen = new ScreenLines({ output, line: format, isLive: true });
  const totals = new Totals(screen);
  // A frame that is rejected while a request waits may be its reply.
  const isReply = (record: PacketRecord) => {
    // In a session, it is sent again.
    if (isAcknowledged && record.error !== undefined) {
      return false;
    }
    return options.request ? isRequesting && record.error !== undefined : replies.take(record, performance.now());
  };
  const flow = new RecordFlow([totals, screen], isReply);
  const live = new LivePorts({
    ports: [{ ...port, connection: { ...connection, whenDisconnected: reconnect ? 'wait' : 'reject' } }],
    async work(live) {
      for (let round = 0; round < options.repeat; round++) {
        await sendAll(packets, live);
      }
      if (lostPackets > 0) {
        throw new CliError(
          ExitCode.failure,
          `${count(lostPackets, 'packet')} of ${sentPackets} may not have arrived; check the device before you send them again`,
        );
      }
      if (options.wantedReplies === 0 && !options.request && output.isTerminal) {
        const what = isSingle ? count(totals.sentBytes, 'byte') : count(sentPackets, 'packet');
        const isDelivered = isAcknowledged && options.datagram !== true;
        printMessage(`${isDelivered ? 'delivered' : 'sent'} ${what} to ${name}; use --wait to print replies`);
      }
    },
  });
  return runFlow({
    source: live,
    flow,
    output,
    interruption,
    interruptedCode: ExitCode.interrupted,
    finished: (wasInterrupted) => reportEnd({ totals, flow, screen, ports: live }, output, wasInterrupted),
  });

  async function sendAll(all: Packets, live: LivePorts): Promise<void> {
    for await (const packet of all(live.signal)) {
      live.signal.throwIfAborted();
      if (sentPackets > 0) {
        await delay(options.intervalSeconds * 1_000, undefined, { signal: live.signal });
      }
      // A packet waits for the session by itself, and rejects if there is none.
      if (!isAcknowledged) {
        await live.ready(name);
      } else if (options.datagram) {
        await sessionReady(port, live, options.awaitPort ? undefined : options.ackTimeoutMs);
      }
      sentPackets++;
      const before = live.stats(name);
      try {
        if (options.request) {
          await request(packet, live);
          continue;
        }
        replies.sending();
        totals.write(await live.send(name, packet, { isDatagram: options.datagram === true }));
      } catch (error) {
        if (isSingle || !['CONNECTION_LOST', 'PEER_RESET'].includes(`${codeOf(error)}`)) {
          throw error;
        }
        lostPackets++;
        replies.forget();
        continue;
      }
      for (const record of replies.sent(performance.now())) {
        await flow.write(record);
      }
      if (options.wantedReplies > 0) {
        await waitForReplies(before, live);
      }
    }
  }

  async function request(packet: Uint8Array, live: LivePorts): Promise<void> {
    isRequesting = true;
    totals.write({ timeUs: nowUs(), name, dir: 'tx', length: packet.length, bytes: packet });
    try {
      await flow.write(await requestReply(port, packet, live, options.timeoutSeconds, adviceIfSilent(port)));
    } finally {
      isRequesting = false;
    }
  }

  async function waitForReplies(before: Arrivals, live: LivePorts): Promise<void> {
    if (!(await within(options.timeoutSeconds * 1_000, replies.all(), live.signal))) {
      throw new CliError(ExitCode.timeout, noReply(port, options, replies.missing, live, before));
    }
  }
};

/** The options to show a reply with: the library has separated its id already. */
function withoutIds({ requestIdBytes, ...others }: SendOptions): SendOptions {
  return others;
}

function adviceIfSilent({ connection, simulation }: SessionPort): string {
  // The default settle time is right for a simulated board.
  return simulation !== undefined
    ? 'increase --timeout'
    : `${settleAdvice(connection.settleMs)}, or increase --timeout`;
}

function noReply(
  port: SessionPort,
  { wantedReplies, timeoutSeconds, delivery, datagram }: SendOptions,
  missing: number,
  live: LivePorts,
  before: Arrivals,
): string {
  const arrivals = live.stats(port.name);
  const received = wantedReplies - missing;
  const got = received === 0 ? 'no reply' : `only ${received} of ${wantedReplies} replies`;
  const unframed = live.unframed(port.name);
  const ifSome = ['increase --timeout or lower --wait', rejections(since(before, arrivals), unframed)];
  if (received === 0 && delivery === ACKNOWLEDGED) {
    const where = datagram
      ? 'the datagram or its reply may be lost; if not, does the device reply to it'
      : 'the device has taken the packet: does it reply to it';
    return `${got} from "${port.name}" within ${count(timeoutSeconds, 'second')}; ${where}? If so, increase --timeout`;
  }
  const help = received === 0 ? whyNoReply(port, arrivals, unframed, before) : ifSome.filter(Boolean).join('; ');
  return `${got} from "${port.name}" within ${count(timeoutSeconds, 'second')}; ${help}`;
}

function whyNoReply(port: SessionPort, arrivals: Arrivals, unframed: Uint8Array, before: Arrivals): string {
  return (
    portTrouble(arrivals, adviceIfSilent(port), unframed, before) ??
    (since(before, arrivals).packetsReceived > 0 ? TOO_SHORT_FOR_IDS : undefined) ??
    'received only delimiters: does the device reply to this packet? If so, increase --timeout'
  );
}
