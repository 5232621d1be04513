import type { NetworkOpenOptions, Port, ReadPort } from './port.js';

/** What is known about a port. Only `path` is always there. The other texts come from the device. */
export interface PortInfo {
  /** What opens it, for example `/dev/ttyACM0` or `COM3`. */
  path: string;
  manufacturer: string | undefined;
  serialNumber: string | undefined;
  /** An identifier made by the operating system. On Linux, the name of the port's link in `/dev/serial/by-id`. */
  pnpId: string | undefined;
  /** Where the device is plugged in. */
  locationId: string | undefined;
  /** Four hex digits. */
  productId: string | undefined;
  /** Four hex digits. */
  vendorId: string | undefined;
  /** Number of the USB interface: a device with two ports has two interfaces. Linux only. */
  interface?: number | undefined;
  /** What the device calls this interface, for example `CircuitPython CDC2 control`. Linux only. */
  interfaceName?: string | undefined;
  /** Number of the port on its interface, for adapters with several ports on one interface. Linux only. */
  portNumber?: number | undefined;
  /** False if `/dev` has no node for the port, so that it cannot be opened: the usual case in a container. Linux only. */
  hasNode?: boolean | undefined;
}

/**
 * Opens ports, which may be real, mock or simulated. Every binding written for `serialport`, one that implements
 * `@serialport/bindings-interface`, is a `Binding` too.
 */
export interface Binding {
  /** Lists the ports that can be opened. */
  list(): Promise<PortInfo[]>;
  /** Opens a port. Rejects if it cannot be opened. A network path, for example `tcp://host:port`, comes here too. */
  open(options: NetworkOpenOptions): Promise<Port | ReadPort>;
  /** Describes one port without listing all of them. Resolves with undefined if it is not listed. */
  describe?(path: string): Promise<PortInfo | undefined>;
  /**
   * How opening leaves the control lines. `'windows'`: as `serialport` does there, where `hupcl` is the state of DTR, and RTS
   * is off. Default: both are on.
   */
  readonly opening?: 'windows';
  /**
   * Whether there is a file at this path. Only for bindings whose ports are files. A connection that waits for its port
   * then tries to open it only rarely while there is none. Must neither block nor throw.
   */
  hasNode?(path: string): boolean;
}

/** A binding whose ports all push what they receive. */
export interface PushBinding extends Binding {
  open(options: NetworkOpenOptions): Promise<Port>;
}
