import type { RP2040 } from 'rp2040js';

/** Maximum size of a packet of a bulk or control endpoint at full speed. */
export const USB_PACKET_BYTES = 64;

/** Bytes of token, handshake, checks and gaps that a transaction takes in addition to its data. */
const OVERHEAD_BYTES = 13;
const NANOS_PER_BYTE = 8000 / 12;

/** In DPRAM. */
const BUFFER_CONTROLS = 0x80;
const BUFFER_CONTROLS_END = 0x100;
const EP0_BUFFER = 0x100;
const HALF_BYTES = 64;

/** Bits of a buffer control register, in each of its two halves. */
const AVAILABLE = 1 << 10;
const STALL = 1 << 11;
const FULL = 1 << 15;
const LENGTH = 0x3ff;

/** Bits of an endpoint control register. */
const DOUBLE_BUFFERED = 1 << 30;
const INTERRUPT_PER_BUFFER = 1 << 29;

/** Private methods of an `RPUSBController`. The version of rp2040js is pinned, and the tests would catch a change. */
interface UsbController {
  indicateBufferReady(endpoint: number, isOut: boolean): void;
}

/** The direction of a transfer, as USB names it: out of the host, or into it. */
export type UsbDirection = 'in' | 'out';

interface UsbTransfersListener {
  /** The program has made a buffer available, or has stalled the control endpoint. */
  changed(): void;
  stalled(): void;
}

/**
 * The buffers that a program has made available to the USB controller, and the transactions that use them. Replaces this
 * part of rp2040js, which sends at once whatever a program has for the host, even if the host does not read.
 */
export class UsbTransfers {
  readonly #chip: RP2040;
  readonly #listener: UsbTransfersListener;
  /** By buffer control register: the halves that are available, in the order of their use. */
  readonly #available = new Map<number, number[]>();

  constructor(chip: RP2040, listener: UsbTransfersListener) {
    this.#chip = chip;
    this.#listener = listener;
    chip.usbCtrl.DPRAMUpdated = (offset, value) => this.#written(offset, value);
  }

  /** The time that a transaction with this much data takes, in nanoseconds. */
  static nanos(bytes: number): number {
    return (bytes + OVERHEAD_BYTES) * NANOS_PER_BYTE;
  }

  /** Whether the program has made a buffer available. If not, the endpoint answers with NAK. */
  isReady(endpoint: number, direction: UsbDirection): boolean {
    return this.#firstHalf(endpoint, direction) !== undefined;
  }

  /** The number of bytes that the next packet has, or may have, if {@link isReady}. */
  packetBytes(endpoint: number, direction: UsbDirection): number {
    const half = this.#firstHalf(endpoint, direction) ?? 0;
    return (this.#control(register(endpoint, direction)) >>> (16 * half)) & LENGTH;
  }

  /** The next packet to the host, which stays available. Call it only if {@link isReady}. */
  peekIn(endpoint: number): Uint8Array {
    const half = this.#firstHalf(endpoint, 'in') ?? 0;
    const start = this.#bufferOffset(endpoint, 'in') + half * HALF_BYTES;
    return this.#chip.usbDPRAM.slice(start, start + this.packetBytes(endpoint, 'in'));
  }

  /** Takes the next packet to the host. Call it only if {@link isReady}. */
  takeIn(endpoint: number): Uint8Array {
    const packet = this.peekIn(endpoint);
    this.#complete(endpoint, 'in', this.#firstHalf(endpoint, 'in') ?? 0, packet.length);
    return packet;
  }

  /** Gives the program a packet from the host. Call it only if {@link isReady}, with at most {@link packetBytes}. */
  putOut(endpoint: number, packet: Uint8Array): void {
    const half = this.#firstHalf(endpoint, 'out') ?? 0;
    this.#chip.usbDPRAM.set(packet, this.#bufferOffset(endpoint, 'out') + half * HALF_BYTES);
    this.#complete(endpoint, 'out', half, packet.length);
  }

  /** Forgets the buffers of the control endpoint, as a setup packet does. */
  resetControl(): void {
    this.#available.delete(register(0, 'in'));
    this.#available.delete(register(0, 'out'));
  }

  /** Forgets all buffers, as a bus reset does. */
  reset(): void {
    this.#available.clear();
  }

  #written(offset: number, value: number): void {
    if (offset < BUFFER_CONTROLS || offset >= BUFFER_CONTROLS_END) {
      return;
    }
    if (offset < BUFFER_CONTROLS + 8 && value & STALL) {
      this.#listener.stalled();
      return;
    }
    const halves = this.#available.get(offset) ?? [];
    const added = [0, 1].filter((half) => (value >>> (16 * half)) & AVAILABLE && !halves.includes(half));
    if (added.length > 0) {
      this.#available.set(offset, [...halves, ...added]);
      this.#listener.changed();
    }
  }

  /** A program may also take a buffer back. */
  #firstHalf(endpoint: number, direction: UsbDirection): number | undefined {
    const offset = register(endpoint, direction);
    const halves = this.#available.get(offset);
    while (halves?.[0] !== undefined && !((this.#control(offset) >>> (16 * halves[0])) & AVAILABLE)) {
      halves.shift();
    }
    return halves?.[0];
  }

  #complete(endpoint: number, direction: UsbDirection, half: number, bytes: number): void {
    const offset = register(endpoint, direction);
    this.#available.get(offset)?.shift();
    const cleared = ((AVAILABLE | FULL | LENGTH) << (16 * half)) >>> 0;
    const set = ((bytes | (direction === 'out' ? FULL : 0)) << (16 * half)) >>> 0;
    this.#chip.usbDPRAMView.setUint32(offset, ((this.#control(offset) & ~cleared) | set) >>> 0, true);
    const control = this.#endpointControl(endpoint, direction);
    const waitsForBoth = control & DOUBLE_BUFFERED && !(control & INTERRUPT_PER_BUFFER);
    if (!waitsForBoth || !this.isReady(endpoint, direction)) {
      (this.#chip.usbCtrl as unknown as UsbController).indicateBufferReady(endpoint, direction === 'out');
    }
  }

  #control(offset: number): number {
    return this.#chip.usbDPRAMView.getUint32(offset, true);
  }

  /** The control endpoint has no such register. */
  #endpointControl(endpoint: number, direction: UsbDirection): number {
    return endpoint === 0 ? 0 : this.#control(8 * endpoint + (direction === 'out' ? 4 : 0));
  }

  #bufferOffset(endpoint: number, direction: UsbDirection): number {
    return endpoint === 0 ? EP0_BUFFER : this.#endpointControl(endpoint, direction) & 0xfc0;
  }
}

/** The offset of a buffer control register in DPRAM. */
function register(endpoint: number, direction: UsbDirection): number {
  return BUFFER_CONTROLS + 8 * endpoint + (direction === 'out' ? 4 : 0);
}
