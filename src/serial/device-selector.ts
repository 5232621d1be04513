import { ConnectionError } from '../errors.js';
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
  /** USB serial number. The only field that distinguishes two identical boards wherever they are plugged in. */
  serialNumber?: string;
  /** Manufacturer that the device reports. */
  manufacturer?: string;
  /** Name that the operating system makes of all this; on Linux the name in `/dev/serial/by-id`. */
  pnpId?: string;
  /** Where the device is plugged in; on Linux the numbers of bus and hub ports, for example `1-2.3`. */
  locationId?: string;
}

/** Every field of a {@link DeviceSelector}. */
export const SELECTOR_FIELDS = [
  'vendorId',
  'productId',
  'serialNumber',
  'manufacturer',
  'pnpId',
  'locationId',
] as const satisfies readonly (keyof DeviceSelector)[];

/** Number of ports that an error message lists at most. */
const LISTED_PORTS = 10;

/**
 * Finds the one port that matches.
 *
 * @throws ConnectionError (`PORT_NOT_FOUND`, `PORT_AMBIGUOUS`) that lists the available ports
 */
export async function findDevice(binding: Binding, name: string, selector: DeviceSelector): Promise<PortInfo> {
  const ports = await binding.list();
  const matching = ports.filter((port) => matches(port, selector));
  const [first] = matching;
  const where = `connection "${name}" (${describeSelector(selector)})`;
  if (first === undefined) {
    throw new ConnectionError('PORT_NOT_FOUND', name, `${where}: no such device; ${describePorts(ports)}`);
  }
  if (matching.length > 1) {
    throw new ConnectionError(
      'PORT_AMBIGUOUS',
      name,
      `${where}: ${matching.length} devices match; select one, for example by serialNumber; ${describePorts(matching)}`,
    );
  }
  return first;
}

/** A selector as error messages show it. */
export function describeSelector(selector: DeviceSelector): string {
  return SELECTOR_FIELDS.filter((field) => selector[field] !== undefined)
    .map((field) => `${field} ${selector[field]}`)
    .join(', ');
}

/** The available ports as error messages show them: USB devices first. */
export function describePorts(ports: readonly PortInfo[]): string {
  if (ports.length === 0) {
    return 'no ports found; check that the device is plugged in and that the cable carries data';
  }
  // A machine can have dozens of built-in ports without a connector.
  const sorted = [...ports].sort((a, b) => Number(b.vendorId !== undefined) - Number(a.vendorId !== undefined));
  const shown = sorted.slice(0, LISTED_PORTS).map(({ path, vendorId, productId, serialNumber }) => {
    const ids = [vendorId && `${vendorId}:${productId}`, serialNumber].filter(Boolean).join(' ');
    return ids === '' ? path : `${path} (${ids})`;
  });
  const more = sorted.length > LISTED_PORTS ? ` and ${sorted.length - LISTED_PORTS} more` : '';
  return `available: ${shown.join(', ')}${more}`;
}

/** Whether a port matches every field that is given. */
export function matches(port: PortInfo, selector: DeviceSelector): boolean {
  return SELECTOR_FIELDS.every(
    (field) => selector[field] === undefined || port[field]?.toLowerCase() === selector[field].toLowerCase(),
  );
}
