// The package's `exports` show its types to `require` only, hence the attribute.

/** What opens ports: any `@serialport/bindings-interface` binding, be its ports real, mock or simulated. */
export type Binding = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).BindingInterface;

/** An open port of a {@link Binding}. */
export type BindingPort = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).BindingPortInterface;

/**
 * A port that does more for its connection than a {@link BindingPort} must. `directBinding`'s ports do, and so do those
 * of `serial-communicator/testing`.
 */
export interface WatchfulPort extends BindingPort {
  /**
   * Set by who uses the port; the port calls it, at most once, when the device is gone and neither a read nor a write is
   * pending to tell it. Without it a loss is noticed by the next read or write.
   */
  onHangUp?: (error: Error) => void;
  /**
   * In place of `read`: reads from now on until the port is closed or gone, and calls `take` with each chunk, whose
   * memory may be used during the call only. Once `take` has given false, it is called again after `continueReading`,
   * and before that only with what is left when the port is closed or gone. A binding that wraps the ports of another
   * and changes `read` leaves this out.
   */
  startReading?(take: (chunk: Uint8Array) => boolean): void;
  /** Whoever gave false to {@link WatchfulPort.startReading} is ready again: it is called from now on, or at once. */
  continueReading?(): void;
  /** Bytes of the latest write that the operating system has taken. */
  readonly writtenBytes?: number;
  /** Set by who uses the port; the port calls it when the operating system has taken a part of a write. */
  onWriteProgress?: () => void;
  /**
   * Makes the write that is pending end after so many bytes, at least those that are written. Without it a write
   * cannot be taken back once it was made.
   */
  shortenWrite?(bytes: number): void;
}

/**
 * What the `write` of `directBinding`'s ports gives when the operating system has taken all at once, which it mostly
 * does: who knows it need not wait.
 */
export const WRITTEN: Promise<void> = Promise.resolve();

/** A binding that can tell of one port, without listing all. */
export interface DescribingBinding extends Binding {
  describe?(path: string): Promise<PortInfo | undefined>;
}

/** What the `open` of a {@link Binding} takes. */
export type BindingOpenOptions = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).OpenOptions;

/** What the `list` of a {@link Binding} tells about a port. */
export type PortInfo = import('@serialport/bindings-interface', { with: { 'resolution-mode': 'require' }}).PortInfo;
