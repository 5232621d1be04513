import { readFileSync } from 'node:fs';

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
