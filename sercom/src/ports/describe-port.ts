import type { PortInfo } from 'serial-communicator';

/** The entry for `sim:` in lists of ports. */
export const SIMULATED_DESCRIPTION = 'sim: (a simulated Uno that echoes)';

/** A port in lists and messages: its path, and what is known about its device. */
export function describePort({ path, vendorId, productId, manufacturer, serialNumber }: PortInfo): string {
  const usbId = vendorId === undefined ? undefined : `${vendorId}:${productId ?? '?'}`;
  const details = [usbId, manufacturer, serialNumber].filter((detail) => detail !== undefined);
  return details.length === 0 ? path : `${path} (${details.join(' ')})`;
}
