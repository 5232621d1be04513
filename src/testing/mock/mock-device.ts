import { SerialPortMock } from 'serialport';
import type { Checksum, ChecksumName } from '../../framing/checksum.js';
import {
  aBoolean,
  aFunction,
  aName,
  anInteger,
  aString,
  checkOptions,
  type OptionRules,
  required,
} from '../../options.js';
import type { BindingOpenOptions, BindingPort, PortInfo } from '../../serial/binding.js';
import { serialSettings } from '../../serial/serial-settings.js';
import { DeviceFraming, encodeForWire } from './device-framing.js';
import { History } from './history.js';
import { MockPort, type PortSignals } from './mock-port.js';

/** Options of a {@link MockDevice}. */
export interface MockDeviceOptions {
  /** The path that the device's port has, for example `/dev/ttyACM0`. It need not exist. */
  path: string;
  /**
   * Called with each packet that arrives, in order; it may answer by `device.send`. What it throws, and what a promise
   * of its rejects with, becomes an uncaught error, so that the test fails.
   */
  onPacket?: (packet: Uint8Array, device: MockDevice) => void | Promise<void>;
  /** Send every packet back, after `onPacket`. Default false. */
  echo?: boolean;
  /** Checksum appended to each packet, as in a connection. Default: `'none'`. */
  checksum?: ChecksumName | Checksum;
  /** Longest packet that the device takes, in bytes. Default 65,536. A longer one is counted in `tooLongFrames`. */
  maxPacketBytes?: number;
  /** The most bytes that one read of the port gives. Default 1,024. A small number cuts frames into many chunks. */
  maxReadSize?: number;
  /** How many packets, writes and signals are kept in `received`, `writes` and `signals`. Default 1,000. */
  historyLength?: number;
  /** Shown by `list()`. Default: not known. */
  manufacturer?: string;
  /** Shown by `list()`, four hex digits. Default: not known. */
  vendorId?: string;
  /** Shown by `list()`, four hex digits. Default: not known. */
  productId?: string;
  /** Shown by `list()`. Default: not known. */
  serialNumber?: string;
}

const RULES: OptionRules<MockDeviceOptions> = {
  path: required(aName),
  onPacket: aFunction,
  echo: aBoolean,
  checksum: serialSettings.checksum,
  maxPacketBytes: anInteger(0),
  maxReadSize: anInteger(1),
  historyLength: anInteger(1),
  manufacturer: aString,
  vendorId: aString,
  productId: aString,
  serialNumber: aString,
};

/** How many bytes of its own a device queues before it takes no more of the host's: then writes stay pending. */
const MAX_QUEUED_BYTES = 65_536;

interface Outgoing {
  bytes: Buffer;
  resolve(): void;
  reject(error: Error): void;
}

let lastKey = 0;

/**
 * A device behind a port of serialport's mock binding: it gets packets, sends packets and stray bytes, stalls, and can
 * be unplugged. Give it to {@link mockBinding}. It has one port: while that is open, a second opening fails as busy,
 * whatever `lock` says.
 *
 * What it has of an unfinished frame outlives a closing of the port, as in a real device; unplugging ends it.
 */
export class MockDevice {
  readonly #options: MockDeviceOptions;
  /** The path in the registry that all users of serialport's mock share: no two devices of a process may meet there. */
  readonly #key = `mock-device-${++lastKey}`;
  readonly #received: History<Uint8Array>;
  readonly #writes: History<Buffer>;
  readonly #signals: History<PortSignals>;
  readonly #takers: ((packet: Uint8Array) => void)[] = [];
  readonly #outgoing: Outgoing[] = [];
  #outgoingBytes = 0;
  #framing: DeviceFraming;
  #port: MockPort | undefined;
  #isPlugged = false;
  #stalled = false;
  #malformedFrames = 0;
  #tooLongFrames = 0;
  #checksumFrames = 0;
  #discardedBytes = 0;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if an option cannot be used */
  constructor(options: MockDeviceOptions) {
    this.#options = checkOptions('MockDevice', options, RULES);
    const { historyLength = 1_000 } = this.#options;
    this.#received = new History(historyLength);
    this.#writes = new History(historyLength);
    this.#signals = new History(historyLength);
    this.#framing = this.#newFraming();
    this.plug();
  }

