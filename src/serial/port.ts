import type { ConnectionOptions } from 'node:tls';

/** Options for {@link Binding.open}, as in `@serialport/bindings-interface`. */
export interface PortOpenOptions {
  path: string;
  /** In bit/s. 0 if the connection has none, which only those to a network path such as `tcp://host:port` may. */
  baudRate: number;
  /** Default: 8. */
  dataBits?: 5 | 6 | 7 | 8;
  /** Whether no other process may open the port. Default: true. */
  lock?: boolean;
  /** Default: 1. */
  stopBits?: 1 | 1.5 | 2;
  /** Default: `none`. */
  parity?: string;
  /** Hardware flow control. Default: false. */
  rtscts?: boolean;
  /** Obeys XON and XOFF from the device. Default: false. */
  xon?: boolean;
  /** Sends XON and XOFF to the device. Default: false. */
  xoff?: boolean;
  /** Whether any character, not only XON, resumes output. Default: false. */
  xany?: boolean;
  /** Whether closing the port drops DTR. Default: true. */
  hupcl?: boolean;
}

/**
 * The defaults of {@link PortOpenOptions}.
 *
 * @internal
 */
export const OPEN_DEFAULTS = {
  dataBits: 8,
  lock: true,
  stopBits: 1,
  parity: 'none',
  rtscts: false,
  xon: false,
  xoff: false,
  xany: false,
  hupcl: true,
} as const satisfies Omit<Required<PortOpenOptions>, 'path' | 'baudRate'>;

/** What `open` gets for a network path, for example `tcp://host:port`. */
export interface NetworkOpenOptions extends PortOpenOptions {
  /** How long opening may take, in milliseconds. Default: 5,000. */
  openTimeoutMs?: number | undefined;
  /** Within which time to notice that the peer has vanished, in milliseconds. Default: 15,000. */
  keepAliveMs?: number | undefined;
  /** Aborts when the port is no longer wanted, so that opening can end. */
  signal?: AbortSignal | undefined;
  /** Options for `tls.connect` of `node:tls`, for `tls://host:port`. */
  tls?: ConnectionOptions | undefined;
}

/**
 * A port that has to be asked for its bytes, as bindings written for `serialport` open it: the
 * `BindingPortInterface` of `@serialport/bindings-interface`.
 */
export interface ReadPort {
  readonly openOptions: Required<PortOpenOptions>;
  isOpen: boolean;
  /** Rejects a pending `read` or `write` with an error whose `canceled` is true. */
  close(): Promise<void>;
  /** Resolves with at least one byte. */
  read(buffer: Buffer, offset: number, length: number): Promise<{ buffer: Buffer; bytesRead: number }>;
  /** Resolves when the operating system has accepted all bytes. One write at a time. */
  write(buffer: Buffer): Promise<void>;
  /** Changes the baud rate, in bit/s. */
  update(options: { baudRate: number }): Promise<void>;
  /** Sets all control lines. Those left out get their defaults. */
  set(options: { brk?: boolean; cts?: boolean; dsr?: boolean; dtr?: boolean; rts?: boolean }): Promise<void>;
  /** Reads the control lines that the device sets. */
  get(): Promise<{ cts: boolean; dsr: boolean; dcd: boolean }>;
  /** The baud rate that the operating system reports, in bit/s. */
  getBaudRate(): Promise<{ baudRate: number }>;
  /** Discards what was received but not read, and what was written but not sent. */
  flush(): Promise<void>;
  /** Resolves when everything written has been transmitted. */
  drain(): Promise<void>;
}

/** A setting that the server of a port has not made what it was to be. */
export interface IgnoredSetting {
  /**
   * The name in `SerialSettings` or `SignalSettings`; `flowControl` (`none`, `xon/xoff` or `rts/cts`) stands for `rtscts` and
   * `xon` together, and `binary` for the agreement to pass on all bytes unchanged.
   */
  setting: string;
  requested: string | number | boolean;
  /** What it is instead. Undefined if the server did not answer, so that it may be as requested or not. */
  actual: string | number | boolean | undefined;
}

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
  /** The port is on another machine, whose server has not set the line as it was told, or has changed it. */
  settingIgnored?(ignored: IgnoredSetting): void;
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
