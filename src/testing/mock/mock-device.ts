import type { Checksum, ChecksumName } from '../../framing/checksum.js';
import { aBoolean, aFunction, aName, anInteger, checkOptions, type OptionRules, required } from '../../options.js';
import type { PortOpenOptions } from '../../serial/port.js';
import { serialSettings } from '../../serial/serial-settings.js';
import { Device, type DeviceIdentity, IDENTITY_RULES, identityOf } from '../device.js';
import { DeviceFraming, encodeForWire } from './device-framing.js';
import { History } from './history.js';
import { MockPort, type PortSignals } from './mock-port.js';

/** Options of a {@link MockDevice}. */
export interface MockDeviceOptions extends DeviceIdentity {
  /** Path of the device's port, for example `/dev/ttyACM0`. It need not exist. */
  path: string;
  /**
   * Called with each received packet, in order. It may reply with `device.send`. If it throws or rejects, the error
   * becomes an uncaught one, so that the test fails.
   */
  onPacket?: (packet: Uint8Array, device: MockDevice) => unknown;
  /** Send every packet back, after `onPacket`. Default: false. */
  echo?: boolean;
  /** Checksum appended to each packet, as in a connection. Default: `'none'`. */
  checksum?: ChecksumName | Checksum;
  /** Maximum size of a received packet in bytes. Longer ones are counted in `tooLongFrames`. Default: 65,536. */
  maxPacketBytes?: number;
  /**
   * Maximum size in bytes of a chunk for the host, at most 4,096. A small number cuts frames into many chunks. Default:
   * 1,024.
   */
  maxReadSize?: number;
  /** Number of packets, writes and signals kept in `received`, `writes` and `signals`. Default: 1,000. */
  historyLength?: number;
}

const RULES: OptionRules<MockDeviceOptions> = {
  path: required(aName),
  onPacket: aFunction,
  echo: aBoolean,
  checksum: serialSettings.checksum,
  maxPacketBytes: anInteger(0),
  maxReadSize: anInteger(1),
  historyLength: anInteger(1),
  ...IDENTITY_RULES,
};

/**
 * A simulated device with one port. It receives packets, sends packets and raw bytes, stalls, and can be unplugged.
 * {@link mockBinding} makes its port available to a communicator. While the port is open, opening it again fails as
 * busy, whatever the option `lock` is.
 *
 * Like a real device, it keeps an unfinished frame when its port is closed. Unplugging it discards the frame.
 */
export class MockDevice extends Device<MockPort> {
  readonly #options: MockDeviceOptions;
  readonly #received: History<Uint8Array>;
  readonly #writes: History<Buffer>;
  readonly #signals: History<PortSignals>;
  readonly #takers: ((packet: Uint8Array) => void)[] = [];
  #framing: DeviceFraming;
  #isStalled = false;
  #malformedFrames = 0;
  #tooLongFrames = 0;
  #checksumFrames = 0;
  #discardedBytes = 0;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid */
  constructor(options: MockDeviceOptions) {
    const given = checkOptions('MockDevice', options, RULES);
    super(given.path, identityOf(given));
    this.#options = given;
    const { historyLength = 1_000 } = this.#options;
    this.#received = new History(historyLength);
    this.#writes = new History(historyLength);
    this.#signals = new History(historyLength);
    this.#framing = this.#newFraming();
  }

  /** The options its port was opened with, defaults included; undefined while the port is closed. */
  get openOptions(): Required<PortOpenOptions> | undefined {
    return this.#port?.openOptions;
  }

  /** The latest received packets, oldest first, at most `historyLength`. */
  get received(): readonly Uint8Array[] {
    return this.#received.items;
  }

  /** Number of packets received so far. */
  get receivedCount(): number {
    return this.#received.count;
  }

  /**
   * The bytes of the latest writes to its port, one entry per call of `write`, at most `historyLength`. A write that is
   * still pending is included; one that was cut short holds only the bytes that remained.
   */
  get writes(): readonly Buffer[] {
    return this.#writes.items;
  }

