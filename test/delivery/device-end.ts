import type { DeliveryListener } from '../../src/delivery/outgoing-packet.js';

/** Sizes of the device, and the number of its start. */
export interface DeviceSettings {
  receiveWindow: number;
  sendWindow: number;
  maxPacketBytes: number;
  baudRate: number;
  /** 0, or the number of this start: 1 to 65,535. */
  startCounter: number;
}

/** The application of the device. */
export interface DeviceApplication {
  /** Whether it would take a packet now. */
  isFree(): boolean;
  taken(packet: Uint8Array): void;
  /** The host has replaced the session by another one. What was not acknowledged has failed before. */
  sessionReplaced(): void;
}

/** The device's end of a connection, from its start until it restarts. */
export interface DeviceEnd {
  /** Whether it accepts another packet. */
  readonly hasRoom: boolean;
  receive(bytes: Uint8Array, nowMs: number): void;
  /** Offers packets to the application, and checks times. */
  poll(nowMs: number): void;
  /** When to call {@link poll} at the latest. */
  dueAtMs(nowMs: number): number;
  send(packet: Uint8Array, listener: DeliveryListener): void;
  /** Drops the datagram if there is no room. */
  sendDatagram(packet: Uint8Array): void;
  /** Writes a frame, if there is one to send. Returns the index after it. */
  write(target: Uint8Array, offset: number, nowMs: number): number;
  /** Frames written, and frames of any kind received. Undefined if it does not count them. */
  readonly framesWritten: number;
  readonly framesReceived: number | undefined;
  /** Checks the counts that always add up. */
  checkCounts(): void;
  /**
   * Checks the counts that add up if it has not restarted, no frame was damaged, and the host has not restarted.
   *
   * @param arrived - DATA and DATAGRAM frames that have arrived
   */
  checkCalmCounts(arrived: number): void;
}

export type NewDevice = (settings: DeviceSettings, application: DeviceApplication) => DeviceEnd;
