import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { PortInfo } from './binding.js';
import { nativeBinding } from './native-binding.js';

/** The directories in which Linux shows its devices. */
interface Roots {
  sys: string;
  dev: string;
}

/** A port is nested in an interface, which is nested in the USB device. It is never nested this deeply. */
const MAX_PARENTS = 10;

/** The type of a built-in port for which the machine has no hardware. */
const NO_UART = '0';

/**
 * Lists the serial ports of this machine. Only `path` is always set. For USB devices, `vendorId` and `productId` (four
 * hex digits), `serialNumber` and `manufacturer` are set if the device reports them. These texts come from the device:
 * escape them before you print them.
 *
 * On Linux it reads `/sys` and needs no `udevadm`. It skips ports that it cannot read or that vanish in the meantime.
 * On other systems it uses `SerialPort.binding`.
 */
export async function listPorts(): Promise<PortInfo[]> {
  return process.platform === 'linux' ? listLinuxPorts({ sys: '/sys', dev: '/dev' }) : (await nativeBinding()).list();
}

/** Describes the port at this path, which may be a link, as {@link listPorts} does. Undefined if it is not listed. */
export async function findPort(portPath: string): Promise<PortInfo | undefined> {
  if (process.platform !== 'linux') {
    return (await listPorts()).find((port) => port.path === portPath);
  }
  const name = path.basename(await realpath(portPath));
  const byId = await linksById('/dev/serial/by-id');
  return describePort(path.join('/sys/class/tty', name), path.join('/dev', name), byId);
}

/** @internal */
export async function listLinuxPorts({ sys, dev }: Roots): Promise<PortInfo[]> {
  const folder = path.join(sys, 'class/tty');
  const names = await readdir(folder).catch(() => []);
  const byId = await linksById(path.join(dev, 'serial/by-id'));
  const ports = await Promise.all(
    names.map((name) => describePort(path.join(folder, name), path.join(dev, name), byId)),
  );
  return ports
    .filter((port) => port !== undefined)
    .sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/** Describes one terminal. Undefined if it is not a serial port. */
async function describePort(
  entry: string,
  devicePath: string,
  byId: ReadonlyMap<string, string>,
): Promise<PortInfo | undefined> {
  const hardware = await realpath(path.join(entry, 'device')).catch(() => undefined);
  if (hardware === undefined || (await readText(path.join(entry, 'type'))) === NO_UART) {
    return undefined;
  }
  const usb = await findUsbDevice(hardware);
  const attribute = async (name: string) => (usb === undefined ? undefined : readText(path.join(usb, name)));
  return {
    path: devicePath,
    manufacturer: await attribute('manufacturer'),
    serialNumber: await attribute('serial'),
    pnpId: byId.get(path.basename(devicePath)),
    locationId: usb && path.basename(usb),
    productId: await attribute('idProduct'),
    vendorId: await attribute('idVendor'),
  };
}

/** Finds the directory of the USB device that the hardware belongs to. */
async function findUsbDevice(hardware: string): Promise<string | undefined> {
  let folder = hardware;
  for (let i = 0; i < MAX_PARENTS && folder !== path.dirname(folder); i++) {
    if ((await readText(path.join(folder, 'idVendor'))) !== undefined) {
      return folder;
    }
    folder = path.dirname(folder);
  }
  return undefined;
}

/** Maps the kernel's name of each device to the name that udev gives it, made of what the device reports. */
async function linksById(folder: string): Promise<Map<string, string>> {
  const links = await readdir(folder).catch(() => []);
  const pairs = await Promise.all(
    links.map(async (link): Promise<[string, string]> => {
      const target = await readlink(path.join(folder, link)).catch(() => '');
      return [path.basename(target), link];
    }),
  );
  return new Map(pairs);
}

async function readText(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim() || undefined;
}
