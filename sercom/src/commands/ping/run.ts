import { setTimeout as delay } from 'node:timers/promises';
import { ExitCode } from '../../exit-codes.js';
import { sessionPorts } from '../../ports/open-ports.js';
import { parsePort } from '../../ports/port-argument.js';
import type { Arrivals } from '../../session/diagnosis.js';
import { LivePorts } from '../../session/live-ports.js';
import { runFlow } from '../../session/run-flow.js';
import { RecordFlow } from '../../sinks/flow.js';
import type { RecordSink } from '../../sinks/sink.js';
import { colorizerFor } from '../../terminal/color.js';
import { printMessage, redirectMessages } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import { within } from '../../within.js';
import type { Run } from '../command.js';
import type { definition, PingOptions } from './command.js';
import { pingTrouble } from './diagnosis.js';
import { pingJson, pingProgress, pingReport } from './report.js';
import { PingTally } from './tally.js';

/** How often the line of progress is drawn. */
const PROGRESS_MS = 200;

/** A character has a start bit, eight data bits and a stop bit, unless it is told otherwise. */
const USUAL = { dataBits: 8, stopBits: 1 };

/** What a ping came to. */
export interface PingResult {
  tally: PingTally;
  /** From the first packet to the last that came back. */
  seconds: number;
  /** What the line can carry each way. */
  lineBytesPerSecond: number;
}

/** Sends packets to a device that echoes, and reports what came back. */
export const run: Run<typeof definition> = async (options, output) => {
  const [port] = sessionPorts([parsePort(options.port, options.baud)], options, false);
  const { name, connection } = port!;
  const lineBytesPerSecond = connection.baudRate / bitsOfCharacter(options);
  const tally = new PingTally();
  let startedAtMs = 0;
  let lastAtMs = 0;
  let isFinished = false;
  let wake = () => {};
  let before: Arrivals | undefined;
  let trouble: string | undefined;
  const result = (): PingResult => ({ tally, seconds: (lastAtMs - startedAtMs) / 1_000, lineBytesPerSecond });

  const echoes: RecordSink = {
    whenFull: 'hold',
    write(record) {
      // What comes before the first packet is no echo.
      if (isFinished || tally.sent === 0) {
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
    async work(session) {
      await session.ready(name);
      startedAtMs = performance.now();
      lastAtMs = startedAtMs;
      before = session.stats(name);
      const stopProgress = showProgress(output, result, options.count);
      try {
        await exchange(session);
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
      // After Ctrl-C nobody knows what would have become of those.
      tally.abandon();
      if (before !== undefined) {
        const line = { settleMs: connection.settleMs, isSimulated: port!.isSimulated, window: options.window };
        trouble = pingTrouble(tally, live.stats(name), before, line);
      }
    },
  });
  if (tally.sent === 0) {
    printMessage('nothing was sent');
    return ExitCode.failure;
  }
  await output.write(
    options.json ? `${pingJson(result())}\n` : pingReport(name, result(), colorizerFor(output.stream)),
  );
  if (trouble !== undefined && !options.json) {
    output.push();
    printMessage(trouble);
  }
  return exitCode !== ExitCode.success || tally.lost + tally.corrupted > 0 ? ExitCode.failure : ExitCode.success;

  async function exchange(session: LivePorts): Promise<void> {
    let nextAtMs = performance.now();
    for (let sent = 0; sent < options.count; sent++) {
      const bytes = options.sizesBytes[sent % options.sizesBytes.length]!;
      nextAtMs = Math.max(nextAtMs + options.intervalSeconds * 1_000, performance.now());
      await roomFor(options.window - 1, session.signal);
      await send(session, bytes);
      const waitMs = nextAtMs - performance.now();
      if (waitMs > 0 && sent < options.count - 1) {
        await delay(waitMs, undefined, { signal: session.signal });
      }
    }
    await roomFor(0, session.signal);
  }

  async function send(session: LivePorts, bytes: number): Promise<void> {
    // The time that a device is away is no round trip.
    await session.ready(name);
    const { number, packet } = tally.add(bytes, performance.now());
    try {
      await session.send(name, packet);
    } catch (error) {
      session.signal.throwIfAborted();
      tally.lose(number);
      if (!(error instanceof Error && 'code' in error && error.code === 'CONNECTION_LOST')) {
        throw error;
      }
    }
  }

  /** Waits until no more than so many packets are under way. */
  async function roomFor(pending: number, signal: AbortSignal): Promise<void> {
    while (tally.pending > pending) {
      const timeoutMs = options.timeoutSeconds * 1_000 + wireMs();
      const waitMs = tally.oldestSentAtMs! + timeoutMs - performance.now();
      if (waitMs <= 0) {
        tally.expire(performance.now() - timeoutMs);
      } else {
        const arrival = new Promise<void>((resolve) => {
          wake = resolve;
        });
        await within(waitMs, arrival, signal);
      }
    }
  }

  /** How long everything under way takes on the line, there and back. */
  function wireMs(): number {
    const largest = Math.max(...options.sizesBytes) + 8;
    return ((2 * largest * options.window) / lineBytesPerSecond) * 1_000;
  }
};

function showProgress(output: Output, result: () => PingResult, wanted: number): () => void {
  if (!output.isTerminal) {
    return () => {};
  }
  if (process.stderr.isTTY) {
    redirectMessages((line) => void output.write(line));
  }
  output.setFooter(() => [pingProgress(result(), wanted)]);
  const timer = setInterval(() => output.drawFooter(), PROGRESS_MS);
  return () => {
    clearInterval(timer);
    output.setFooter(undefined);
    redirectMessages();
  };
}

function bitsOfCharacter({ dataBits, stopBits, parity }: PingOptions): number {
  const parityBits = parity === undefined || parity === 'none' ? 0 : 1;
  return 1 + Number(dataBits ?? USUAL.dataBits) + parityBits + Number(stopBits ?? USUAL.stopBits);
}
