import { readdir, readlink, realpath } from 'node:fs/promises';
import path from 'node:path';
import type { PortInfo } from './binding.js';
import { deviceNumberOf, findNodes } from './device-nodes.js';
import { nativeBinding } from './native-binding.js';
import { readAttribute } from './read-text.js';

/** The directories in which Linux shows its devices. */
interface Roots {
  sys: string;
  dev: string;
}

const ROOTS: Roots = { sys: '/sys', dev: '/dev' };

/** A serial port as `/sys` shows it. */
interface KernelPort {
  /** The kernel's name, for example `ttyACM0`. */
  name: string;
  /** For example `166:0`. */
  deviceNumber: string | undefined;
  info: Omit<PortInfo, 'path' | 'pnpId' | 'hasNode'>;
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
 * The node in `/dev` is found by its device number, whatever its name is. Without a node, `hasNode` is false and `path`
 * is the kernel's name for it. On other systems it uses `SerialPort.binding`, which does not know `interface`,
 * `interfaceName`, `portNumber` and `hasNode`: they are undefined.
 */
export async function listPorts(): Promise<PortInfo[]> {
  return process.platform === 'linux' ? listLinuxPorts(ROOTS) : (await nativeBinding()).list();
}

/** Describes the port at this path, which may be a link, as {@link listPorts} does. Undefined if it is not listed. */
export async function findPort(portPath: string): Promise<PortInfo | undefined> {
  return process.platform === 'linux'
    ? findLinuxPort(portPath, ROOTS)
    : (await listPorts()).find((port) => port.path.toLowerCase() === portPath.toLowerCase());
}

/** @internal */
export async function listLinuxPorts({ sys, dev }: Roots): Promise<PortInfo[]> {
  const folder = path.join(sys, 'class/tty');
  const names = await readdir(folder).catch(() => []);
  const entries = await Promise.all(names.map((name) => readPort(path.join(folder, name))));
  const ports = entries.filter((port) => port !== undefined);
  const nodes = await findNodes(dev, ports);
  const byId = await linksById(path.join(dev, 'serial/by-id'));
  return ports
    .map((port) => complete(port, nodes.get(port.name), dev, byId))
    .sort((a, b) => a.path.localeCompare(b.path, 'en', { numeric: true }));
}

/** @internal */
export async function findLinuxPort(portPath: string, { sys, dev }: Roots): Promise<PortInfo | undefined> {
  const node = await realpath(portPath);
  const deviceNumber = await deviceNumberOf(node);
  const device = await realpath(path.join(sys, 'dev/char', deviceNumber ?? 'none')).catch(() => node);
  const port = await readPort(path.join(sys, 'class/tty', path.basename(device)));
  if (port === undefined) {
    return undefined;
  }
  const usualNode = path.join(dev, port.name);
  const isUsual = (await deviceNumberOf(usualNode)) === deviceNumber;
  return complete(port, isUsual ? usualNode : node, dev, await linksById(path.join(dev, 'serial/by-id')));
}

function complete(
  { name, info }: KernelPort,
  node: string | undefined,
  dev: string,
  byId: ReadonlyMap<string, string>,
): PortInfo {
  return { path: node ?? path.join(dev, name), ...info, pnpId: byId.get(name), hasNode: node !== undefined };
}

/** Reads what `/sys` knows about one terminal. Undefined if it is not a serial port. */
async function readPort(entry: string): Promise<KernelPort | undefined> {
  const hardware = await realpath(path.join(entry, 'device')).catch(() => undefined);
  if (hardware === undefined || (await readAttribute(path.join(entry, 'type'))) === NO_UART) {
    return undefined;
  }
  const usb = await findParent(hardware, 'idVendor');
  const usbInterface = usb && (await findParent(hardware, 'bInterfaceNumber'));
  const attribute = async (folder: string | undefined, name: string) =>
    folder === undefined ? undefined : readAttribute(path.join(folder, name));
  return {
    name: path.basename(entry),
    deviceNumber: await attribute(entry, 'dev'),
    info: {
      manufacturer: await attribute(usb, 'manufacturer'),
      serialNumber: await attribute(usb, 'serial'),
      locationId: usb && path.basename(usb),
      productId: await attribute(usb, 'idProduct'),
      vendorId: await attribute(usb, 'idVendor'),
      interface: integer(await attribute(usbInterface, 'bInterfaceNumber'), 16),
      interfaceName: await attribute(usbInterface, 'interface'),
      portNumber: integer(await attribute(usb && hardware, 'port_number'), 10),
    },
  };
}

/** Finds the directory that describes the USB device, or the USB interface, of the hardware: it has this file. */
async function findParent(hardware: string, file: string): Promise<string | undefined> {
  let folder = hardware;
  for (let i = 0; i < MAX_PARENTS && folder !== path.dirname(folder); i++) {
    if ((await readAttribute(path.join(folder, file))) !== undefined) {
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

function integer(text: string | undefined, radix: number): number | undefined {
  const value = Number.parseInt(text ?? '', radix);
  return Number.isNaN(value) ? undefined : value;
}
