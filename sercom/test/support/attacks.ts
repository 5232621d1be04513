import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished } from 'vitest';
import { type Answer, type PageClient, type ServedPage, servePage } from './page-client.js';

/** Every path that has something to hide, and how it is asked for. */
export const SECRETS: readonly (readonly ['GET' | 'POST', string])[] = [
  ['GET', '/api/feed'],
  ['GET', '/metrics'],
  ...['view', 'rows', 'locate', 'find', 'packet', 'plot', 'send', 'mark', 'save', 'save-plot'].map(
    (api) => ['POST', `/api/${api}`] as const,
  ),
];

/** A packet that must not be sent. */
export const EVIL = JSON.stringify({ name: 0, format: 'text', text: 'evil' });

export const JSON_TYPE = { 'Content-Type': 'application/json' };

/**
 * Expects that a request was refused: with this status, or by cutting the connection before it could be read.
 *
 * @param what - which request it was, if there are several
 */
export function expectRefused(answer: Answer, status: number, what = ''): void {
  expect({ what, status: answer.status || status }).toEqual({ what, status });
  expectNoCors(answer);
}

/** No answer may let a script of another site read it. */
export function expectNoCors({ headers }: Answer): void {
  expect(Object.keys(headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
}

/** Expects that the server still serves those who have the token. */
export async function expectUnharmed(client: PageClient): Promise<void> {
  expect((await client.get('/metrics')).status).toBe(200);
}

/** Opens a connection, which is closed when the test ends. */
export async function connection(host: string, port: number): Promise<Socket> {
  const socket = connect({ host, port });
  socket.on('error', () => {
    // The server has cut it.
  });
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Everything that a connection receives until it is closed. */
export async function everything(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // It may be cut with an error, after an answer.
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
  });
  return Buffer.concat(chunks).toString('latin1');
}

/** A page of a command that has little to show. */
export function served(...options: string[]): Promise<ServedPage> {
  return servePage('monitor', 'arm=sim:', ...options);
}

/** Waits until the server has room again, and its answer matches. */
export async function untilServed(client: PageClient, path = '/metrics', pattern = /./): Promise<void> {
  for (;;) {
    const { status, body } = await client.get(path);
    if (status === 200 && pattern.test(body.toString())) {
      return;
    }
    await delay(50);
  }
}