  /** The path of its port. */
  get path(): string {
    return this.#options.path;
  }

  /** Whether it is plugged in: its port is in `list()` and can be opened. */
  get isPlugged(): boolean {
    return this.#isPlugged;
  }

  /** What its port was opened with; `undefined` while it is not open. */
  get openOptions(): Required<BindingOpenOptions> | undefined {
    return this.#port?.openOptions;
  }

  /** The latest packets that arrived, oldest first, at most `historyLength`. */
  get received(): readonly Uint8Array[] {
    return this.#received.items;
  }

  /** How many packets arrived so far. */
  get receivedCount(): number {
    return this.#received.count;
  }

  /** The bytes of the latest writes to the port, one entry a call of `write`, at most `historyLength`. */
  get writes(): readonly Buffer[] {
    return this.#writes.items;
  }

  /** The latest calls of the port's `set` (DTR, RTS, break), at most `historyLength`. */
  get signals(): readonly PortSignals[] {
    return this.#signals.items;
  }

  /** Frames that arrived and end inside a COBS block. */
  get malformedFrames(): number {
    return this.#malformedFrames;
  }

  /** Frames that arrived and whose packet is longer than `maxPacketBytes`. */
  get tooLongFrames(): number {
    return this.#tooLongFrames;
  }

  /** Frames that arrived and whose checksum is wrong or missing. */
  get checksumFrames(): number {
    return this.#checksumFrames;
  }

  /** Bytes that the device sent and the host did not read before it closed the port, flushed it, or the device was unplugged. */
  get discardedBytes(): number {
    return this.#discardedBytes;
  }

