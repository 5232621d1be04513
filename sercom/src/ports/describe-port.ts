import type { PortInfo } from 'serial-communicator';

/** The entry for `sim:` in lists of ports. */
export const SIMULATED_DESCRIPTION = 'sim: (a simulated Uno that echoes)';

/** What distinguishes ports of which all else is equal. */
const DIFFERENCES: readonly ((port: PortInfo) => string | undefined)[] = [
  describeInterface,
  ({ locationId }) => (locationId === undefined ? undefined : `at ${locationId}`),
];

/**
 * A port in lists and messages: its path, and what is known about its device.
 *
 * @param ports - the ports to distinguish it from
 */
export function describePort(port: PortInfo, ports: readonly PortInfo[]): string {
  const known = identityOf(port);
  const same = known === '' ? [] : ports.filter((other) => identityOf(other) === known);
  const differences = DIFFERENCES.filter((text) => same.some((other) => text(other) !== text(port)));
  const details = [known, ...differences.map((text) => text(port))].filter((detail) => detail);
  return details.length === 0 ? port.path : `${port.path} (${details.join(' ')})`;
}

/** The interface of a USB device that a port is, and the port on that interface. Undefined if it is unknown. */
export function describeInterface({ interface: number, interfaceName, portNumber }: PortInfo): string | undefined {
  if (number === undefined) {
    return undefined;
  }
  const name = interfaceName === undefined ? '' : ` ${interfaceName}`;
  return `#${number}${portNumber === undefined ? '' : `.${portNumber}`}${name}`;
}

function identityOf({ vendorId, productId, manufacturer, serialNumber }: PortInfo): string {
  const usbId = vendorId === undefined ? undefined : `${vendorId}:${productId ?? '?'}`;
  return [usbId, manufacturer, serialNumber].filter((detail) => detail !== undefined).join(' ');
}
