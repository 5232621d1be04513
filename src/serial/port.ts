// The package's `exports` show its types to `require` only, hence the attribute.

/** Options for {@link Binding.open}, as in `@serialport/bindings-interface`. */
export type PortOpenOptions = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).OpenOptions;

/** A port whose bytes have to be asked for: what bindings written for `serialport` open. */
export type ReadPort = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).BindingPortInterface;

/** What a port reports while it is open. None of these may throw. */
export interface PortListener {
  /**
   * A chunk was received. Its memory may be reused after the call. Returns whether the listener wants more; after
   * false, the next chunk comes after {@link Port.resume}, or when the port hangs up with bytes left over.
   */
  received(chunk: Uint8Array): boolean;
  /** The operating system accepted part of the pending write. */
  writeProgressed(): void;
  /** The device is gone. Called at most once, after the last chunk, and never after `close`. */
  hungUp(error: Error): void;
}

/** An open port, as a link drives it: chunks are pushed to a listener, and a hang-up is reported exactly once. */
export interface Port {
  /** The options the port was opened with, defaults included. */
  readonly openOptions: Required<PortOpenOptions>;
  readonly isOpen: boolean;
  /**
   * Starts reporting to `listener`. Called once. No chunk is read before the first {@link resume}; a hang-up is
   * reported even while paused.
   */
  start(listener: PortListener): void;
  /** Asks for chunks, at first and after `received` returned false. */
  resume(): void;
  /**
   * Writes all bytes, which must not change until then. One write at a time.
   *
   * @returns undefined if the operating system accepted all of them at once, otherwise a promise that resolves when it
   *   has, and rejects if the port hangs up or is closed first
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Bytes of the latest write that the operating system has accepted. Undefined if the port cannot know. */
  readonly writtenBytes?: number;
  /** Makes the pending write end after this many bytes, at least those already written. Absent if it cannot. */
  shortenWrite?(bytes: number): void;
  /** Discards what was received but not read, and what was written but not sent. */
  flush(): Promise<void>;
  /** Resolves when everything written has been transmitted. */
  drain(): Promise<void>;
  /** Changes the baud rate. */
  update(options: { baudRate: number }): Promise<void>;
  /** Sets control lines. */
  set(options: Parameters<ReadPort['set']>[0]): Promise<void>;
  /** Reads the control lines that the device sets. */
  get(): ReturnType<ReadPort['get']>;
  getBaudRate(): Promise<{ baudRate: number }>;
  /** Closes the port. A pending write rejects with an error whose `canceled` is true. */
  close(): Promise<void>;
}
