import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { PortInfo } from 'serial-communicator';
import { CliError } from '../../cli-error.js';
import { ExitCode } from '../../exit-codes.js';
import { changeJson, changeLine, portJson, portTable } from '../../ports/port-table.js';
import { printMessage } from '../../terminal/message.js';
import type { Output } from '../../terminal/output.js';

/** Where the operating system has no folder of devices that tells of changes, they are looked for so often. */
const POLL_MS = 1_000;

/** How long a device that comes makes one change after the other. */
const SETTLE_MS = 100;

export interface ListOptions {
  json?: boolean;
  watch?: boolean;
}

/** Prints the serial ports of this machine: those of USB devices first. With `watch`, each that comes or goes, too. */
export async function list(
  { json = false, watch: isWatching = false }: ListOptions,
  output: Output,
): Promise<ExitCode> {
  const ports = await sortedPorts();
  if (!isWatching) {
    if (json) {
      output.write(portJson(ports));
    } else if (ports.length > 0) {
      output.write(portTable(ports));
    } else {
      printMessage('there are no ports; is the device plugged in, and the cable one that carries data?');
    }
    return ExitCode.success;
  }
  for (const port of ports) {
    output.write(json ? changeJson('there', port) : changeLine('there', port));
  }
  await watchPorts(ports, (change, port) => output.write((json ? changeJson : changeLine)(change, port)), output);
  return ExitCode.success;
}

/** What comes and goes between two lists. */
export function portChanges(
  before: readonly PortInfo[],
  after: readonly PortInfo[],
): { change: 'added' | 'removed'; port: PortInfo }[] {
  // Another device at the same path is another port.
  const isIn = (ports: readonly PortInfo[], port: PortInfo) =>
    ports.some((other) => JSON.stringify(other) === JSON.stringify(port));
  return [
    ...before.filter((port) => !isIn(after, port)).map((port) => ({ change: 'removed' as const, port })),
    ...after.filter((port) => !isIn(before, port)).map((port) => ({ change: 'added' as const, port })),
  ];
}

/** Tells of each port that comes or goes, until Ctrl-C, or until nobody reads the output any more. */
async function watchPorts(
  ports: readonly PortInfo[],
  tell: (change: 'added' | 'removed', port: PortInfo) => void,
  output: Output,
): Promise<void> {
  const ending = new AbortController();
  const end = () => ending.abort();
  process.once('SIGINT', end);
  void output.ended.then(end);
  let wake = () => {};
  let watcher: ReturnType<typeof watch> | undefined;
  try {
    watcher = watch('/dev', () => wake()).on('error', () => {});
  } catch {
    // Then looking often has to do.
  }
  let before = ports;
  while (!ending.signal.aborted) {
    const waking = new AbortController();
    wake = () => waking.abort();
    await delay(POLL_MS, undefined, { signal: AbortSignal.any([ending.signal, waking.signal]) }).catch(() => {});
    if (waking.signal.aborted) {
      await delay(SETTLE_MS, undefined, { signal: ending.signal }).catch(() => {});
    }
    const after = await sortedPorts();
    for (const { change, port } of portChanges(before, after)) {
      tell(change, port);
    }
    before = after;
  }
  watcher?.close();
  process.off('SIGINT', end);
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
