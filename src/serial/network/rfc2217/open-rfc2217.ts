import type { Port } from '../../port.js';
import { Rfc2217Port } from './rfc2217-port.js';

/** How long a server may take to say that it speaks RFC 2217, but at most half of the time for opening. */
const NEGOTIATION_MS = 3_000;

/** How long a server may take to answer a command, but at most a quarter of the time for opening. */
const ANSWER_MS = 1_000;

/** What to do at the server that most people use. */
const SER2NET = 'in ser2net, the accepter must be "telnet(rfc2217),tcp,PORT"';

/**
 * Makes a port with a line of one that leads to a server, and sets the line.
 *
 * Rejects if the server does not speak RFC 2217 or closes the connection, and then closes the port. The `code` of the error
 * is `CLOSED_AT_ONCE` if its port is probably in use, otherwise `SERVER_UNSUITABLE`.
 *
 * @param port - open, and not yet started. Its options say what the line is to be. From now on, only the new port uses it
 */
export async function openRfc2217(port: Port, openTimeoutMs: number): Promise<Port> {
  const opened = new Rfc2217Port(port, Math.min(ANSWER_MS, openTimeoutMs / 4));
  try {
    const state = await opened.negotiate(Math.min(NEGOTIATION_MS, openTimeoutMs / 2));
    if (state !== 'on') {
      throw unsuitable(state === 'refused' ? explainRefused() : explainSilent(port.openOptions.path));
    }
    await opened.setLine();
    return opened;
  } catch (error) {
    const reason = opened.failure === undefined ? error : explainClosed(opened);
    await opened.close().catch(() => undefined);
    throw reason;
  }
}

function explainRefused(): string {
  return `the server speaks telnet, but refuses RFC 2217; enable it there (${SER2NET})`;
}

function explainSilent(path: string): string {
  const raw = path.replace(/^rfc2217/i, 'tcp');
  return `the server does not answer in telnet; if it passes on raw bytes, use ${raw}, or let it speak RFC 2217 (${SER2NET})`;
}

/** Servers say why in a line of text. */
function explainClosed({ failure, greeting }: Rfc2217Port): Error {
  const text = Buffer.from(greeting).toString('latin1').trim();
  const said = /^[\x20-\x7e]+$/.test(text) ? ` after ${JSON.stringify(text)}` : '';
  return unsuitable(
    `the server closed the connection${said}`,
    failure,
    /^$|in use|busy/i.test(text) ? 'CLOSED_AT_ONCE' : undefined,
  );
}

function unsuitable(message: string, cause?: Error, code = 'SERVER_UNSUITABLE'): Error {
  return Object.assign(new Error(message, { cause }), { code });
}
