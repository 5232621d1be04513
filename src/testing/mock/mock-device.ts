import { checkOptions, invalidOption } from '../../options.js';
import type { PortOpenOptions } from '../../serial/port.js';
import { Device, identityOf } from '../device.js';
import { AcknowledgedWire, type MockLinkStats } from './acknowledged-wire.js';
import { DeviceApplication } from './device-application.js';
import { DeviceRequests, type MockRequestOptions, needsRequestIds } from './device-requests.js';
import type { DeviceWireEvents, Rejection } from './device-wire.js';
import { History } from './history.js';
import { linkOptionsOf, MOCK_DEVICE_RULES, type MockDeviceOptions } from './mock-device-options.js';
import { MockPort, type PortSignals } from './mock-port.js';
import { PlainWire } from './plain-wire.js';

/**
 * A simulated device with one port. It receives packets, sends packets and raw bytes, replies to requests and makes its
 * own, stalls, and can be unplugged and reset.
 * {@link mockBinding} makes its port available to a communicator. While the port is open, opening it again fails as
 * busy, whatever the option `lock` is.
 *
 * Like a real device, it keeps an unfinished frame when its port is closed. Unplugging it discards the frame. With
 * `delivery: 'acknowledged'`, it keeps its session and all packets, too, when it is unplugged: only {@link reset} ends them.
 */
export class MockDevice extends Device<MockPort> {
  readonly #options: MockDeviceOptions;
  readonly #writes: History<Buffer>;
  readonly #signals: History<PortSignals>;
  readonly #requests: DeviceRequests | undefined;
  readonly #application: DeviceApplication;
  readonly #wire: PlainWire | AcknowledgedWire;
  readonly #rejected: Record<Rejection, number> = { malformed: 0, 'too-long': 0, checksum: 0 };
  #isStalled = false;
  #discardedBytes = 0;

  /** @throws InvalidArgumentError (`INVALID_OPTION`) if an option is invalid */
  constructor(options: MockDeviceOptions) {
    const given = checkOptions('MockDevice', options, MOCK_DEVICE_RULES);
    super(given.path, identityOf(given));
    this.#options = given;
    const { historyLength = 1_000, requestIds } = given;
    this.#writes = new History(historyLength);
    this.#signals = new History(historyLength);
    this.#wire = this.#newWire(given);
    this.#requests =
      requestIds && new DeviceRequests(given.path, requestIds.bytes, (packet) => this.#wire.send(packet));
    this.#application = new DeviceApplication(this, given, historyLength, this.#requests, (packet, isDatagram) =>
      isDatagram ? this.#wire.sendDatagram(packet) : this.#wire.send(packet),
    );
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
    return this.#application.received.items;
  }

  /** Number of packets received so far. */
  get receivedCount(): number {
    return this.#application.received.count;
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
    return this.#rejected.malformed;
  }

  /** Number of received frames whose packet is longer than `maxPacketBytes`. */
  get tooLongFrames(): number {
    return this.#rejected['too-long'];
  }

  /** Number of received frames whose checksum is wrong or missing. */
  get checksumFrames(): number {
    return this.#rejected.checksum;
  }

  /** Number of received frames whose packet is too short for its id. */
  get tooShortFrames(): number {
    return this.#application.tooShortFrames;
  }

  /** The latest errors that `onRequest` threw, oldest first, at most `historyLength`. Each became an error reply. */
  get requestErrors(): readonly unknown[] {
    return this.#application.requestErrors.items;
  }

  /** Number of received replies that no {@link request} waited for: late, repeated or malformed ones. */
  get lateReplies(): number {
    return this.#requests?.lateReplies ?? 0;
  }

