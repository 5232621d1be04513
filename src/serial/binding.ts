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
 * A port that may notice by itself that its device is gone. Other ports tell it by a read or write that fails, which
 * takes one that is pending.
 *
 * @internal
 */
export interface WatchfulPort extends BindingPort {
  /** Called at most once, when the device is gone and neither a read nor a write is pending to tell it. */
  onHangUp?: (error: Error) => void;
}

/** What the `open` of a {@link Binding} takes. */
export type BindingOpenOptions = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).OpenOptions;

/** What the `list` of a {@link Binding} tells about a port. */
export type PortInfo = import('@serialport/bindings-interface', { with: { 'resolution-mode': 'require' }}).PortInfo;
