import type { Port, PortOpenOptions } from '../../serial/port.js';
import { ByteQueue } from '../byte-queue.js';
import { DevicePort } from '../device-port.js';

/** Control lines as the host sets them: DTR, RTS, break. */
export type PortSignals = Parameters<Port['set']>[0];

/** What a Linux tty keeps for the host to read. */
const BUFFER_BYTES = 4_096;

/** While more bytes than this wait for room in that buffer, the device accepts none from the host. */
const MAX_WAITING_BYTES = 65_536;

/** The device of a {@link MockPort}. */
export interface MockPortDevice {
  /** Maximum size of a chunk for the host. */
  readonly maxReadSize: number;
  readonly isStalled: boolean;
  /** The host called `write`. */
  written(bytes: Uint8Array): void;
  /** The pending write was shortened to this many bytes. */
  writeShortened(bytes: number): void;
  /** Accepts the bytes of a write. They are valid only during the call. */
  bytesArrived(bytes: Uint8Array): void;
  /** The host set control lines. */
  signalsSet(signals: PortSignals): void;
  /** Bytes for the host were discarded. */
  discarded(bytes: number): void;
}

/** Bytes of the device that wait for room in the buffer. */
interface Waiting {
  bytes: Uint8Array;
  resolve(): void;
  reject(error: Error): void;
}

/** A port with a `MockDevice` at its other end. */
export class MockPort extends DevicePort {
  readonly #device: MockPortDevice;
  readonly #buffer = new ByteQueue(BUFFER_BYTES);
  readonly #chunk: Uint8Array;
  readonly #waiting: Waiting[] = [];
  #waitingBytes = 0;
  /** The bytes of the pending write. */
  #pending: Uint8Array | undefined;
  #writtenBytes = 0;

  constructor(openOptions: Required<PortOpenOptions>, device: MockPortDevice) {
    super(openOptions);
    this.#device = device;
    this.#chunk = new Uint8Array(Math.min(device.maxReadSize, BUFFER_BYTES));
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  write(bytes: Uint8Array): Promise<void> | undefined {
    this.state.assertCanWrite(bytes);
    this.#writtenBytes = 0;
    this.#device.written(bytes);
    if (this.#acceptsBytes) {
      this.#accept(bytes);
      return undefined;
    }
    this.#pending = bytes;
    return this.state.beginWrite();
  }

  shortenWrite(bytes: number): void {
    if (this.#pending !== undefined) {
      this.#pending = this.#pending.subarray(0, bytes);
      this.#device.writeShortened(bytes);
      if (bytes === 0) {
        this.#pending = undefined;
        this.state.endWrite();
      }
    }
  }

  /** Offers the pending write to the device again. */
  retryWrite(): void {
    const bytes = this.#pending;
    if (bytes !== undefined && this.#acceptsBytes) {
      this.#pending = undefined;
      this.#accept(bytes);
      this.state.endWrite();
    }
  }

  /** Sends bytes to the host. Resolves when all of them are in the buffer. */
  send(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ bytes: new Uint8Array(bytes), resolve, reject });
      this.#waitingBytes += bytes.length;
      this.#fillBuffer();
    });
  }

  override async flush(): Promise<void> {
    this.state.assertUsable();
    this.#device.discarded(this.#buffer.clear());
    this.#fillBuffer();
  }

  override async set(signals: PortSignals): Promise<void> {
    this.state.assertUsable();
    this.#device.signalsSet(signals);
  }

  protected override deliver(): void {
    const length = this.#buffer.read(this.#chunk);
    if (length > 0) {
      this.state.receive(this.#chunk.subarray(0, length));
      this.#fillBuffer();
    }
  }

  protected override discard(): void {
    const why = this.isOpen ? 'it was unplugged' : 'its port was closed';
    this.#pending = undefined;
    this.#device.discarded(this.#buffer.clear() + this.#waitingBytes);
    this.#waitingBytes = 0;
    for (const { reject } of this.#waiting.splice(0)) {
      reject(new Error(`MockDevice ${this.openOptions.path}: cannot send, ${why}`));
    }
  }

  get #acceptsBytes(): boolean {
    return !this.#device.isStalled && this.#waitingBytes <= MAX_WAITING_BYTES;
  }

  #accept(bytes: Uint8Array): void {
    this.#writtenBytes = bytes.length;
    this.#device.bytesArrived(bytes);
  }

  /** Moves waiting bytes into the buffer as far as there is room. */
  #fillBuffer(): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const moved = this.#buffer.write(first.bytes);
      this.#waitingBytes -= moved;
      first.bytes = first.bytes.subarray(moved);
      if (first.bytes.length > 0) {
        break;
      }
      this.#waiting.shift();
      first.resolve();
    }
    this.delivery.plan();
    this.retryWrite();
  }
}
