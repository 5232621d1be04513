import type { DeviceSelector, PortInfo } from 'serial-communicator';

export const USB_PREFIX = 'usb:';

/** How a USB port is written. */
export const USB_GRAMMAR = 'usb:VID:PID[:SERIAL][#INTERFACE] or usb:LOCATION[#INTERFACE]';

/** The interface at the end, with the port on that interface if it has several. A serial number may contain `#`. */
const INTERFACE = /#(\d{1,3})(?:\.(\d{1,3}))?$/;

const IDS = /^([0-9a-f]{4}):([0-9a-f]{4})(?::(.+))?$/is;

/** Locations on Linux, macOS and Windows. */
const LOCATION = /^(?:\d+-\d+(?:\.\d+)*|[0-9a-f]{8}|port_#\d+\.hub_#\d+)$/i;

/** Parses what follows `usb:`. Returns undefined if it is invalid. */
export function parseUsb(text: string): DeviceSelector | undefined {
  if (LOCATION.test(text)) {
    return { locationId: text };
  }
  const [suffix = '', number, port] = INTERFACE.exec(text) ?? [];
  const device = text.slice(0, text.length - suffix.length);
  const [, vendorId, productId, serialNumber] = IDS.exec(device) ?? [];
  if ((vendorId === undefined && !LOCATION.test(device)) || Number(number) > 255 || Number(port) > 255) {
    return undefined;
  }
  return {
    ...(vendorId === undefined ? { locationId: device } : { vendorId, productId: productId! }),
    ...(serialNumber !== undefined && { serialNumber }),
    ...(number !== undefined && { interface: Number(number) }),
    ...(port !== undefined && { portNumber: Number(port) }),
  };
}

/** The possible ways to write a port, the shortest first. None if it is not a USB port. */
export function usbForms(port: PortInfo): string[] {
  const { vendorId, productId, serialNumber, locationId, interface: number, portNumber } = port;
  const interfaces = [
    '',
    ...(number === undefined ? [] : [`#${number}`]),
    ...(number === undefined || portNumber === undefined ? [] : [`#${number}.${portNumber}`]),
  ];
  const ids = vendorId === undefined || productId === undefined ? undefined : `${vendorId}:${productId}`;
  const serial = ids === undefined || serialNumber === undefined ? undefined : `${ids}:${serialNumber}`;
  return [ids, serial, locationId]
    .filter((device) => device !== undefined)
    .flatMap((device) => interfaces.map((suffix) => `${USB_PREFIX}${device}${suffix}`));
}

/** Whether a selector matches a port, as the library decides it. */
export function selects(device: DeviceSelector, port: PortInfo): boolean {
  return Object.entries(device).every(([field, wanted]) => {
    const actual = port[field as keyof DeviceSelector];
    return actual !== undefined && String(actual).toLowerCase() === String(wanted).toLowerCase();
  });
}
