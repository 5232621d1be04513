import { inflateRawSync } from 'node:zlib';
import { LINK_IMAGES } from './link-images.js';

/** The largest packet of acknowledged delivery. */
export const MAX_PACKET_BYTES = 65_535;

/** The clock of the C code has 16 bits. It must be read at least this often. */
const MAX_CLOCK_STEP_MS = 30_000;

/** Options of a {@link DeviceLink}. */
export interface DeviceLinkOptions {
  /** How many packets may wait for the application, and how many for their acknowledgement. */
  readonly window: keyof typeof LINK_IMAGES;
  /** The longest packet, in both directions. Default: 65,535, but none is longer than the host accepts. */
  readonly maxPacketBytes?: number | undefined;
  /** Returns the number of this start: 1 to 65,535. Only needed if the line may repeat old bytes. */
  readonly startCounter?: (() => number) | undefined;
}

/**
 * The application of the device. All packets are copies. It may call `send` and `sendDatagram` of the link, but nothing else
 * that changes it. It must not throw.
 */
export interface DeviceLinkEvents {
  /** Gets the next packet. Returns whether it took it. If not, the next `poll` offers it again. */
  packetArrived(packet: Uint8Array): boolean;
  /** Gets a datagram. Returns whether it took it. If not, it is dropped. */
  datagramArrived(packet: Uint8Array): boolean;
  /** The host has begun a session. It has not acknowledged the `lost` latest packets of the session before. */
  sessionBegan(lost: number): void;
}

/** What `firmware/wasm/device.c` exports. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer };
  readonly input: { readonly value: number };
  readonly output: { readonly value: number };
  readonly packet: { readonly value: number };
  readonly datagram: { readonly value: number };
  start(maxPacketBytes: number, fitsHost: boolean, hasStartCounter: boolean): void;
  push(count: number, nowMs: number): void;
  poll(nowMs: number): void;
  take(limit: number): number;
  send(count: number): number;
  send_datagram(count: number): number;
  timeout_in(nowMs: number): number;
  send_size(): number;
  in_session(): number;
  waiting(): number;
  datagram_waits(): number;
  resent(): number;
  duplicates(): number;
  damaged(): number;
  dropped(): number;
}

type Imports = Record<'device', Record<string, (...values: number[]) => unknown>>;

// The types of Node have no WebAssembly, and those of browsers are not for a library.
const { WebAssembly } = globalThis as unknown as {
  WebAssembly: {
    Module: new (bytes: Uint8Array) => object;
    Instance: new (module: object, imports: Imports) => { readonly exports: unknown };
  };
};

const modules = new Map<DeviceLinkOptions['window'], object>();

function moduleOf(window: DeviceLinkOptions['window']): object {
  let module = modules.get(window);
  if (module === undefined) {
    module = new WebAssembly.Module(inflateRawSync(Buffer.from(LINK_IMAGES[window], 'base64')));
    modules.set(window, module);
  }
  return module;
}

/** Size of the buffers for the serial line. */
const CHUNK_BYTES = 4_096;

/**
 * The device's end of acknowledged delivery: `firmware/src/link.c` itself, compiled to WebAssembly. Bytes and the time in,
 * bytes and events out. It has no timers. Whoever drives it, as the main loop of a device does,
 *
 * - calls {@link push} with what arrives;
 * - calls {@link poll} after that, after {@link timeoutInMs}, and when the application can take packets again;
 * - writes what {@link take} returns, after every other call.
 *
 * Times are in milliseconds, from any clock that does not go back.
 */
export class DeviceLink {
  readonly #options: DeviceLinkOptions;
  readonly #exports: Exports;
  #maxSendBytes = MAX_PACKET_BYTES;
  #nowMs: number | undefined;

