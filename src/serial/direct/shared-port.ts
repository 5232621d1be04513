import { readdirSync, readFileSync, readlinkSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
// Not the global: test environments replace or remove it.
import { setImmediate } from 'node:timers/promises';
import { warn } from '../../warnings.js';
import { isPseudoTerminal } from './held-descriptor.js';

/** Who shares a port according to the latest warning about its path. */
const warnedOf = new Map<string, string>();

/**
 * Emits the warning `PORT_SHARED` if something else has the port open, too, but not again about the same process. Only
 * Linux knows. It does not show the files of other users' processes to a user without privileges.
 *
 * @param fd - the only descriptor of the port that the caller has opened
 */
export async function warnIfShared(fd: number, portPath: string): Promise<void> {
  if (process.platform !== 'linux') {
    return;
  }
  const sharer = await findSharer(fd);
  if (sharer !== undefined && warnedOf.get(portPath) !== sharer) {
    warnedOf.set(portPath, sharer);
    warn(
      'PORT_SHARED',
      `${portPath} is open without a lock, and ${sharer} has it open, too; each received byte goes to only one of them`,
    );
  }
}

async function findSharer(fd: number): Promise<string | undefined> {
  let port: Stats;
  let name: string;
  let pids: string[];
  try {
    const own = `/proc/self/fd/${fd}`;
    port = statSync(own);
    name = path.basename(readlinkSync(own));
    // Before anything else runs: the caller will open the port more often.
    if (descriptorsOf('self').some((each) => each !== String(fd) && isPort(`/proc/self/fd/${each}`, port, name))) {
      return 'another connection of this process';
    }
    pids = readdirSync('/proc').filter((file) => /^\d+$/.test(file) && file !== String(process.pid));
  } catch {
    return undefined;
  }
  for (const pid of pids) {
    // There may be thousands of files.
    await setImmediate();
    if (descriptorsOf(pid).some((each) => isPort(`/proc/${pid}/fd/${each}`, port, name))) {
      return `process ${pid} (${commandOf(pid)})`;
    }
  }
  return undefined;
}

/** The descriptors of a process. None if it has ended, or may not be inspected. */
function descriptorsOf(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

/** @param name - of the port's file. A file that cannot be it is not touched: its file system may not answer */
function isPort(descriptor: string, port: Stats, name: string): boolean {
  try {
    const file = readlinkSync(descriptor);
    if (!file.startsWith('/dev/') && path.basename(file) !== name) {
      return false;
    }
    const { rdev, dev } = statSync(descriptor);
    // Each container may have pseudo-terminals with the same numbers, and nodes of its own for the same device.
    return rdev === port.rdev && (dev === port.dev || !isPseudoTerminal(rdev));
  } catch {
    return false;
  }
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').replace(/[^ -~]/g, '');
  } catch {
    return '?';
  }
}
