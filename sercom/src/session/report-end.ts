import type { RecordFlow } from '../sinks/flow.js';
import type { RecordSink } from '../sinks/sink.js';
import type { Totals } from '../sinks/totals.js';
import { printMessage } from '../terminal/message.js';
import type { Output } from '../terminal/output.js';
import { count } from '../text/count.js';
import type { LivePorts } from './live-ports.js';

export interface EndOptions {
  totals: Totals;
  flow: RecordFlow;
  screen: RecordSink | undefined;
  ports: LivePorts;
}

/** Counts in the totals what was not shown, and bytes that are in no record. Packets left at the end matter only if Ctrl-C cut them off. */
export function countNotShown({ totals, flow, screen, ports }: EndOptions, wasInterrupted: boolean): void {
  const lost = screen === undefined ? 0 : flow.lostRecords(screen);
  totals.notShown = lost + (wasInterrupted ? ports.droppedPackets : 0);
  totals.unframed = ports.unframedTotals;
}

/** Reports packets that the device had not acknowledged when the ports were closed. Their senders are gone. */
export function reportAbandoned({ abandonedPackets }: LivePorts): void {
  if (abandonedPackets > 0) {
    const they = abandonedPackets === 1 ? 'it' : 'they';
    printMessage(
      `${count(abandonedPackets, 'packet')} not acknowledged before the end; ${they} may have been delivered`,
    );
  }
}

/** Prints the totals after Ctrl-C, otherwise only how many records stdout was too slow for. */
export function reportEnd(options: EndOptions, output: Output, wasInterrupted: boolean): void {
  const { totals } = options;
  countNotShown(options, wasInterrupted);
  reportAbandoned(options.ports);
  if (wasInterrupted) {
    printMessage(`${totals}`);
  } else if (totals.notShown > 0 && !output.hasEnded) {
    printMessage(
      output.isTerminal
        ? `${count(totals.notShown, 'line')} not shown: the terminal was stalled`
        : `${count(totals.notShown, 'rejected frame')} dropped: the program reading stdout is too slow`,
    );
  }
}
