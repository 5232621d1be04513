// The package's `exports` show its types to `require` only, hence the attribute.
import type { Port, PortOpenOptions, ReadPort } from './port.js';

/** What is known about a port. Only `path` is always there. */
export type PortInfo = import('@serialport/bindings-interface', { with: { 'resolution-mode': 'require' }}).PortInfo;

/**
 * Opens ports, which may be real, mock or simulated. Every binding written for `serialport`, one that implements
 * `@serialport/bindings-interface`, is a `Binding` too.
 */
export interface Binding {
  /** Lists the ports that can be opened. */
  list(): Promise<PortInfo[]>;
  /** Opens a port. Rejects if it cannot be opened. */
  open(options: PortOpenOptions): Promise<Port | ReadPort>;
  /** Describes one port without listing all of them. Resolves with undefined if it is not listed. */
  describe?(path: string): Promise<PortInfo | undefined>;
}

/** A binding whose ports all push what they receive. */
export interface PushBinding extends Binding {
  open(options: PortOpenOptions): Promise<Port>;
}
