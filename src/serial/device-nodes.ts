import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A device as the kernel knows it. */
export interface KernelDevice {
  /** For example `ttyACM0`. */
  name: string;
  /** For example `166:0`. Undefined if it is unknown. */
  deviceNumber: string | undefined;
}

/** Folders of `/dev` that never have nodes of serial ports, but may have many entries. */
const OTHER_FOLDERS = new Set(['block', 'bus', 'char', 'cpu', 'disk', 'fd', 'input', 'mapper', 'mqueue', 'pts', 'shm']);

/** How deep a node may be nested in `/dev`. */
const MAX_DEPTH = 3;

/**
 * Finds the node of each device. In a container it may have any name, so the device number decides.
 *
 * @param dev - the folder of the nodes
 * @returns the paths of the nodes by the kernel's names, without the devices that have no node
 */
export async function findNodes(dev: string, devices: readonly KernelDevice[]): Promise<Map<string, string>> {
  const numbers = new Set(devices.map(({ deviceNumber }) => deviceNumber));
  const nodes = new Map<string, string>();
  await Promise.all(
    devices.map(async ({ name, deviceNumber }) => {
      const node = path.join(dev, name);
      const found = await deviceNumberOf(node);
      // A node with the number of no port at all was put there on purpose, for example by an emulator.
      if (found !== undefined && (found === deviceNumber || !numbers.has(found))) {
        nodes.set(name, node);
      }
    }),
  );
  const missing = devices.filter(({ name, deviceNumber }) => !nodes.has(name) && deviceNumber !== undefined);
  if (missing.length > 0) {
    const byNumber = new Map<string, string>();
    await collectNodes(dev, MAX_DEPTH, byNumber);
    for (const { name, deviceNumber } of missing) {
      const node = byNumber.get(deviceNumber!);
      if (node !== undefined) {
        nodes.set(name, node);
      }
    }
  }
  return nodes;
}

/** The number of a character device, for example `166:0`. Undefined if the path is something else or missing. */
export async function deviceNumberOf(node: string): Promise<string | undefined> {
  const found = await stat(node).catch(() => undefined);
  return found?.isCharacterDevice() ? formatDeviceNumber(found.rdev) : undefined;
}

/** Formats a device number of `stat` as `/sys` does: major and minor number. */
export function formatDeviceNumber(rdev: number): string {
  return `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
}

/** Collects the nodes of a folder by their device numbers. Of two with the same number, the first by name counts. */
async function collectNodes(folder: string, depth: number, byNumber: Map<string, string>): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  await Promise.all(
    entries.map(async (entry) => {
      const file = path.join(folder, entry.name);
      if (entry.isDirectory()) {
        if (depth > 1 && !OTHER_FOLDERS.has(entry.name)) {
          await collectNodes(file, depth - 1, byNumber);
        }
      } else if (!entry.isSymbolicLink()) {
        // The type of the entry is not enough: in rootless containers, nodes are mounted over regular files.
        const deviceNumber = await deviceNumberOf(file);
        if (deviceNumber !== undefined && file < (byNumber.get(deviceNumber) ?? '\uffff')) {
          byNumber.set(deviceNumber, file);
        }
      }
    }),
  );
}
