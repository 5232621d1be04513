import { setTimeout as delay } from 'node:timers/promises';
import { CliError } from './cli-error.js';
import { ExitCode } from './exit-codes.js';
import { parseHex } from './hex.js';
import { lineFormat } from './line-format.js';
import { printMessage } from './message.js';
import { type LineOptions, MAX_PACKET_BYTES, type SessionPort, sessionPorts } from './open-ports.js';
import type { Output } from './output.js';
import { parsePort } from './port-argument.js';
import { runSession, type Session } from './session.js';
import { readPacket } from './stdin.js';
import { count, type Totals } from './totals.js';

export interface SendOptions extends LineOptions {
  /** Exactly one of these three says what to send. */
  hex?: string;
  text?: string;
  stdin?: boolean;
  /** How many answers to wait for. */
  wait: number;
  /** How long to wait for them, in seconds. */
  timeout: number;
  json?: boolean;
}

/** Sends one packet, and prints the answers. */
export async function send(portArgument: string, options: SendOptions, output: Output): Promise<ExitCode> {
  const [port] = sessionPorts([parsePort(portArgument, options.baud)], options, false) as [SessionPort];
  const packet = await packetOf(options, output.isTerminal);
  if (packet === undefined) {
    return ExitCode.interrupted;
  }
  if (packet.length > MAX_PACKET_BYTES) {
    throw new CliError(ExitCode.usage, `a packet has at most ${MAX_PACKET_BYTES} bytes; send less at a time`);
  }
  let isSent = false;
  let answers = 0;
  let haveAnswers = (_: ExitCode) => {};
  const answered = new Promise<ExitCode>((resolve) => {
    haveAnswers = resolve;
  });

  return runSession({
    ports: [port],
    output,
    format: lineFormat([port.name], output, options.json),
    interruptedCode: ExitCode.interrupted,
    received(record, session) {
      // What came before the packet was sent answers something else.
      if (!isSent || answers === options.wait) {
        return;
      }
      if (record.error === undefined && ++answers === options.wait) {
        haveAnswers(ExitCode.success);
      }
      return session.show(record);
    },
    async work(session) {
      await delay(port.connection.settleMs, undefined, { signal: session.signal });
      // An answer may be read before the write is told to have ended.
      isSent = true;
      const sent = await session.send(port.name, packet);
      session.totals.add(sent);
      if (options.wait === 0) {
        if (output.isTerminal) {
          printMessage(`sent ${count(packet.length, 'byte')} to ${port.name}; --wait prints answers`);
        }
        return ExitCode.success;
      }
      return Promise.race([answered, timeUp(session)]);
    },
  });

  async function timeUp({ signal, totals }: Session): Promise<never> {
    await delay(options.timeout * 1_000, undefined, { signal });
    throw new CliError(ExitCode.timeout, noAnswer(port, options, totals));
  }
}

function noAnswer(port: SessionPort, { wait, timeout }: SendOptions, { received, rejected }: Totals): string {
  const got = received === 0 ? 'no answer' : `only ${received} of ${count(wait, 'answer')}`;
  const help =
    received === 0 ? advice(port.connection.settleMs, rejected) : 'wait longer (--timeout), or for fewer (--wait)';
  return `${got} from "${port.name}" within ${count(timeout, 'second')}; ${help}`;
}

function advice(settleMs: number, rejected: number): string {
  if (rejected > 0) {
    return `${count(rejected, 'frame')} rejected: is the baud rate right, and the checksum (--baud, --checksum)?`;
  }
  const settle = settleMs === 0 ? 'try --settle 2000' : `try a longer --settle (it is ${settleMs} ms)`;
  return (
    'a board that resets when its port is opened, as an Uno does, loses what is sent to its boot loader: ' +
    `${settle}, or wait longer (--timeout)`
  );
}

/** `undefined` if Ctrl-C ended the reading of stdin. */
async function packetOf({ hex, text, stdin }: SendOptions, isTerminal: boolean): Promise<Uint8Array | undefined> {
  if ([hex, text, stdin].filter((given) => given !== undefined).length !== 1) {
    throw new CliError(ExitCode.usage, 'say what to send: one of --hex "01 02 ff", --text hello or --stdin');
  }
  if (hex !== undefined) {
    return parseHex(hex);
  }
  return text !== undefined ? Buffer.from(text) : readPacket(isTerminal);
}