  /** What a device with `delivery: 'acknowledged'` counts. Undefined for other devices. */
  get linkStats(): MockLinkStats | undefined {
    return this.#wire instanceof AcknowledgedWire ? this.#wire.stats : undefined;
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
  nextPacket(): Promise<Uint8Array> {
    return this.#application.nextPacket();
  }

  /**
   * Sends a packet to the host. Resolves when all of its bytes are in the port's buffer, which holds 4,096 bytes and
   * empties as the host reads. Await it before sending more; otherwise the bytes pile up in the device. With `requestIds`,
   * the id of the packet is 0: neither a request nor a reply.
   *
   * With `delivery: 'acknowledged'`, it resolves when the application of the host has taken the packet. It waits for the port and
   * for the session, and never gives up by itself.
   *
   * @throws Error if the port is not open, or is closed or unplugged before all bytes are in the buffer
   * @throws the error of `compute`, if the checksum is an object
   * @throws Error with `delivery: 'acknowledged'` instead, if the host begins another session, the device is reset, or the packet is
   * longer than the session allows
   */
  async send(packet: Uint8Array): Promise<void> {
    await this.#wire.send(this.#withId0(packet));
  }

  /**
   * Sends a datagram: at most once, and perhaps before packets that were sent earlier. Resolves when all of its bytes are in the
   * port's buffer. Without `delivery: 'acknowledged'`, it is {@link send}.
   *
   * @throws Error as {@link send}
   */
  async sendDatagram(packet: Uint8Array): Promise<void> {
    await this.#wire.sendDatagram(this.#withId0(packet));
  }

  /**
   * Sends a request to the host, whose handler `onRequest` replies. Resolves with the reply. Needs `requestIds`.
   *
   * @throws InvalidArgumentError (`INVALID_OPTION`) without `requestIds`, or if an option is invalid
   * @throws Error with the number `replyCode` if the host replies with an error: 1 if its handler failed, 2 without one
   * @throws Error if there is no reply within `timeoutMs`, all ids are in use, or the port is not open, is closed or
   * unplugged before the reply has come; with `delivery: 'acknowledged'` instead, if the host begins another session, or the device
   * is reset
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

  /**
   * Stops taking packets, as a busy application does: they wait in the receive window, and those of the host are not
   * acknowledged. Datagrams are dropped. Needs `delivery: 'acknowledged'`.
   *
   * @throws InvalidArgumentError (`INVALID_OPTION`) without that
   */
  pause(): void {
    this.#linkFor('pause').pause();
  }

  /** Accepts bytes again after {@link stall}, beginning with those of the pending write, and takes packets again. */
  resume(): void {
    this.#isStalled = false;
    this.#port?.retryWrite();
    if (this.#wire instanceof AcknowledgedWire) {
      this.#wire.resume();
    }
  }

  /**
   * Restarts the device: it forgets its session, the packets that wait, and half a frame that it has received. Its port stays
   * open. What it has reported here, as `received`, stays.
   */
  reset(): void {
    this.#wire.reset();
  }

  override unplug(): void {
    super.unplug();
    this.#wire.portLost(true);
  }

  /** @internal */
  protected override newPort(openOptions: Required<PortOpenOptions>): MockPort {
    const device = this;
    const port = new MockPort(openOptions, {
      maxReadSize: this.#options.maxReadSize ?? 1_024,
      get isStalled() {
        return device.#isStalled;
      },
      written: (bytes) => this.#writes.add(Buffer.from(bytes)),
      writeShortened: (bytes) => this.#writes.replaceLatest((latest) => latest.subarray(0, bytes)),
      bytesArrived: (bytes) => this.#wire.bytesArrived(bytes),
      signalsSet: (signals) => this.#signals.add({ ...signals }),
      discarded: (bytes) => {
        this.#discardedBytes += bytes;
      },
    });
    this.#wire.portOpened(port);
    return port;
  }

  /** @internal */
  protected override portClosed(port: MockPort): void {
    // Not if it was lost before: another port may be open by now.
    if (port === this.#port) {
      this.#wire.portLost(false);
    }
    super.portClosed(port);
  }

  get #port(): MockPort | undefined {
    const [port] = this.ports;
    return port;
  }

  #withId0(packet: Uint8Array): Uint8Array {
    return this.#requests?.join(0, packet) ?? packet;
  }

  #newWire(options: MockDeviceOptions): PlainWire | AcknowledgedWire {
    const { delivery = 'plain', requestIds, maxPacketBytes = 65_536, checksum = 'none', link } = options;
    const events: DeviceWireEvents = {
      packetArrived: (packet, isDatagram) => this.#application.packetArrived(packet, isDatagram),
      frameRejected: (reason) => {
        this.#rejected[reason]++;
      },
      peerLost: (why) => this.#requests?.rejectAll(why),
    };
    if (delivery === 'acknowledged') {
      return new AcknowledgedWire(this.path, linkOptionsOf(options), events);
    }
    if (link !== undefined) {
      throw invalidOption("MockDevice: link needs delivery: 'acknowledged'");
    }
    return new PlainWire(this.path, maxPacketBytes + (requestIds?.bytes ?? 0), checksum, events);
  }

  #linkFor(name: string): AcknowledgedWire {
    if (this.#wire instanceof PlainWire) {
      throw invalidOption(`MockDevice ${this.path}: ${name} needs the option delivery: 'acknowledged'`);
    }
    return this.#wire;
  }
}