  /**
   * The next packet in the order of arrival: each call takes one, and packets that have arrived before the call count.
   * Stays pending until there is one.
   *
   * @throws Error if packets that no call has taken have already left `received`: raise `historyLength`
   */
  nextPacket(): Promise<Uint8Array> {
    try {
      const packet = this.#received.take();
      return packet === undefined ? new Promise((resolve) => this.#takers.push(resolve)) : Promise.resolve(packet);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Sends a packet to the host. Resolves when its bytes are in the buffer of the port, 4,096 bytes that empty as the
   * host reads; await it before you send more, or what you send piles up in the device.
   *
   * @throws Error if the port is not open, or is closed or lost before its bytes were in the buffer; what `compute` of a
   *   checksum throws
   */
  send(packet: Uint8Array): Promise<void> {
    try {
      return this.sendRaw(encodeForWire(packet, this.#options.checksum ?? 'none'));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Sends bytes as they are: noise, parts of frames, frames made elsewhere. Settles as {@link send} does. */
  sendRaw(bytes: Uint8Array): Promise<void> {
    const port = this.#port;
    if (port === undefined) {
      return Promise.reject(new Error(`MockDevice ${this.path}: cannot send, its port is not open`));
    }
    return new Promise((resolve, reject) => {
      this.#outgoing.push({ bytes: Buffer.from(bytes), resolve, reject });
      this.#outgoingBytes += bytes.length;
      this.#fill(port);
    });
  }

  /** Takes no more bytes: writes of the host stay pending. */
  stall(): void {
    this.#stalled = true;
  }

  /** Takes bytes again after {@link stall}, first those of the write that is pending. */
  resume(): void {
    this.#stalled = false;
    this.#port?.retryWrite();
  }

  /**
   * Pulls the cable: pending reads and writes of the port reject with an error whose `disconnect` is true, the path
   * leaves `list()`, and opening it fails with "No such file or directory". Does nothing when unplugged.
   */
  unplug(): void {
    if (!this.#isPlugged) {
      return;
    }
    this.#isPlugged = false;
    this.#framing = this.#newFraming();
    const port = this.#port;
    if (port !== undefined) {
      this.#release(port, port.unreadBytes, 'it was unplugged');
      port.lose();
    }
  }

  /** Plugs it in again. A port that was open before stays lost: the host has to open anew. Does nothing when plugged in. */
  plug(): void {
    if (this.#isPlugged) {
      return;
    }
    // A fresh entry: that of before may still be locked by a port which has been lost but not closed.
    SerialPortMock.binding.createPort(this.#key, { maxReadSize: this.#options.maxReadSize ?? 1_024 });
    this.#isPlugged = true;
  }

  /** @internal */
  get info(): PortInfo {
    const { path, manufacturer, vendorId, productId, serialNumber } = this.#options;
    return { path, manufacturer, vendorId, productId, serialNumber, pnpId: undefined, locationId: undefined };
  }

  /** @internal */
  async open(options: BindingOpenOptions): Promise<BindingPort> {
    const inner = await SerialPortMock.binding.open({ ...options, path: this.#key, lock: false });
    if (this.#port !== undefined || !this.#isPlugged) {
      await inner.close();
      // In the words of Linux.
      throw this.#isPlugged
        ? new Error('Error Resource temporarily unavailable Cannot lock port')
        : noSuchPort(this.path);
    }
    const port: MockPort = new MockPort(
      inner,
      { ...inner.openOptions, path: this.path, lock: options.lock ?? true },
      {
        written: (bytes) => this.#writes.add(Buffer.from(bytes)),
        takesBytes: () => !this.#stalled && this.#outgoingBytes <= MAX_QUEUED_BYTES,
        taken: (bytes) => this.#bytesArrived(bytes),
        read: () => this.#fill(port),
        signalsSet: (signals) => this.#signals.add({ ...signals }),
        flushed: (unreadBytes) => {
          this.#discardedBytes += unreadBytes;
          this.#fill(port);
        },
        closed: (unreadBytes) => this.#release(port, unreadBytes, 'its port was closed'),
      },
    );
    this.#port = port;
    return port;
  }

  /** Moves what is to be sent into the port's buffer, as far as that has room. */
  #fill(port: MockPort): void {
    if (port !== this.#port) {
      return;
    }
    for (let first = this.#outgoing[0]; first !== undefined; first = this.#outgoing[0]) {
      const part = first.bytes.subarray(0, port.roomBytes);
      if (part.length > 0) {
        port.receive(part);
      }
      this.#outgoingBytes -= part.length;
      first.bytes = first.bytes.subarray(part.length);
      if (first.bytes.length > 0) {
        break;
      }
      this.#outgoing.shift();
      first.resolve();
    }
    port.retryWrite();
  }

  /** Lets go of a port that is closed or lost. */
  #release(port: MockPort, unreadBytes: number, why: string): void {
    if (port !== this.#port) {
      return;
    }
    this.#port = undefined;
    this.#discardedBytes += unreadBytes + this.#outgoingBytes;
    this.#outgoingBytes = 0;
    for (const { reject } of this.#outgoing.splice(0)) {
      reject(new Error(`MockDevice ${this.path}: cannot send, ${why}`));
    }
  }

  #bytesArrived(bytes: Buffer): void {
    for (const result of this.#framing.push(bytes)) {
      switch (result) {
        case 'malformed':
          this.#malformedFrames++;
          break;
        case 'too-long':
          this.#tooLongFrames++;
          break;
        case 'checksum':
          this.#checksumFrames++;
          break;
        default:
          this.#packetArrived(result);
      }
    }
  }

  #newFraming(): DeviceFraming {
    return new DeviceFraming(this.#options.maxPacketBytes ?? 65_536, this.#options.checksum ?? 'none');
  }

  #packetArrived(packet: Uint8Array): void {
    this.#received.add(packet);
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.#received.take();
      taker(packet);
    }
    try {
      // A promise is left alone on purpose: if it rejects, that is an unhandled rejection, and the test fails.
      this.#options.onPacket?.(packet, this);
    } catch (error) {
      // Not out of the host's write, which would take it for a fault of the port.
      process.nextTick(() => {
        throw error;
      });
    }
    if (this.#options.echo && this.#port !== undefined) {
      // A port that is closed meanwhile is no fault of the test: those bytes are in discardedBytes.
      this.send(packet).catch(() => {});
    }
  }
}

/** What opening a port that is not there fails with, in the words of Linux. */
export function noSuchPort(path: string): Error {
  return new Error(`Error: No such file or directory, cannot open ${path}`);
}
