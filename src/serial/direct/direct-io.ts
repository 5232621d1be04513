import { getSystemErrorMap } from 'node:util';
import type { PortState } from '../port-state.js';
import type { Turn } from './turn.js';

/** What the reader and the writer of a direct port share. */
export interface DirectIo {
  /** The open port. */
  readonly fd: number;
  readonly state: PortState;
  /** Limits the writes made in one turn of the event loop. */
  readonly writeTurn: Turn;
  /** The port hung up. Does nothing the second time. */
  fail(error: Error): void;
}

/** Makes the error of a hang-up, marked as bindings mark it. */
export function hangUp(message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, { cause }), { disconnect: true });
}

/** What the operating system says about an error, without the code and the name of the call. */
export function reasonOf(error: unknown): string {
  const { errno = 0, message } = error as NodeJS.ErrnoException;
  return getSystemErrorMap().get(errno)?.[1] ?? message;
}

/** Whether a call that never waits failed only because it would have had to wait. */
export function isTryAgain(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException).code;
  return code === 'EAGAIN' || code === 'EWOULDBLOCK' || code === 'EINTR';
}
