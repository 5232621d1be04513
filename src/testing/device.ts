import type { PortInfo } from '../serial/binding.js';
import type { PortOpenOptions } from '../serial/port.js';
import type { DevicePort } from './device-port.js';
import { noSuchPort, portBusy, unplugged } from './linux-errors.js';
import { completeOpenOptions } from './open-options.js';

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
  constructor({ path, manufacturer, serialNumber, vendorId, productId }: { path: string } & Partial<PortInfo>) {
    this.path = path;
    this.info = { path, manufacturer, serialNumber, pnpId: undefined, locationId: undefined, vendorId, productId };
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
