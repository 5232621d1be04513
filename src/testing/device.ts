import { aString, type OptionRules } from '../options.js';
import type { PortInfo } from '../serial/binding.js';
import { SELECTOR_RULES } from '../serial/device-selector.js';
import type { PortOpenOptions } from '../serial/port.js';
import type { DevicePort } from './device-port.js';
import { noSuchPort, portBusy, unplugged } from './linux-errors.js';
import { completeOpenOptions } from './open-options.js';

/** How a simulated device is described in `list()`: the options that all of them have. */
export interface DeviceIdentity {
  /** Manufacturer. */
  manufacturer?: string;
  /** USB vendor id, four hex digits. */
  vendorId?: string;
  /** USB product id, four hex digits. */
  productId?: string;
  /** USB serial number. */
  serialNumber?: string;
  /** Where the device is plugged in, for example `1-2.3`. Two ports of one device have the same location. */
  locationId?: string;
  /** Name that the operating system makes of all this. */
  pnpId?: string;
  /** Number of the USB interface of the port. */
  interface?: number;
  /** What the device calls this interface. */
  interfaceName?: string;
  /** Number of the port on its interface. */
  portNumber?: number;
}

export const IDENTITY_RULES: OptionRules<DeviceIdentity> = {
  manufacturer: aString,
  vendorId: aString,
  productId: aString,
  serialNumber: aString,
  locationId: aString,
  pnpId: aString,
  interface: SELECTOR_RULES.interface,
  interfaceName: aString,
  portNumber: SELECTOR_RULES.portNumber,
};

/** The part of a device's options that {@link DeviceIdentity} names. */
export function identityOf(options: DeviceIdentity): DeviceIdentity {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(IDENTITY_RULES, name)));
}

/** The part that all simulated devices with one port share: it can be listed, opened, unplugged and plugged in. */
export abstract class Device<PortType extends DevicePort = DevicePort> {
  /** Path of its port. */
  readonly path: string;
  /** @internal The device as it appears in `list()`. */
  readonly info: PortInfo;
  /** @internal Its open ports. They are more than one only if {@link isBusy} allows it. */
  protected readonly ports = new Set<PortType>();
  #isPlugged = true;

  /** @internal */
  constructor(path: string, identity: DeviceIdentity) {
    const { manufacturer, serialNumber, pnpId, locationId, vendorId, productId } = identity;
    this.path = path;
    this.info = { ...identity, path, manufacturer, serialNumber, pnpId, locationId, vendorId, productId };
  }

  /** Whether it is plugged in: its port is in `list()` and can be opened. */
  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  /**
   * Unplugs the device. Its open ports hang up: pending calls, and all later ones except `close`, reject with an error
   * whose `disconnect` is true. The path disappears from `list()`, and opening it fails with "No such file or
   * directory". Does nothing if it is unplugged.
   */
  unplug(): void {
    this.#isPlugged = false;
    const ports = [...this.ports];
    this.ports.clear();
    for (const port of ports) {
      port.lose(unplugged(this.path));
    }
  }

  /** Plugs the device in again. A port that was open stays lost; the host has to open it again. */
  plug(): void {
    this.#isPlugged = true;
  }

  /** @internal Opens its port. Fails in the words of serialport's own bindings. */
  async open(options: PortOpenOptions): Promise<PortType> {
    const openOptions = completeOpenOptions(options);
    // Opening a real port takes time, in which the device may be unplugged.
    await undefined;
    if (!this.#isPlugged) {
      throw noSuchPort(this.path);
    }
    if (this.isBusy(openOptions)) {
      throw portBusy();
    }
    const port = this.newPort(openOptions);
    port.onClosed = () => this.portClosed(port);
    this.ports.add(port);
    return port;
  }

  /** @internal Whether a port that is open prevents another one from being opened with these options. */
  protected isBusy(_openOptions: Required<PortOpenOptions>): boolean {
    return this.ports.size > 0;
  }

  /** @internal */
  protected abstract newPort(openOptions: Required<PortOpenOptions>): PortType;

  /** @internal The host has closed a port. Resolves when the port can be opened again. */
  protected portClosed(port: PortType): void | Promise<void> {
    this.ports.delete(port);
  }
}
