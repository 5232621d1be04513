import { readdir, readlink } from 'node:fs/promises';
import path from 'node:path';
import { readAttribute } from '../read-text.js';

/** A USB device that is plugged in, with or without a serial port. */
export interface UsbDeviceFacts {
  vendorId: string | undefined;
  productId: string | undefined;
  serialNumber: string | undefined;
  manufacturer: string | undefined;
  locationId: string;
  /** The kernel's drivers of its interfaces. None if the kernel has no driver for it. */
  drivers: readonly string[];
  /** Whether it says that it is a serial port of the standard class, which `cdc_acm` drives. */
  isCdc: boolean;
  /** Whether it has a serial port. */
  hasPort: boolean;
}

const FOLDER = '/sys/bus/usb/devices';

/** The entry of a device, such as `1-2.3`. Those of its interfaces have the same beginning: `1-2.3:1.0`. */
const DEVICE = /^\d+-[\d.]+$/;

/** In the folder of an interface, the folder of its serial port: `tty`, or for adapters `ttyUSB0`. */
const PORT = /^tty/;

/** The class of communication devices. */
const CDC_CLASS = '02';

/** Connections that wait for their devices look again and again, so they share what was found. */
const REUSE_MS = 1_000;
let latest: { at: number; devices: Promise<UsbDeviceFacts[]> } | undefined;

/** Describes the USB devices of this machine. Never fails: what cannot be read is left out. */
export function usbDevices(): Promise<UsbDeviceFacts[]> {
  const now = performance.now();
  if (latest === undefined || now - latest.at > REUSE_MS) {
    latest = { at: now, devices: readUsbDevices(FOLDER) };
  }
  return latest.devices;
}

/** @internal */
export async function readUsbDevices(folder: string): Promise<UsbDeviceFacts[]> {
  const entries = await readdir(folder).catch(() => []);
  return Promise.all(
    entries
      .filter((entry) => DEVICE.test(entry))
      .map(async (locationId) => {
        const device = path.join(folder, locationId);
        const interfaces = entries
          .filter((entry) => entry.startsWith(`${locationId}:`))
          .map((entry) => path.join(folder, entry));
        const drivers = await Promise.all(
          interfaces.map((each) => readlink(path.join(each, 'driver')).catch(() => undefined)),
        );
        const classes = await Promise.all(interfaces.map((each) => readAttribute(path.join(each, 'bInterfaceClass'))));
        const contents = await Promise.all(interfaces.map((each) => readdir(each).catch(() => [])));
        return {
          vendorId: await readAttribute(path.join(device, 'idVendor')),
          productId: await readAttribute(path.join(device, 'idProduct')),
          serialNumber: await readAttribute(path.join(device, 'serial')),
          manufacturer: await readAttribute(path.join(device, 'manufacturer')),
          locationId,
          drivers: drivers.filter((driver) => driver !== undefined).map((driver) => path.basename(driver)),
          isCdc: classes.includes(CDC_CLASS),
          hasPort: contents.flat().some((name) => PORT.test(name)),
        };
      }),
  );
}
