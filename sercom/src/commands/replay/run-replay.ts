import { once } from 'node:events';
import { ExitCode } from '../../exit-codes.js';
import type { RecordSource } from '../../records/source.js';
import { type FlowOptions, runFlow } from '../../session/run-flow.js';
import { printMessage } from '../../terminal/message.js';
import type { WebPage } from '../../web/web-page.js';

/**
 * Runs a recording through a flow: see {@link runFlow}. If there is a page, it stays open after the recording until Ctrl-C,
 * which then interrupts nothing.
 *
 * @returns the exit code
 */
export async function runReplay(
  page: WebPage | undefined,
  { source, finished, ...options }: Omit<FlowOptions, 'interruptedCode'>,
): Promise<ExitCode> {
  let isOver = false;
  const staying: RecordSource = {
    async deliver(take, signal, started) {
      await source.deliver(take, signal, started);
      if (page !== undefined && !signal.aborted) {
        isOver = true;
        page.setEnded('the recording is over');
        printMessage('the recording is over; the page stays open until Ctrl-C');
        await once(signal, 'abort');
      }
    },
  };
  const code = await runFlow({
    ...options,
    source: staying,
    interruptedCode: ExitCode.interrupted,
    finished: (wasInterrupted) => finished?.(wasInterrupted && !isOver),
  });
  return isOver && code === ExitCode.interrupted ? ExitCode.success : code;
}
