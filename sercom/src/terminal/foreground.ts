import { closeSync, readFileSync } from 'node:fs';

/** Whether the process may change the mode of its terminal. Where this is unknown, it is assumed. */
export function isInForeground(): boolean {
  let stat: string;
  try {
    stat = readFileSync('/proc/self/stat', 'latin1');
  } catch {
    return true;
  }
  // The name of the program, in parentheses, may contain anything.
  const [, , , processGroup, , terminal, foregroundGroup] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
  return terminal === '0' || processGroup === foregroundGroup;
}

/** A terminal that Node reads, with the descriptor that it has opened for that. */
interface OpenTerminal {
  readonly _handle?: { readonly fd?: number } | null;
}

/**
 * Lets the process end in the background after it has changed the mode of its terminal. Call this before the first change.
 *
 * At the end, Node restores the mode that it found. In the background, that stops the process (SIGTTOU) with the exit code
 * not yet given, so there it must not find the descriptor.
 */
export function endInBackground(): void {
  process.off('exit', closeTerminal).once('exit', closeTerminal);
}

function closeTerminal(): void {
  const { fd = -1 } = (process.stdin as OpenTerminal)._handle ?? {};
  if (fd >= 0 && !isInForeground()) {
    closeSync(fd);
  }
}
