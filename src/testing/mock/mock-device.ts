import { isUint8Array } from 'node:util/types';
import { checkOptions, describeValue } from '../../options.js';
import type { PortOpenOptions } from '../../serial/port.js';
import { Device, identityOf } from '../device.js';
import { ERROR_CODES } from '../device-ids.js';
import { DeviceFraming, encodeForWire } from './device-framing.js';
import { DeviceRequests, type MockRequestOptions, needsRequestIds } from './device-requests.js';
import { History } from './history.js';
import { MOCK_DEVICE_RULES, type MockDeviceOptions } from './mock-device-options.js';
import { MockPort, type PortSignals } from './mock-port.js';

/**
 * A simulated device with one port. It receives packets, sends packets and raw bytes, replies to requests and makes its
 * own, stalls, and can be unplugged.
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
  readonly #requestErrors: History<unknown>;
  readonly #requests: DeviceRequests | undefined;
  readonly #takers: ((packet: Uint8Array) => void)[] = [];
  #framing: DeviceFraming;
  #isStalled = false;
  #malformedFrames = 0;
  #tooLongFrames = 0;
  #checksumFrames = 0;
  #tooShortFrames = 0;
  #discardedBytes = 0;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid */
  constructor(options: MockDeviceOptions) {
    const given = checkOptions('MockDevice', options, MOCK_DEVICE_RULES);
    super(given.path, identityOf(given));
    this.#options = given;
    const { historyLength = 1_000, requestIds } = given;
    this.#received = new History(historyLength);
    this.#writes = new History(historyLength);
    this.#signals = new History(historyLength);
    this.#requestErrors = new History(historyLength);
    this.#requests = requestIds && new DeviceRequests(given.path, requestIds.bytes, (packet) => this.#transmit(packet));
    this.#framing = this.#newFraming();
  }

  /** The options its port was opened with, defaults included; undefined while the port is closed. */
  get openOptions(): Required<PortOpenOptions> | undefined {
    return this.#port?.openOptions;
  }

  /**
   * The latest received packets, oldest first, at most `historyLength`. With `requestIds`, they are without their ids;
   * requests of the host are included, replies are not.
   */
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

  /** Number of received frames whose packet is too short for its id. */
  get tooShortFrames(): number {
    return this.#tooShortFrames;
  }

  /** The latest errors that `onRequest` threw, oldest first, at most `historyLength`. Each became an error reply. */
  get requestErrors(): readonly unknown[] {
    return this.#requestErrors.items;
  }

  /** Number of received replies that no {@link request} waited for: late, repeated or malformed ones. */
  get lateReplies(): number {
    return this.#requests?.lateReplies ?? 0;
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
   * empties as the host reads. Await it before sending more; otherwise the bytes pile up in the device. With `requestIds`,
   * the id of the packet is 0: neither a request nor a reply.
   *
   * @throws Error if the port is not open, or is closed or unplugged before all bytes are in the buffer
   * @throws the error of `compute`, if the checksum is an object
   */
  async send(packet: Uint8Array): Promise<void> {
    await this.#transmit(this.#requests?.join(0, packet) ?? packet);
  }

  /**
   * Sends a request to the host, whose handler `onRequest` replies. Resolves with the reply. Needs `requestIds`.
   *
   * @throws InvalidArgumentError (`INVALID_OPTION`) without `requestIds`, or if an option is invalid
   * @throws Error with the number `replyCode` if the host replies with an error: 1 if its handler failed, 2 without one
   * @throws Error if there is no reply within `timeoutMs`, all ids are in use, or the port is not open, is closed or
   * unplugged before the reply has come
   */
  async request(packet: Uint8Array, options: MockRequestOptions = {}): Promise<Uint8Array> {
    if (this.#requests === undefined) {
      throw needsRequestIds(this.path);
    }
    return this.#requests.request(packet, options);
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
    this.#requests?.rejectAll('it was unplugged');
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

  /** @internal */
  protected override portClosed(port: MockPort): void {
    // Not if it was lost before: another port may be open by now.
    if (port === this.#port) {
      this.#requests?.rejectAll('its port was closed');
    }
    super.portClosed(port);
  }

  get #port(): MockPort | undefined {
    const [port] = this.ports;
    return port;
  }

  #newFraming(): DeviceFraming {
    const { maxPacketBytes = 65_536, requestIds, checksum = 'none' } = this.#options;
    return new DeviceFraming(maxPacketBytes + (requestIds?.bytes ?? 0), checksum);
  }

  /** Sends a packet that has its id, if it needs one. */
  async #transmit(packet: Uint8Array): Promise<void> {
    await this.sendRaw(encodeForWire(packet, this.#options.checksum ?? 'none'));
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
          this.#frameArrived(result);
      }
    }
  }

  #frameArrived(packet: Uint8Array): void {
    if (this.#requests !== undefined) {
      this.#frameWithIdArrived(packet, this.#requests);
      return;
    }
    this.#record(packet);
    this.#callOnPacket(packet);
    const { onRequest, echo } = this.#options;
    if (onRequest !== undefined) {
      void this.#reply(onRequest, packet, undefined);
    } else if (echo) {
      this.#sendUnawaited(packet);
    }
  }

  #frameWithIdArrived(packet: Uint8Array, requests: DeviceRequests): void {
    const split = requests.split(packet);
    if (split === undefined) {
      this.#tooShortFrames++;
      return;
    }
    if (requests.takeReply(split)) {
      return;
    }
    const { id, payload } = split;
    const { onRequest, echo } = this.#options;
    this.#record(payload);
    if (id === 0) {
      this.#callOnPacket(payload);
      if (echo) {
        this.#sendUnawaited(packet);
      }
    } else if (onRequest !== undefined) {
      void this.#reply(onRequest, payload, id);
    } else {
      this.#sendUnawaited(echo ? packet : requests.errorReply(id, ERROR_CODES.noHandler));
    }
  }

  #record(packet: Uint8Array): void {
    this.#received.add(packet);
    const taker = this.#takers.shift();
    if (taker !== undefined) {
      this.#received.take();
      taker(packet);
    }
  }

  #callOnPacket(packet: Uint8Array): void {
    try {
      // A rejected promise is deliberately not handled: it becomes an unhandled rejection, and the test fails.
      this.#options.onPacket?.(packet, this);
    } catch (error) {
      // If the host's write threw it, the host would take it for a fault of the port.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  /** Rejects, which makes the test fail, if the result of `onRequest` is wrong or its error cannot be sent. */
  async #reply(
    onRequest: NonNullable<MockDeviceOptions['onRequest']>,
    packet: Uint8Array,
    id: number | undefined,
  ): Promise<void> {
    let reply: Uint8Array | undefined;
    try {
      reply = await onRequest(packet, this);
    } catch (error) {
      if (id === undefined) {
        throw error;
      }
      this.#requestErrors.add(error);
      this.#sendUnawaited(this.#requests!.errorReply(id, ERROR_CODES.handlerFailed));
      return;
    }
    if (reply === undefined) {
      return;
    }
    if (!isUint8Array(reply)) {
      const got = describeValue(reply);
      throw new TypeError(`MockDevice ${this.path}: onRequest returned ${got}; expected a Uint8Array or undefined`);
    }
    this.#sendUnawaited(id === undefined ? reply : this.#requests!.join(id, reply));
  }

  #sendUnawaited(packet: Uint8Array): void {
    // The port may have been closed by now, or may be before the packet fits: discardedBytes counts the rest.
    this.#transmit(packet).catch(() => {});
  }
}
