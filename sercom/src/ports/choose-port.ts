import { createInterface } from 'node:readline/promises';
import type { PortInfo } from 'serial-communicator';
import { CliError } from '../cli-error.js';
import { ExitCode } from '../exit-codes.js';
import { printMessage } from '../terminal/message.js';
import { escapeText } from '../text/escape.js';
import { SIMULATED_PATH } from './port-argument.js';

/** Asks a person, and gives the line that comes back; `undefined` if the person wants none of it. */
export type Ask = (question: string) => Promise<string | undefined>;

/**
 * The port to open where none was named: the only USB port there is, or the one that a person chooses.
 *
 * @param ask - nothing if nobody is there to be asked
 * @returns `undefined` if nobody wanted to choose
 * @throws CliError if there is no such port, or (wrong use) too many of them
 */
export async function choosePort(ports: readonly PortInfo[], ask: Ask | undefined): Promise<string | undefined> {
  const usb = ports.filter(({ vendorId }) => vendorId !== undefined);
  const [only] = usb;
  if (only !== undefined && usb.length === 1) {
    printMessage(`using ${describe(only)}`);
    return only.path;
  }
  if (ask === undefined) {
    if (only === undefined) {
      throw new CliError(ExitCode.failure, 'there is no USB port; plug the device in, or name a PORT ("sercom list")');
    }
    throw new CliError(ExitCode.usage, `say which PORT: there are ${usb.map(describe).join(', ')}`);
  }
  const offered = usb.length > 0 ? usb : ports;
  const paths = [...offered.map(({ path }) => path), SIMULATED_PATH];
  const lines = [...offered.map(describe), `${SIMULATED_PATH} (a simulated Uno)`];
  const list = lines.map((line, index) => `  ${index + 1}  ${escapeText(line)}\n`).join('');
  for (let question = `${list}Which port? `; ; question = `A number from 1 to ${paths.length}, or a path: `) {
    const answer = (await ask(question))?.trim();
    if (answer === undefined) {
      return undefined;
    }
    const chosen = /^\d+$/.test(answer) ? paths[Number(answer) - 1] : answer;
    if (chosen !== undefined && chosen !== '') {
      return chosen;
    }
  }
}

/** Looks what ports there are, and {@link choosePort | chooses} one; a person is asked on a terminal only. */
export async function chooseListedPort(): Promise<string | undefined> {
  const { listPorts } = await import('serial-communicator');
  const isTerminal = process.stdin.isTTY && process.stderr.isTTY;
  return choosePort(await listPorts(), isTerminal ? askOnTerminal : undefined);
}

async function askOnTerminal(question: string): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const leaving = new AbortController();
  terminal.once('close', () => leaving.abort());
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

function describe({ path, vendorId, productId, manufacturer, serialNumber }: PortInfo): string {
  const usb = vendorId === undefined ? [] : [`${vendorId}:${productId}`];
  const known = [...usb, manufacturer, serialNumber].filter((part) => part !== undefined);
  return known.length === 0 ? path : `${path} (${known.join(' ')})`;
}
