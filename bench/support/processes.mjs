// What other processes have open, from /proc.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

/** After opening its port, a process still configures it, which discards what arrived before. */
export const SET_UP_MS = 200;

/** Resolves when a process, or one that it has started, has opened the port and set it up. */
export async function opened(port, pid) {
  while (![pid, ...descendants(pid)].some((each) => hasOpen(each, port))) {
    await delay(10);
  }
  await delay(SET_UP_MS);
}

/** The unit of processor times in `/proc`: a hundredth of a second. */
const TICK_US = 10_000;

/** Returns the processor time that a process has used, in µs. */
export function processorUs(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  // The name of the program, in parentheses, may contain spaces.
  const [userTicks, systemTicks] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .slice(11, 13)
    .map(Number);
  return (userTicks + systemTicks) * TICK_US;
}

function descendants(pid) {
  const children = readIfThere(() => readFileSync(`/proc/${pid}/task/${pid}/children`, 'latin1')) ?? '';
  return children
    .split(' ')
    .filter(Boolean)
    .flatMap((child) => [child, ...descendants(child)]);
}

function hasOpen(pid, port) {
  const folder = `/proc/${pid}/fd`;
  return (readIfThere(() => readdirSync(folder)) ?? []).some(
    (descriptor) => readIfThere(() => readlinkSync(`${folder}/${descriptor}`)) === port,
  );
}

/** The process or its descriptor may have gone. */
function readIfThere(read) {
  try {
    return read();
  } catch {
    return undefined;
  }
}
