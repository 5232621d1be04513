import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { PortInfo } from 'serial-communicator';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { Interruption } from '../../interruption.js';
import { printMessage } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';
import { discardWhenStalled } from '../../terminal/terminal-stream.js';
import { within } from '../../within.js';
import type { Run } from '../command.js';
import type { definition } from './command.js';
import { changeJson, changeLine, type PortChange, portJson, portTable } from './table.js';

/** How often to list the ports: not every operating system reports changes in a folder of devices. */
const POLL_MS = 1_000;

/** How long to wait after a change: a new device causes several in a row. */
const SETTLE_MS = 100;

/** Prints the serial ports of this machine, those of USB devices first. With `watch`, it then reports changes. */
export const run: Run<typeof definition> = async ({ json = false, watch: isWatching = false }, output) => {
  const ports = await sortedPorts();
  if (!isWatching) {
    if (json) {
      output.write(portJson(ports));
    } else if (ports.length > 0) {
      output.write(portTable(ports, output.size?.columns));
    } else {
      const driver = process.platform === 'win32' ? '; the Device Manager shows whether its driver is missing' : '';
      printMessage(
        `no serial ports found; check that the device is plugged in and that the cable carries data${driver}`,
      );
    }
    return ExitCode.success;
  }
  const report = (change: PortChange, port: PortInfo) =>
    output.write(json ? changeJson(change, port) : changeLine(change, port, output.size?.columns));
  for (const port of ports) {
    report('present', port);
  }
  return watchPorts(ports, report, output);
};

/** The ports that were removed and added between two lists. */
export function portChanges(
  before: readonly PortInfo[],
  after: readonly PortInfo[],
): { change: 'added' | 'removed'; port: PortInfo }[] {
  // A different device at the same path counts as a different port.
  const isIn = (ports: readonly PortInfo[], port: PortInfo) =>
    ports.some((other) => JSON.stringify(other) === JSON.stringify(port));
  return [
    ...before.filter((port) => !isIn(after, port)).map((port) => ({ change: 'removed' as const, port })),
    ...after.filter((port) => !isIn(before, port)).map((port) => ({ change: 'added' as const, port })),
  ];
}

/** Reports each port that is added or removed, until Ctrl-C or until the output is closed. Returns the exit code. */
async function watchPorts(
  ports: readonly PortInfo[],
  report: (change: 'added' | 'removed', port: PortInfo) => void,
  output: Output,
): Promise<ExitCode> {
  const interruption = new Interruption();
  output.watchReader();
  void output.ended.then(interruption.interrupt);
  let wake = () => {};
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch('/dev', () => wake()).on('error', () => {});
  } catch {
    // Without notifications, ports are only polled.
  }
  let before = ports;
  try {
    for (;;) {
      const change = new Promise<void>((resolve) => {
        wake = resolve;
      });
      if (await within(POLL_MS, change, interruption.signal)) {
        await delay(SETTLE_MS, undefined, { signal: interruption.signal });
      }
      const after = await sortedPorts();
      for (const { change, port } of portChanges(before, after)) {
        report(change, port);
      }
      before = after;
    }
  } catch (error) {
    if (!interruption.signal.aborted) {
      throw error;
    }
    discardWhenStalled();
    return output.hasHungUp ? ExitCode.hungUp : interruption.exitCode(ExitCode.success);
  } finally {
    watcher?.close();
    interruption.close();
  }
}

async function sortedPorts(): Promise<PortInfo[]> {
  const { listPorts } = await import('serial-communicator');
  const ports = await listPorts().catch((error: Error) => {
    throw new CliError(ExitCode.failure, `cannot list the ports: ${error.message}`, { cause: error });
  });
  return ports.sort((a, b) => rank(a) - rank(b));
}

function rank({ vendorId }: PortInfo): number {
  return vendorId === undefined ? 1 : 0;
}
