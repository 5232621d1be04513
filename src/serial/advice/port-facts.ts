import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { within } from '../../timing/patient-timer.js';
import type { Binding, PortInfo } from '../binding.js';
import { deviceNumberOf, formatDeviceNumber } from '../device-nodes.js';
import { readText } from '../read-text.js';
import { isDeviceMissing, needsPorts, type OpenFailure } from './port-advice.js';
import { type SystemFacts, systemFacts } from './system-facts.js';

/** How long an error waits for the list of ports that its message shows. */
const LIST_TIMEOUT_MS = 1_000;

/** What is known about a port that could not be opened. */
export interface PortFacts {
  system: SystemFacts;
  /** Its node. Undefined if it cannot be examined, or does not matter. */
  node?: NodeFacts | undefined;
  /** The ports of the binding, or why they cannot be listed. Undefined if they do not matter. */
  ports?: readonly PortInfo[] | string | undefined;
  /** The process that has locked the port. Undefined if it is unknown. */
  holder?: { pid: number; command: string } | undefined;
}

/** A file as far as it matters for opening it. */
export interface NodeFacts {
  /** For example `166:0`. Undefined if it is not a character device. */
  deviceNumber: string | undefined;
  /** The bits that `chmod` sets. */
  mode: number;
  uid: number;
  gid: number;
  /** Whether its file system allows no devices. */
  isOnNodev: boolean;
}

/** Gathers what matters for a failure. Never fails: what cannot be found out is unknown. */
export async function portFacts(failure: OpenFailure, binding: Binding): Promise<PortFacts> {
  const { code, path } = failure;
  const isDenied = code === 'PERMISSION_DENIED';
  return {
    system: await systemFacts(isDenied),
    node: isDenied || isDeviceMissing(failure) ? await nodeFacts(path) : undefined,
    ports: needsPorts(failure) ? await listed(binding) : undefined,
    holder: code === 'PORT_BUSY' ? await holderOf(path) : undefined,
  };
}

async function nodeFacts(portPath: string | undefined): Promise<NodeFacts | undefined> {
  if (portPath === undefined || process.platform === 'win32') {
    return undefined;
  }
  try {
    const node = await realpath(portPath);
    const { mode, uid, gid } = await stat(node);
    return {
      deviceNumber: await deviceNumberOf(node),
      mode: mode & 0o7777,
      uid,
      gid,
      isOnNodev: isOnNodev(node, await readText('/proc/self/mountinfo')),
    };
  } catch {
    return undefined;
  }
}

/**
 * Whether a file is on a file system mounted with `nodev`.
 *
 * @param mountInfo - the text of `/proc/self/mountinfo`
 * @internal
 */
export function isOnNodev(file: string, mountInfo: string): boolean {
  const mounts = mountInfo.split('\n').map((line) => line.split(' '));
  const holding = mounts.filter(([, , , , point = '-']) => isWithin(file, point.replaceAll('\\040', ' ')));
  // Of mounts at the same point, the last one covers the others.
  const mount = holding.reduce<string[] | undefined>(
    (best, next) => (best === undefined || next[4]!.length >= best[4]!.length ? next : best),
    undefined,
  );
  return mount?.[5]?.split(',').includes('nodev') ?? false;
}

function isWithin(file: string, folder: string): boolean {
  return file === folder || folder === '/' || file.startsWith(`${folder}/`);
}

async function listed(binding: Binding): Promise<readonly PortInfo[] | string> {
  let ports: readonly PortInfo[] | string = `no answer within ${LIST_TIMEOUT_MS} ms`;
  const listing = async () => {
    ports = await binding.list();
  };
  const settled = listing().catch((error) => {
    ports = error instanceof Error ? error.message : String(error);
  });
  await within(LIST_TIMEOUT_MS, settled);
  return ports;
}

/** Finds the process that has locked a port, as this package and `serialport` do. */
async function holderOf(portPath: string | undefined): Promise<PortFacts['holder']> {
  if (portPath === undefined || process.platform !== 'linux') {
    return undefined;
  }
  const node = await stat(portPath).catch(() => undefined);
  const pid = node && lockHolder(node, await readText('/proc/locks'));
  // Not `comm`: it is the name of a thread, which Node sets to "MainThread".
  const [program = ''] = pid === undefined ? [] : (await readText(`/proc/${pid}/cmdline`)).split('\0');
  return pid === undefined ? undefined : { pid, command: path.basename(program) };
}

/**
 * The process that holds a lock of a file.
 *
 * @param locks - the text of `/proc/locks`
 * @internal
 */
export function lockHolder({ dev, ino }: { dev: number; ino: number }, locks: string): number | undefined {
  const [major, minor] = formatDeviceNumber(dev).split(':');
  const hex = (number: string | undefined) => Number(number).toString(16).padStart(2, '0');
  const file = `${hex(major)}:${hex(minor)}:${ino}`;
  const holders = locks.split('\n').map((line) => line.split(/\s+/));
  // A line with an arrow is a process that waits. The process is 0 if it is in another container.
  const pid = holders.find((fields) => fields[1] === 'FLOCK' && fields[5] === file)?.[4];
  return Number(pid) > 0 ? Number(pid) : undefined;
}
