import type { Checksum, ChecksumName } from '../../framing/checksum.js';
import { DeviceFraming, encodeForWire } from './device-framing.js';
import type { DeviceWire, DeviceWireEvents, DeviceWirePort } from './device-wire.js';

/** The frames of `delivery: 'plain'`. */
export class PlainWire implements DeviceWire {
  readonly #path: string;
  readonly #maxPacketBytes: number;
  readonly #checksum: ChecksumName | Checksum;
  readonly #events: DeviceWireEvents;
  #framing: DeviceFraming;
  #port: DeviceWirePort | undefined;

  /** @param maxPacketBytes - with the id */
  constructor(path: string, maxPacketBytes: number, checksum: ChecksumName | Checksum, events: DeviceWireEvents) {
    this.#path = path;
    this.#maxPacketBytes = maxPacketBytes;
    this.#checksum = checksum;
    this.#events = events;
    this.#framing = this.#newFraming();
  }

  async send(packet: Uint8Array): Promise<void> {
    const bytes = encodeForWire(packet, this.#checksum);
    if (this.#port === undefined) {
      throw new Error(`MockDevice ${this.#path}: cannot send, its port is not open`);
    }
    await this.#port.send(bytes);
  }

  sendDatagram(packet: Uint8Array): Promise<void> {
    return this.send(packet);
  }

  bytesArrived(bytes: Uint8Array): void {
    for (const result of this.#framing.push(bytes)) {
      if (typeof result === 'string') {
        this.#events.frameRejected(result);
      } else {
        this.#events.packetArrived(result, false);
      }
    }
  }

  portOpened(port: DeviceWirePort): void {
    this.#port = port;
  }

  portLost(isUnplugged: boolean): void {
    this.#port = undefined;
    if (isUnplugged) {
      this.#framing = this.#newFraming();
    }
    this.#events.peerLost(isUnplugged ? 'it was unplugged' : 'its port was closed');
  }

  reset(): void {
    this.#framing = this.#newFraming();
    this.#events.peerLost('it was reset');
  }

  #newFraming(): DeviceFraming {
    return new DeviceFraming(this.#maxPacketBytes, this.#checksum);
  }
}
