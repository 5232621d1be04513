import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

/** The major device numbers that Linux gives pseudo-terminals. */
const FIRST_PTY_MAJOR = 136;
const LAST_PTY_MAJOR = 143;

/**
 * Whether the closing of the descriptor may wait for the device. That of a pseudo-terminal never does.
 *
 * Linux waits, up to half a minute, in the `close` that is a port's last, for bytes that it has taken and the device
 * has not (`closing_wait` of its serial drivers).
 */
export function mayWaitInClose(fd: number): boolean {
  const major = (fstatSync(fd).rdev >> 8) & 0xfff;
  return process.platform !== 'linux' || major < FIRST_PTY_MAJOR || major > LAST_PTY_MAJOR;
}

/**
 * Gives the descriptor to a process of its own, which does nothing but hold it: whoever closes it here is not the last
 * then, and does not wait. No thread of the pool is held, and this process can end at any time.
 *
 * @returns ends that process, which then waits for the device in place of this one
 */
export function holdOpen(fd: number): () => void {
  const holder = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore', fd], detached: true });
  // Without it, closing waits.
  holder.on('error', () => undefined);
  holder.stdin?.on('error', () => undefined);
  holder.unref();
  return () => void holder.stdin?.end();
}
