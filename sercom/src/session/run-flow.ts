import { once } from 'node:events';
import { ExitCode } from '../exit-codes.js';
import { Interruption } from '../interruption.js';
import type { RecordSource } from '../records/source.js';
import type { RecordFlow } from '../sinks/flow.js';
import type { Output } from '../terminal/output.js';
import { discardWhenStalled } from '../terminal/terminal-stream.js';

export interface FlowOptions {
  source: RecordSource;
  flow: RecordFlow;
  output: Output;
  /** Whether the command has nothing to print on stdout, so that it does not matter whether anyone reads that. */
  printsNothing?: boolean;
  /** The exit code if Ctrl-C ends the command. SIGTERM and SIGHUP have their own. */
  interruptedCode: ExitCode;
  /** What Ctrl-C aborts, if the command needs it as well. It is closed at the end. */
  interruption?: Interruption;
  /** Called when the source has ended and closed, before the sinks are closed. */
  finished?(wasInterrupted: boolean): void;
}

/**
 * Runs the records of a source through a flow until the source ends, Ctrl-C, SIGTERM or SIGHUP, or a sink or stdout can
 * take nothing more.
 * Then closes the source and the sinks. A second signal kills the process.
 *
 * @returns the exit code
 * @throws CliError, or an error of the library, if the source or a sink failed
 */
export async function runFlow({
  source,
  flow,
  output,
  printsNothing = false,
  interruptedCode,
  interruption = new Interruption(),
  finished,
}: FlowOptions): Promise<ExitCode> {
  const closing = new AbortController();
  const interrupted = once(interruption.signal, 'abort').then(() => interruption.exitCode(interruptedCode));
  const delivered = source.deliver(flow.take, closing.signal, () => flow.begin());
  // A stdout that failed is reported at the very end, once everything else has been written.
  const ends = [delivered, flow.ended].map((end) => end.then(() => ExitCode.success));
  if (!printsNothing) {
    output.watchReader();
  }
  const left = output.ended.then(() => (output.hasHungUp ? ExitCode.hungUp : ExitCode.success));
  try {
    return await Promise.race([interrupted, ...ends, left]);
  } finally {
    if (interruption.signal.aborted) {
      discardWhenStalled();
    }
    closing.abort();
    await delivered.catch(() => {});
    interruption.close();
    output.push();
    try {
      finished?.(interruption.signal.aborted);
    } finally {
      await flow.close();
    }
  }
}
