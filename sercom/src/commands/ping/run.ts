import { setTimeout as delay } from 'node:timers/promises';
import type { AcknowledgedStats, ReplyError, SerialSettings } from 'serial-communicator';
import { codeOf } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { ACKNOWLEDGED, checkDelivery } from '../../options/delivery-options.js';
import { sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import type { Arrivals } from '../../session/diagnosis.js';
import { LivePorts } from '../../session/live-ports.js';
import { runFlow } from '../../session/run-flow.js';
import { sessionReady } from '../../session/session-ready.js';
import { RecordFlow } from '../../sinks/flow.js';
import type { RecordSink } from '../../sinks/sink.js';
import { printMessage } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import { MAX_TIMER_MS, within } from '../../within.js';
import type { Run } from '../command.js';
import { errorReply } from '../error-reply.js';
import type { definition } from './command.js';
import { pingTrouble } from './diagnosis.js';
import { type PingResult, pingJson, pingProgress, pingReport } from './report.js';
import { PingTally } from './tally.js';

/** How often the status line is drawn. */
const PROGRESS_MS = 200;

/** Errors of packets that are lost, while others may still come back. */
const LOSSES: readonly unknown[] = ['CONNECTION_LOST', 'PEER_RESET', 'ACK_TIMEOUT'];

/** Sends packets to an echoing device and reports what came back. */
export const run: Run<typeof definition> = async (options, output) => {
  checkDelivery(options);
  const isAcknowledged = options.delivery === ACKNOWLEDGED;
  const [port] = sessionPorts([parsePort(options.port, options.baud)], options, {
    delivery: options.delivery,
    ownIdBytes: options.requestIdBytes,
  });
  const { name, connection } = port!;
  const { baudRate } = connection;
  const lineBytesPerSecond = baudRate === undefined ? undefined : baudRate / bitsPerCharacter(connection);
  const tally = new PingTally();
  let startedAtMs = 0;
  let lastAtMs = 0;
  let isFinished = false;
  let hasSent = false;
  const hasIds = options.requestIdBytes !== undefined;
  /** Ends the exchange of requests. */
  let failure: unknown;
  let wake = () => {};
  let before: Arrivals | undefined;
  let trouble: string | undefined;
  let delivery: AcknowledgedStats | undefined;
  const result = (): PingResult => ({
    tally,
    seconds: (lastAtMs - startedAtMs) / 1_000,
    hasIds,
    lineBytesPerSecond,
    delivery,
  });

  const echoes: RecordSink = {
    whenFull: 'hold',
    write(record) {
      // Before the first packet is sent, nothing can be an echo.
      if (isFinished || tally.sent === 0) {
        return;
      }
      if (isAcknowledged && record.error !== undefined) {
        // It is sent again.
        return;
      }
      if (hasIds) {
        // The reply of a request does not come here.
        tally.arrivedUnasked();
        return;
      }
      lastAtMs = performance.now();
      if (record.error === undefined) {
        tally.arrived(record.bytes, lastAtMs);
      } else {
        tally.rejected();
      }
      wake();
    },
  };
  const live = new LivePorts({
    ports: [{ ...port!, connection: { ...connection, whenDisconnected: 'wait' } }],
    async work(live) {
      await (isAcknowledged
        ? sessionReady(port!, live, options.awaitPort ? undefined : options.ackTimeoutMs)
        : live.ready(name));
      startedAtMs = performance.now();
      lastAtMs = startedAtMs;
      before = live.stats(name);
      live.onLateReply(() => {
        if (!isFinished) {
          tally.repliedLate();
        }
      });
      const stopProgress = showProgress(output, result, options.count);
      try {
        await exchange(live);
      } finally {
        isFinished = true;
        stopProgress();
      }
    },
  });
  const exitCode = await runFlow({
    source: live,
    flow: new RecordFlow([echoes]),
    output,
    interruptedCode: ExitCode.success,
    finished() {
      isFinished = true;
      // After Ctrl-C it is unknown whether the packets in flight would have come back.
      hasSent = tally.sent > 0;
      tally.abandon();
      delivery = live.delivery(name);
      if (before !== undefined) {
        const setup = {
          settleMs: connection.settleMs,
          isSimulated: port!.simulation !== undefined,
          window: options.window,
          hasIds,
          unframed: live.unframed(name),
          delivery,
        };
        trouble = pingTrouble(tally, live.stats(name), before, setup);
      }
    },
  });
  if (tally.sent === 0) {
    printMessage(
      hasSent
        ? 'no packets counted: the command was stopped before the first one came back'
        : 'no packets sent: the command was stopped before the port was ready',
    );
    return exitCode === ExitCode.success ? ExitCode.failure : exitCode;
  }
  await (options.json
    ? output.write(`${pingJson(result())}\n`)
    : output.writeLines(pingReport(name, result(), output.size?.columns)));
  if (trouble !== undefined && !options.json) {
    output.push();
    printMessage(trouble);
  }
  return exitCode === ExitCode.success && tally.lost + tally.corrupted > 0 ? ExitCode.failure : exitCode;

  async function exchange(live: LivePorts): Promise<void> {
    let nextAtMs = performance.now();
    for (let sent = 0; sent < options.count; sent++) {
      const bytes = options.sizesBytes[sent % options.sizesBytes.length]!;
      nextAtMs = Math.max(nextAtMs + options.intervalSeconds * 1_000, performance.now());
      await inFlightAtMost(options.window - 1, live.signal);
      await send(live, bytes);
      const waitMs = nextAtMs - performance.now();
      if (waitMs > 0 && sent < options.count - 1) {
        await delay(waitMs, undefined, { signal: live.signal });
      }
    }
    await inFlightAtMost(0, live.signal);
  }

  async function send(live: LivePorts, bytes: number): Promise<void> {
    // Round-trip times must not include the time that the device is disconnected.
    await live.ready(name);
    const { number, packet } = tally.add(bytes, performance.now());
    if (hasIds) {
      void request(live, number, packet);
      return;
    }
    if (isAcknowledged) {
      void sendAcknowledged(live, number, packet);
      return;
    }
    try {
      await live.send(name, packet);
    } catch (error) {
      live.signal.throwIfAborted();
      tally.lose(number);
      if (!LOSSES.includes(codeOf(error))) {
        throw error;
      }
    }
  }

  /** Sends a packet whose acknowledgement may come after its echo. Never rejects, like {@link request}. */
  async function sendAcknowledged(live: LivePorts, number: number, packet: Uint8Array): Promise<void> {
    try {
      await live.send(name, packet);
    } catch (error) {
      if (live.signal.aborted) {
        return;
      }
      tally.lose(number);
      if (!LOSSES.includes(codeOf(error))) {
        failure ??= error;
      }
      wake();
    }
  }

  /** Sends a packet as a request. Never rejects: {@link inFlightAtMost} throws what no packet is counted for. */
  async function request(live: LivePorts, number: number, packet: Uint8Array): Promise<void> {
    try {
      const { bytes } = await live.request(name, packet, timeoutMs());
      lastAtMs = performance.now();
      tally.replied(number, bytes, lastAtMs);
    } catch (error) {
      if (live.signal.aborted) {
        return;
      }
      tally.lose(number);
      const code = codeOf(error);
      if (code === 'REPLY_ERROR') {
        failure ??= errorReply(name, error as ReplyError);
      } else if (code !== 'REPLY_TIMEOUT' && !LOSSES.includes(code)) {
        failure ??= error;
      }
    }
    wake();
  }

  function timeoutMs(): number {
    return options.timeoutSeconds * 1_000 + wireMs();
  }

  /** Waits until at most `limit` packets are in flight. */
  async function inFlightAtMost(limit: number, signal: AbortSignal): Promise<void> {
    while (tally.pending > limit && failure === undefined) {
      // A request has a time limit of its own.
      const waitMs = hasIds ? MAX_TIMER_MS : tally.oldestSentAtMs! + timeoutMs() - performance.now();
      if (waitMs <= 0) {
        tally.expire(performance.now() - timeoutMs());
      } else {
        const arrival = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await within(waitMs, arrival, signal);
      }
    }
    if (failure !== undefined) {
      throw failure;
    }
  }

  /** How long a full window of packets takes on the line, in both directions. 0 if its speed is not known. */
  function wireMs(): number {
    const largest = Math.max(...options.sizesBytes) + 8;
    return lineBytesPerSecond === undefined ? 0 : ((2 * largest * options.window) / lineBytesPerSecond) * 1_000;
  }
};

function showProgress(output: Output, result: () => PingResult, wanted: number): () => void {
  if (!output.canMoveCursor) {
    return () => {};
  }
  output.setFooter(() => ({ lines: [[[pingProgress(result(), wanted)]]] }));
  const timer = setInterval(() => output.drawFooter(), PROGRESS_MS);
  return () => {
    clearInterval(timer);
    output.setFooter(undefined);
  };
}

function bitsPerCharacter({ dataBits = 8, stopBits = 1, parity = 'none' }: SerialSettings): number {
  const startBits = 1;
  return startBits + dataBits + (parity === 'none' ? 0 : 1) + stopBits;
}
