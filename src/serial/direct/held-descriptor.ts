import { spawn } from 'node:child_process';
import { fstatSync } from 'node:fs';

/** The major device numbers of pseudo-terminals on Linux. */
const FIRST_PTY_MAJOR = 136;
const LAST_PTY_MAJOR = 143;

/**
 * Whether closing the descriptor may block. Closing a pseudo-terminal never does.
 *
 * When the last descriptor of a port is closed, Linux waits up to 30 s for the device to accept the bytes written to it
 * (`closing_wait` of its serial drivers).
 */
export function mayWaitInClose(fd: number): boolean {
  return process.platform !== 'linux' || !isPseudoTerminal(fstatSync(fd).rdev);
}

/** Whether a device number of Linux is that of a pseudo-terminal. */
export function isPseudoTerminal(rdev: number): boolean {
  const major = (rdev >> 8) & 0xfff;
  return major >= FIRST_PTY_MAJOR && major <= LAST_PTY_MAJOR;
}

/**
 * Passes the descriptor to a helper process that only keeps it open. Closing it here then does not block a thread of the
 * pool, and this process can exit at any time.
 *
 * @returns a function that ends the helper process, which then waits for the device instead of this process
 */
export function holdOpen(fd: number): () => void {
  const holder = spawn('cat', [], { stdio: ['pipe', 'ignore', 'ignore', fd], detached: true });
  // If it cannot be started, closing blocks.
  holder.on('error', () => undefined);
  holder.stdin?.on('error', () => undefined);
  holder.unref();
  return () => void holder.stdin?.end();
}
