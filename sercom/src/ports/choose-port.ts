import { createInterface } from 'node:readline/promises';
import type { PortInfo } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { endInBackground } from '../terminal/foreground.js';
import { printMessage } from '../terminal/message.js';
import { escapeText } from '../text/escape.js';
import { describePort, SIMULATED_DESCRIPTION } from './describe-port.js';
import { SIMULATED_PATH } from './simulated-boards.js';

/** Asks the user a question. Returns the line that was typed, or `undefined` if the user left with Ctrl-C or Ctrl-D. */
export type Ask = (question: string) => Promise<string | undefined>;

/**
 * The port to open when none was given: the only USB port, or the one that the user chooses. Ports without a node in
 * `/dev` do not count.
 *
 * @param ask - `undefined` if there is no terminal to ask on
 * @returns `undefined` if the user left without choosing
 * @throws CliError if there is no USB port, or (usage error) if there are several and nobody can be asked
 */
export async function choosePort(ports: readonly PortInfo[], ask: Ask | undefined): Promise<string | undefined> {
  const reachable = ports.filter(({ hasNode }) => hasNode !== false);
  const usb = reachable.filter(({ vendorId }) => vendorId !== undefined);
  const describe = (port: PortInfo) => describePort(port, ports);
  const [only] = usb;
  if (only !== undefined && usb.length === 1) {
    printMessage(`using ${describe(only)}`);
    return only.path;
  }
  if (ask === undefined) {
    if (only === undefined) {
      throw new CliError(ExitCode.failure, noUsbPort(ports.filter(({ vendorId }) => vendorId !== undefined)));
    }
    throw new CliError(ExitCode.usage, `several USB serial ports found; name one of: ${usb.map(describe).join(', ')}`);
  }
  const offered = usb.length > 0 ? usb : reachable;
  const paths = [...offered.map(({ path }) => path), SIMULATED_PATH];
  const lines = [...offered.map(describe), SIMULATED_DESCRIPTION];
  const list = lines.map((line, index) => `  ${index + 1}  ${escapeText(line)}\n`).join('');
  for (let question = `${list}Which port? `; ; question = `Enter a number from 1 to ${paths.length}, or a path: `) {
    const reply = (await ask(question))?.trim();
    if (reply === undefined) {
      return undefined;
    }
    const chosen = /^\d+$/.test(reply) ? paths[Number(reply) - 1] : reply;
    if (chosen !== undefined && chosen !== '') {
      return chosen;
    }
  }
}

/** @param unreachable - USB ports without a node in `/dev` */
function noUsbPort(unreachable: readonly PortInfo[]): string {
  const [first] = unreachable;
  return first === undefined
    ? 'no USB serial port found; plug in the device, or name a port (see "sercom list")'
    : `no node in /dev for ${unreachable.map((port) => describePort(port, unreachable)).join(', ')}; ` +
        `if this is a container, start it with "--device ${first.path}"`;
}

/** Lists the ports of this machine and {@link choosePort | chooses} one. Asks only on a terminal. */
export async function chooseListedPort(): Promise<string | undefined> {
  const { listPorts } = await import('serial-communicator');
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  return choosePort(await listPorts(), isTerminal ? askOnTerminal : undefined);
}

async function askOnTerminal(question: string): Promise<string | undefined> {
  endInBackground();
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const leaving = new AbortController();
  terminal.once('close', () => leaving.abort());
  // The terminal is in raw mode while readline asks, so Ctrl-C is a key and not a signal.
  terminal.once('SIGINT', () => leaving.abort());
  try {
    return await terminal.question(question, { signal: leaving.signal });
  } catch (error) {
    if (leaving.signal.aborted) {
      process.stderr.write('\n');
      return undefined;
    }
    throw error;
  } finally {
    terminal.close();
  }
}
