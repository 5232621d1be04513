import type { RejectReason } from '../../framing/frame-decoder.js';

/** Why a frame holds no packet. */
export type Rejection = Exclude<RejectReason, 'too-short'>;

/** What a wire reports to its device. */
export interface DeviceWireEvents {
  packetArrived(packet: Uint8Array, isDatagram: boolean): void;
  frameRejected(reason: Rejection): void;
  /** No reply to an earlier request comes any more. */
  peerLost(why: string): void;
}

/** How the port sends bytes. */
export interface DeviceWirePort {
  /** Resolves when all of them are in the buffer. Rejects if the port is closed or unplugged before. */
  send(bytes: Uint8Array): Promise<void>;
}

/** How a device turns packets into bytes and back: plainly, or with acknowledged delivery. */
export interface DeviceWire {
  /** As `MockDevice.send`, with a packet that has its id. */
  send(packet: Uint8Array): Promise<void>;
  /** As `MockDevice.sendDatagram`, with a packet that has its id. */
  sendDatagram(packet: Uint8Array): Promise<void>;
  /** The host has written bytes. They may be reused after the call. */
  bytesArrived(bytes: Uint8Array): void;
  portOpened(port: DeviceWirePort): void;
  /** The port was closed by the host, or unplugged. */
  portLost(isUnplugged: boolean): void;
  /** As `MockDevice.reset`. */
  reset(): void;
}
