// The package's `exports` show its types to `require` only, hence the attribute.

/** Options for {@link Binding.open}, as in `@serialport/bindings-interface`. */
export type PortOpenOptions = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).OpenOptions;

/** A port that has to be asked for its bytes, as bindings written for `serialport` open it. */
export type ReadPort = import('@serialport/bindings-interface', { with: {
  'resolution-mode': 'require',
}}).BindingPortInterface;

/** Takes what a port reports. None of its methods may throw. */
export interface PortListener {
  /**
   * A chunk was received. Its memory may be reused after the call.
   *
   * @returns whether another chunk is wanted. After false, the next one comes after {@link Port.resume}. Sooner, only
   *   what the port has already read may come: before a hang-up is reported, or while the port is flushed or closed
   */
  received(chunk: Uint8Array): boolean;
  /** The operating system accepted part of the pending write. */
  writeProgressed(): void;
  /** The device is gone. Called at most once, and never after `close`. */
  hungUp(error: Error): void;
}

/** An open port: pushes its chunks to a listener, and reports a hang-up exactly once. */
export interface Port {
  /** The options the port was opened with, defaults included. */
  readonly openOptions: Required<PortOpenOptions>;
  readonly isOpen: boolean;
  /**
   * Starts reporting to `listener`. Called once. Nothing is read before the first {@link resume}. A hang-up is reported
   * even before that, or while the listener wants no chunk; a port that cannot know then reports it when it is next
   * read or written.
   */
  start(listener: PortListener): void;
  /** Asks for a chunk: at first, and after `received` returned false. */
  resume(): void;
  /**
   * Writes all bytes. They must not be changed until the write has ended. One write at a time.
   *
   * @returns undefined if the operating system accepted all of them at once. Otherwise a promise, which resolves when it
   *   has, and rejects if the port hangs up or is closed first
   * @throws TypeError if `bytes` is no `Uint8Array`
   * @throws Error if the port is closed or has hung up, or if a write is pending
   */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Bytes of the latest write that the operating system has accepted. Undefined if the port cannot know. */
  readonly writtenBytes?: number;
  /** Makes the pending write end after this many bytes, at least those already written. Absent if it cannot. */
  shortenWrite?(bytes: number): void;
  /** Discards what was received but not read, and what was written but not sent. */
  flush(): Promise<void>;
  /** Resolves when everything written has been transmitted, a pending write included. Rejects if that write does. */
  drain(): Promise<void>;
  /** Changes the baud rate, in bit/s. */
  update(options: { baudRate: number }): Promise<void>;
  /** Sets all control lines. Those left out get their defaults. */
  set(options: Parameters<ReadPort['set']>[0]): Promise<void>;
  /** Reads the control lines that the device sets. */
  get(): ReturnType<ReadPort['get']>;
  /** Reads the baud rate that the operating system uses, in bit/s. */
  getBaudRate(): Promise<{ baudRate: number }>;
  /** Closes the port. A pending write rejects with an error whose `canceled` is true. */
  close(): Promise<void>;
}
