import { ConnectionError } from '../errors.js';
import type { Binding, PortInfo } from './binding.js';

/**
 * Which device a connection means, wherever it is plugged in: every field that is given must be that of the port. IDs
 * are compared without regard to upper and lower case.
 */
export interface DeviceSelector {
  /** USB vendor id, four hex digits. */
  vendorId?: string;
  /** USB product id, four hex digits. */
  productId?: string;
  /** What the device tells as its serial number. The one field that tells two boards of a kind apart. */
  serialNumber?: string;
  /** What the device tells as its maker. */
  manufacturer?: string;
  /** The name that the operating system makes of all this; on Linux that in `/dev/serial/by-id`. */
  pnpId?: string;
  /** The place where it is plugged in; on Linux as in `1-2.3`, bus and hub ports. */
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

/** How many ports a message names at most. */
const LISTED_PORTS = 10;

/**
 * The one port that the selector means.
 *
 * @throws ConnectionError (`PORT_NOT_FOUND`, `PORT_AMBIGUOUS`) that lists what is there
 */
export async function findDevice(binding: Binding, name: string, selector: DeviceSelector): Promise<PortInfo> {
  const ports = await binding.list();
  const matching = ports.filter((port) => matches(port, selector));
  const [first] = matching;
  if (first === undefined) {
    throw new ConnectionError(
      'PORT_NOT_FOUND',
      name,
      `connection "${name}" (${describeSelector(selector)}): no such device; ${describePorts(ports)}`,
    );
  }
  if (matching.length > 1) {
    throw new ConnectionError(
      'PORT_AMBIGUOUS',
      name,
      `connection "${name}" (${describeSelector(selector)}): ${matching.length} devices match; ` +
        `say which, by serialNumber, say: ${describePorts(matching)}`,
    );
  }
  return first;
}

/** In words, for messages. */
export function describeSelector(selector: DeviceSelector): string {
  return SELECTOR_FIELDS.filter((field) => selector[field] !== undefined)
    .map((field) => `${field} ${selector[field]}`)
    .join(', ');
}

/** The ports there are, in words, for messages: USB devices first. */
export function describePorts(ports: readonly PortInfo[]): string {
  if (ports.length === 0) {
    return 'there are no ports: is the device plugged in, and the cable one that carries data?';
  }
  // A machine can have dozens of built-in ports that lead nowhere.
  const sorted = [...ports].sort((a, b) => Number(b.vendorId !== undefined) - Number(a.vendorId !== undefined));
  const shown = sorted.slice(0, LISTED_PORTS).map(({ path, vendorId, productId, serialNumber }) => {
    const ids = [vendorId && `${vendorId}:${productId}`, serialNumber].filter(Boolean).join(' ');
    return ids === '' ? path : `${path} (${ids})`;
  });
  const more = sorted.length > LISTED_PORTS ? ` and ${sorted.length - LISTED_PORTS} more` : '';
  return `there ${sorted.length === 1 ? 'is' : 'are'} ${shown.join(', ')}${more}`;
}

function matches(port: PortInfo, selector: DeviceSelector): boolean {
  return SELECTOR_FIELDS.every(
    (field) => selector[field] === undefined || port[field]?.toLowerCase() === selector[field].toLowerCase(),
  );
}
