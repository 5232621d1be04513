import { DeviceLink, type DeviceLinkOptions } from './device-link.js';
import type { DeviceWire, DeviceWireEvents, DeviceWirePort } from './device-wire.js';
import { LinkQueue } from './link-queue.js';

/** While more bytes than this wait to be sent, the device takes no packets. */
const MAX_WAITING_BYTES = 65_536;

/** What a device with `delivery: 'acknowledged'` has counted since it started. Each count wraps to 0 after 65,535. */
export interface MockLinkStats {
  /** Whether there is a session: the host knows the device since it started. */
  isInSession: boolean;
  /** Packets sent again. */
  resent: number;
  /** Packets and datagrams received again, and dropped. */
  duplicates: number;
  /** Frames rejected because their CRC is wrong, because they belong to another session, or for their contents. */
  damaged: number;
  /** Received packets dropped: datagrams that were not taken, and packets of a session that ended. */
  dropped: number;
}

const NO_STATS: MockLinkStats = { isInSession: false, resent: 0, duplicates: 0, damaged: 0, dropped: 0 };

/**
 * The frames of `delivery: 'acknowledged'`. It drives the C code as the main loop of a device does, whenever there is
 * something to do. While the port is not open, the device keeps what it has, and waits.
 */
export class AcknowledgedWire implements DeviceWire {
  readonly #path: string;
  readonly #options: DeviceLinkOptions;
  readonly #events: DeviceWireEvents;
  #link: DeviceLink | undefined;
  #port: DeviceWirePort | undefined;
  #timer: NodeJS.Timeout | undefined;
  #timerDueAtMs = 0;
  readonly #packets = new LinkQueue();
  readonly #datagrams = new LinkQueue();
  #isPaused = false;
  /** Whether a packet waits for the application. */
  #hasRefused = false;
  /** What arrives while the device is running. */
  readonly #arrived: Uint8Array[] = [];
  #isRunning = false;
  #mustRunAgain = false;
  #mustRestart = false;
  #isWriting = false;
  #hadSession = false;

  constructor(path: string, options: DeviceLinkOptions, events: DeviceWireEvents) {
    this.#path = path;
    this.#options = options;
    this.#events = events;
  }

  get stats(): MockLinkStats {
    return this.#link === undefined ? { ...NO_STATS } : { isInSession: this.#link.isInSession, ...this.#link.counts };
  }

  send(packet: Uint8Array): Promise<void> {
    const sent = this.#packets.add(packet);
    this.#run();
    return sent;
  }

  sendDatagram(packet: Uint8Array): Promise<void> {
    const sent = this.#datagrams.add(packet);
    this.#run();
    return sent;
  }

  bytesArrived(bytes: Uint8Array): void {
    // The application may be running: it may have called `resume`.
    this.#arrived.push(this.#isRunning ? new Uint8Array(bytes) : bytes);
    this.#run();
  }

  portOpened(port: DeviceWirePort): void {
    this.#port = port;
    this.#link ??= new DeviceLink(this.#options, {
      packetArrived: (packet) => this.#take(packet, false),
      datagramArrived: (packet) => this.#take(packet, true),
      sessionBegan: (lost) => this.#sessionBegan(lost),
    });
    this.#run();
  }

  portLost(): void {
    this.#port = undefined;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  reset(): void {
    this.#hadSession = false;
    this.#mustRestart = true;
    this.#peerLost('it was reset');
    this.#run();
  }

  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#run();
  }

  get #canTake(): boolean {
    const waitingBytes = this.#packets.bytes + this.#datagrams.bytes;
    return !this.#isPaused && !this.#mustRestart && waitingBytes <= MAX_WAITING_BYTES;
  }

  /** The main loop of the device. */
  #run(): void {
    const link = this.#link;
    this.#mustRunAgain = true;
    if (link === undefined || this.#isRunning) {
      return;
    }
    this.#isRunning = true;
    try {
      while (this.#mustRunAgain) {
        this.#mustRunAgain = false;
        this.#runOnce(link);
      }
    } finally {
      this.#isRunning = false;
    }
    if (this.#port !== undefined) {
      this.#write(link, this.#port);
      this.#planPoll(link);
    }
  }

  #runOnce(link: DeviceLink): void {
    const nowMs = performance.now();
    for (const bytes of this.#arrived.splice(0)) {
      link.push(bytes, nowMs);
    }
    link.poll(nowMs);
    if (this.#mustRestart) {
      this.#mustRestart = false;
      link.restart();
    }
    this.#packets.settle(link.waiting);
    this.#datagrams.settle(link.isDatagramWaiting ? 1 : 0);
    if (link.isInSession) {
      const { maxSendBytes } = link;
      const tooLong = (bytes: number) => this.#error(`a packet has ${bytes} bytes; expected at most ${maxSendBytes}`);
      this.#packets.fill((packet) => link.send(packet), maxSendBytes, tooLong);
      this.#datagrams.fill((packet) => link.sendDatagram(packet), maxSendBytes, tooLong);
    }
    if (this.#hasRefused && this.#canTake) {
      this.#hasRefused = false;
      this.#mustRunAgain = true;
    }
  }

  #take(packet: Uint8Array, isDatagram: boolean): boolean {
    if (!this.#canTake) {
      this.#hasRefused ||= !isDatagram;
      return false;
    }
    this.#events.packetArrived(packet, isDatagram);
    return true;
  }

  #sessionBegan(lost: number): void {
    if (this.#hadSession) {
      // The host may have taken others just before.
      this.#packets.settle(lost);
      this.#peerLost('the host has begun another session');
    }
    this.#hadSession = true;
  }

  #peerLost(why: string): void {
    this.#packets.rejectAll(this.#error(why));
    this.#datagrams.rejectAll(this.#error(why));
    this.#events.peerLost(why);
  }

  /** Writes what the link has, in parts, as the buffer of the port gets room. */
  #write(link: DeviceLink, port: DeviceWirePort): void {
    const bytes = this.#isWriting ? undefined : link.take();
    if (bytes !== undefined && bytes.length > 0) {
      this.#isWriting = true;
      const written = () => {
        this.#isWriting = false;
        this.#run();
      };
      // What a lost port has not sent is lost on the line.
      port.send(bytes).then(written, written);
    }
  }

  #planPoll(link: DeviceLink): void {
    const nowMs = performance.now();
    const inMs = link.timeoutInMs(nowMs);
    if (inMs === undefined || (this.#timer !== undefined && this.#timerDueAtMs <= nowMs + inMs)) {
      return;
    }
    clearTimeout(this.#timer);
    this.#timerDueAtMs = nowMs + inMs;
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#run();
    }, inMs);
    // A device does not keep the process alive. Where timers are numbers, as in a browser, it does.
    this.#timer.unref?.();
  }

  #error(why: string): Error {
    return new Error(`MockDevice ${this.#path}: cannot send, ${why}`);
  }
}
