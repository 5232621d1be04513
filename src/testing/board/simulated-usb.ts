import type { UsbChip } from '../chip/simulated-chip.js';
import type { HostLink, LinkHost } from './host-link.js';

/** The largest packet of a full-speed USB device. */
const PACKET_BYTES = 64;

/** The USB from the host to the board: one packet after another, each when the program can take it. Nothing is lost. */
export class SimulatedUsb implements HostLink {
  readonly #host: LinkHost;
  readonly #packet = new Uint8Array(PACKET_BYTES);
  #chip: UsbChip;
  /** Bytes in `#packet`, which the program has not taken. */
  #waitingBytes = 0;
  /** Whether they are on their way to the program. */
  #isSent = false;
  #isPlanned = false;

  constructor(host: LinkHost, chip: UsbChip) {
    this.#host = host;
    this.#chip = chip;
  }

  get isIdle(): boolean {
    return !this.#isPlanned && this.#waitingBytes === 0;
  }

  wake(beginCycles: number): void {
    if (this.isIdle) {
      this.#plan(beginCycles - this.#chip.cycles);
    }
  }

  discard(): number {
    if (this.#isSent) {
      return 0;
    }
    const bytes = this.#waitingBytes;
    this.#waitingBytes = 0;
    return bytes;
  }

  /** A packet that was sent is lost. One that waits, waits until the new program has set up its USB. */
  attach(chip: UsbChip): void {
    this.#chip = chip;
    const wasSent = this.#isSent;
    if (wasSent) {
      this.#isSent = false;
      for (; this.#waitingBytes > 0; this.#waitingBytes--) {
        this.#host.lost('receiverOff');
      }
    }
    if (this.#isPlanned || wasSent) {
      this.#plan(0);
    }
  }

  /** The program can take a packet. */
  readyForPacket(): void {
    if (this.#waitingBytes > 0 && !this.#isSent) {
      this.#plan(0);
    }
  }

  /** The program has taken the packet. */
  packetTaken(): void {
    this.#isSent = false;
    for (; this.#waitingBytes > 0; this.#waitingBytes--) {
      this.#host.received();
    }
    this.#plan(0);
  }

  #plan(delayCycles: number): void {
    this.#isPlanned = true;
    this.#chip.schedule(this.#proceed, delayCycles);
  }

  readonly #proceed = (): void => {
    this.#isPlanned = false;
    if (this.#isSent) {
      return;
    }
    this.#fill();
    if (this.#waitingBytes === 0) {
      this.#host.idle();
    } else {
      this.#isSent = this.#chip.end.sendPacket(this.#packet.slice(0, this.#waitingBytes));
    }
  };

  #fill(): void {
    while (this.#waitingBytes < PACKET_BYTES) {
      const byte = this.#host.takeOutput();
      if (byte === undefined) {
        return;
      }
      this.#packet[this.#waitingBytes++] = byte;
    }
  }
}
