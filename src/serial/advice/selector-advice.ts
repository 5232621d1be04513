import type { PortInfo } from '../binding.js';
import type { DeviceSelector } from '../device-selector.js';
import { describeDifferences, describePorts } from './describe-ports.js';
import { explainMissingNode } from './port-advice.js';
import type { SystemFacts } from './system-facts.js';
import type { UsbDeviceFacts } from './usb-facts.js';

/** What is known when a selector does not select exactly one port. */
export interface SelectionFacts {
  selector: DeviceSelector;
  ports: readonly PortInfo[];
  /** The ports that the selector matches. */
  matching: readonly PortInfo[];
  /** The USB devices that match as far as USB devices can, whether or not they are ports. */
  usbDevices: readonly UsbDeviceFacts[];
  system: SystemFacts;
}

/** Fields that only Linux knows. */
const LINUX_FIELDS = ['interface', 'interfaceName', 'portNumber'] as const satisfies readonly (keyof DeviceSelector)[];

/** The kernel modules for the chips of common adapters, by vendor id. */
const MODULES: Readonly<Record<string, string>> = {
  '0403': 'ftdi_sio',
  '067b': 'pl2303',
  '10c4': 'cp210x',
  '1a86': 'ch341',
};

/** The driver of devices that a program uses directly. */
const DIRECT = 'usbfs';

/** Says why a selector does not select exactly one port, and what to do: a function of the facts only. */
export function explainSelection({ selector, ports, matching, usbDevices, system }: SelectionFacts): string {
  const withNode = matching.filter(({ hasNode }) => hasNode !== false);
  if (withNode.length > 0) {
    return `${withNode.length} ports match; select one: ${describeDifferences(withNode)}`;
  }
  const [withoutNode] = matching;
  if (withoutNode !== undefined) {
    return explainMissingNode(withoutNode.path, system);
  }
  const withoutPort = usbDevices.find(({ hasPort }) => !hasPort);
  if (withoutPort !== undefined) {
    return explainMissingDriver(withoutPort, system);
  }
  const unknown = system.platform === 'linux' ? [] : LINUX_FIELDS.filter((field) => selector[field] !== undefined);
  const hint = unknown.length === 0 ? '' : `; only Linux knows ${unknown.join(', ')}: select by pnpId or path`;
  return `no such device${hint}; ${describePorts(ports, system)}`;
}

/** Says why a USB device has no port. */
function explainMissingDriver(device: UsbDeviceFacts, { isContainer }: SystemFacts): string {
  const { locationId, drivers, isCdc, vendorId = '' } = device;
  const what = `the device is plugged in (at ${locationId}), but has no serial port`;
  if (drivers.includes(DIRECT)) {
    return `${what}: a program uses it directly, for example brltty or a debugger; end that program`;
  }
  if (drivers.length > 0) {
    return `${what}: its driver is ${[...new Set(drivers)].join(', ')}; check that its firmware has a serial port`;
  }
  const module = isCdc ? 'cdc_acm' : MODULES[vendorId.toLowerCase()];
  const where = isContainer ? ' on the host' : '';
  return module === undefined
    ? `${what}: the kernel has no driver for it`
    : `${what}: its driver is not loaded; run "sudo modprobe ${module}"${where}`;
}