  /** The device has started. */
  constructor(options: DeviceLinkOptions, events: DeviceLinkEvents) {
    this.#options = options;
    const device = {
      receive: (at: number, bytes: number) => events.packetArrived(this.#bytesAt(at, bytes).slice()),
      receiveDatagram: (at: number, bytes: number) => events.datagramArrived(this.#bytesAt(at, bytes).slice()),
      session: (lost: number) => {
        this.#maxSendBytes = this.#exports.send_size();
        events.sessionBegan(lost);
      },
      startCounter: () => options.startCounter?.() ?? 0,
    };
    this.#exports = new WebAssembly.Instance(moduleOf(options.window), { device }).exports as Exports;
    this.restart();
  }

  /** The device starts again: it forgets everything, its counts as well. */
  restart(): void {
    const { maxPacketBytes, startCounter } = this.#options;
    this.#exports.start(maxPacketBytes ?? MAX_PACKET_BYTES, maxPacketBytes === undefined, startCounter !== undefined);
  }

  /** Whether there is a session: the host knows this device since it started. */
  get isInSession(): boolean {
    return this.#exports.in_session() !== 0;
  }

  /** The longest packet that can be sent in the session. */
  get maxSendBytes(): number {
    return this.#maxSendBytes;
  }

  /** Packets that {@link send} accepted and the host has not acknowledged. */
  get waiting(): number {
    return this.#exports.waiting();
  }

  /** Whether a datagram waits, or is being sent. */
  get isDatagramWaiting(): boolean {
    return this.#exports.datagram_waits() !== 0;
  }

  /** Counts of `link.c`. Each wraps to 0 after 65,535. */
  get counts(): { resent: number; duplicates: number; damaged: number; dropped: number } {
    const exports = this.#exports;
    return {
      resent: exports.resent(),
      duplicates: exports.duplicates(),
      damaged: exports.damaged(),
      dropped: exports.dropped(),
    };
  }

  /** Receives bytes of the serial line. They may be reused after the call. */
  push(bytes: Uint8Array, nowMs: number): void {
    this.#passTime(nowMs);
    for (let start = 0; start < bytes.length; start += CHUNK_BYTES) {
      const chunk = bytes.subarray(start, start + CHUNK_BYTES);
      this.#bytesAt(this.#exports.input.value, CHUNK_BYTES).set(chunk);
      this.#exports.push(chunk.length, Math.floor(nowMs));
    }
  }

  /** Offers received packets to the application, and checks the time-out. */
  poll(nowMs: number): void {
    this.#passTime(nowMs);
    this.#exports.poll(Math.floor(nowMs));
  }

  /** After which time {@link poll} has to check the time-out, or undefined if there is none. */
  timeoutInMs(nowMs: number): number | undefined {
    const inMs = this.#exports.timeout_in(Math.floor(nowMs));
    return inMs < 0 ? undefined : inMs;
  }

  /** Removes the next bytes for the serial line, at most 4,096 or `limit`. They are valid until the next call. */
  take(limit: number = CHUNK_BYTES): Uint8Array {
    return this.#bytesAt(this.#exports.output.value, this.#exports.take(Math.min(limit, CHUNK_BYTES)));
  }

  /** Accepts a packet. Returns false if there is no room for it, or if it is longer than 65,535 bytes. */
  send(packet: Uint8Array): boolean {
    return this.#sendFrom(this.#exports.packet.value, packet, this.#exports.send);
  }

  /** Sends a datagram. Returns false without a session, while another one waits, or if it is longer than 65,535 bytes. */
  sendDatagram(packet: Uint8Array): boolean {
    // The C code has not copied the one that waits.
    return !this.isDatagramWaiting && this.#sendFrom(this.#exports.datagram.value, packet, this.#exports.send_datagram);
  }

  #sendFrom(at: number, packet: Uint8Array, send: (count: number) => number): boolean {
    if (packet.length > MAX_PACKET_BYTES) {
      return false;
    }
    this.#bytesAt(at, packet.length).set(packet);
    return send(packet.length) !== 0;
  }

  /** Lets the 16-bit clock see a long pause. */
  #passTime(nowMs: number): void {
    this.#nowMs ??= nowMs;
    while (nowMs - this.#nowMs > MAX_CLOCK_STEP_MS) {
      this.#nowMs += MAX_CLOCK_STEP_MS;
      this.#exports.poll(Math.floor(this.#nowMs));
    }
    this.#nowMs = nowMs;
  }

  #bytesAt(at: number, bytes: number): Uint8Array {
    return new Uint8Array(this.#exports.memory.buffer, at, bytes);
  }
}
