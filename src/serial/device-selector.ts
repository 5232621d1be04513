import { ConnectionError } from '../errors.js';
import { aName, anInteger, type OptionRules } from '../options.js';
import { explainSelection, type SelectionFacts } from './advice/selector-advice.js';
import { systemFacts } from './advice/system-facts.js';
import { usbDevices } from './advice/usb-facts.js';
import type { Binding, PortInfo } from './binding.js';

/**
 * Selects a device by its properties, whatever path it has. The port must match every field that is given. Upper and
 * lower case do not matter.
 */
export interface DeviceSelector {
  /** USB vendor id, four hex digits. */
  vendorId?: string;
  /** USB product id, four hex digits. */
  productId?: string;
  /** USB serial number. It distinguishes identical boards wherever they are plugged in, if they have different ones. */
  serialNumber?: string;
  /** Manufacturer that the device reports. */
  manufacturer?: string;
  /** Name that the operating system makes of all this; on Linux the name in `/dev/serial/by-id`. */
  pnpId?: string;
  /** Where the device is plugged in; on Linux the numbers of bus and hub ports, for example `1-2.3`. */
  locationId?: string;
  /** Number of the USB interface, for devices with several ports. Linux only: elsewhere no port matches. */
  interface?: number;
  /** What the device calls this interface. Linux only. */
  interfaceName?: string;
  /** Number of the port on its interface, from 0, for adapters with several ports on one interface. Linux only. */
  portNumber?: number;
}

/** What each field of a {@link DeviceSelector} accepts. */
export const SELECTOR_RULES: OptionRules<DeviceSelector> = {
  vendorId: aName,
  productId: aName,
  serialNumber: aName,
  manufacturer: aName,
  pnpId: aName,
  locationId: aName,
  interface: anInteger(0, 255),
  interfaceName: aName,
  portNumber: anInteger(0, 255),
};

/** Every field of a {@link DeviceSelector}. */
export const SELECTOR_FIELDS = Object.keys(SELECTOR_RULES) as readonly (keyof DeviceSelector)[];

/** The fields that a USB device has even if it has no port. */
const USB_FIELDS = ['vendorId', 'productId', 'serialNumber', 'manufacturer', 'locationId'] as const;

/** What is known of a port or a device. */
type Described = { readonly [Field in keyof DeviceSelector]?: DeviceSelector[Field] | undefined };

/**
 * Finds the one port that matches. If several do, those without a node in `/dev` do not count.
 *
 * @throws ConnectionError (`PORT_NOT_FOUND`, `PORT_AMBIGUOUS`) that lists the available ports
 */
export async function findDevice(binding: Binding, name: string, selector: DeviceSelector): Promise<PortInfo> {
  const ports = await binding.list();
  const matching = ports.filter((port) => matches(port, selector));
  const [found, ...others] = matching.filter(({ hasNode }) => hasNode !== false);
  if (found !== undefined && others.length === 0) {
    return found;
  }
  const where = `connection "${name}" (${describeSelector(selector)})`;
  throw new ConnectionError(
    found === undefined ? 'PORT_NOT_FOUND' : 'PORT_AMBIGUOUS',
    name,
    `${where}: ${explainSelection(await selectionFacts(binding, selector, ports, matching))}`,
  );
}

async function selectionFacts(
  binding: Binding,
  selector: DeviceSelector,
  ports: readonly PortInfo[],
  matching: readonly PortInfo[],
): Promise<SelectionFacts> {
  // Only a binding whose ports are files has those of this machine.
  const isMissing = matching.length === 0 && binding.hasNode !== undefined;
  const devices = isMissing && process.platform === 'linux' ? await usbDevices() : [];
  const usb = Object.fromEntries(USB_FIELDS.map((field) => [field, selector[field]]));
  const isUsb = USB_FIELDS.some((field) => selector[field] !== undefined);
  return {
    selector,
    ports,
    matching,
    usbDevices: isUsb ? devices.filter((device) => matches(device, usb)) : [],
    system: await systemFacts(false),
  };
}

/** A selector as error messages show it. */
export function describeSelector(selector: DeviceSelector): string {
  return SELECTOR_FIELDS.filter((field) => selector[field] !== undefined)
    .map((field) => `${field} ${selector[field]}`)
    .join(', ');
}

/** Whether a port, or a USB device, matches every field that is given. */
export function matches(port: Described, selector: Described): boolean {
  return SELECTOR_FIELDS.every((field) => selector[field] === undefined || isSame(port[field], selector[field]));
}

function isSame(actual: string | number | undefined, wanted: string | number): boolean {
  return actual !== undefined && String(actual).toLowerCase() === String(wanted).toLowerCase();
}