  /** The latest control lines the host set (DTR, RTS, break), one entry per call, at most `historyLength`. */
  get signals(): readonly PortSignals[] {
    return this.#signals.items;
  }

  /** Number of received frames that end in the middle of a COBS block. */
  get malformedFrames(): number {
    return this.#malformedFrames;
  }

  /** Number of received frames whose packet is longer than `maxPacketBytes`. */
  get tooLongFrames(): number {
    return this.#tooLongFrames;
  }

  /** Number of received frames whose checksum is wrong or missing. */
  get checksumFrames(): number {
    return this.#checksumFrames;
  }

  /** Bytes sent by the device and not read by the host before the port was closed, flushed or unplugged. */
  get discardedBytes(): number {
    return this.#discardedBytes;
  }

  /**
   * Takes the next received packet. Each call takes one, in the order of arrival, including packets received before the
   * call. Resolves as soon as there is one.
   *
   * @throws Error if a packet that no call has taken is no longer in `received`: raise `historyLength`
   */
  async nextPacket(): Promise<Uint8Array> {
    return this.#received.take() ?? new Promise((resolve) => this.#takers.push(resolve));
  }

  /**
   * Sends a packet to the host. Resolves when all of its bytes are in the port's buffer, which holds 4,096 bytes and
   * empties as the host reads. Await it before sending more; otherwise the bytes pile up in the device.
   *
   * @throws Error if the port is not open, or is closed or unplugged before all bytes are in the buffer
   * @throws the error of `compute`, if the checksum is an object
   */
  async send(packet: Uint8Array): Promise<void> {
    await this.sendRaw(encodeForWire(packet, this.#options.checksum ?? 'none'));
  }

  /** Sends bytes without framing: noise, partial frames, frames made elsewhere. Settles like {@link send}. */
  sendRaw(bytes: Uint8Array): Promise<void> {
    return (
      this.#port?.send(bytes) ?? Promise.reject(new Error(`MockDevice ${this.path}: cannot send, its port is not open`))
    );
  }

  /** Stops accepting bytes: writes of the host stay pending. */
  stall(): void {
    this.#isStalled = true;
  }

  /** Accepts bytes again after {@link stall}, beginning with those of the pending write. */
  resume(): void {
    this.#isStalled = false;
    this.#port?.retryWrite();
  }

  override unplug(): void {
    super.unplug();
    this.#framing = this.#newFraming();
  }

  /** @internal */
  protected override newPort(openOptions: Required<PortOpenOptions>): MockPort {
    const device = this;
    return new MockPort(openOptions, {
      maxReadSize: this.#options.maxReadSize ?? 1_024,
      get isStalled() {
        return device.#isStalled;
      },
      written: (bytes) => this.#writes.add(Buffer.from(bytes)),
      writeShortened: (bytes) => this.#writes.replaceLatest((latest) => latest.subarray(0, bytes)),
      bytesArrived: (bytes) => this.#bytesArrived(bytes),
      signalsSet: (signals) => this.#signals.add({ ...signals }),
      discarded: (bytes) => {
        this.#discardedBytes += bytes;
      },
    });
  }

  get #port(): MockPort | undefined {
    const [port] = this.ports;
    return port;
  }

  #newFraming(): DeviceFraming {
    return new DeviceFraming(this.#options.maxPacketBytes ?? 65_536, this.#options.checksum ?? 'none');
  }

  #bytesArrived(bytes: Uint8Array): void {
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

  #packetArrived(packet: Uint8Array): void {
    this.#received.add(packet);
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.#received.take();
      taker(packet);
    }
    try {
      // A rejected promise is deliberately not handled: it becomes an unhandled rejection, and the test fails.
      this.#options.onPacket?.(packet, this);
    } catch (error) {
      // If the host's write threw it, the host would take it for a fault of the port.
      process.nextTick(() => {
        throw error;
      });
    }
    if (this.#options.echo) {
      // The port may have been closed by now, or may be before the echo fits: discardedBytes counts the rest.
      this.send(packet).catch(() => {});
    }
  }
}
