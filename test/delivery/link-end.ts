import type { DeliveryListener } from '../../src/delivery/outgoing-packet.js';
import { FRAME_KINDS } from '../../src/delivery/wire-format.js';
import type { DeviceLink, DeviceLinkEvents } from '../../src/testing/mock/device-link.js';
import type { DeviceApplication, DeviceEnd, DeviceSettings } from './device-end.js';
import { assert } from './ledger.js';
import { kindOf } from './line.js';

/** `link.c`, in whatever form. */
export interface Link extends Omit<DeviceLink, 'restart' | 'maxSendBytes' | 'take'> {
  /** Removes the next frame for the serial line, perhaps with a delimiter before it. Valid until the next call. */
  takeFrame(): Uint8Array;
}

/** A device whose end of the connection is `link.c`. */
export class LinkEnd implements DeviceEnd {
  readonly #link: Link;
  readonly #receiveWindow: number;
  /** For `link.c`, until it has room. */
  readonly #packets: [packet: Uint8Array, listener: DeliveryListener][] = [];
  /** Of the packets that `link.c` has, in order. */
  #listeners: DeliveryListener[] = [];
  #accepted = 0;
  #taken = 0;
  #dataFramesWritten = 0;
  framesWritten = 0;
  /** Not counted by `link.c`. */
  readonly framesReceived = undefined;

  constructor(
    settings: DeviceSettings,
    application: DeviceApplication,
    newLink: (settings: DeviceSettings, events: DeviceLinkEvents) => Link,
  ) {
    this.#receiveWindow = settings.receiveWindow;
    let sessions = 0;
    const take = (packet: Uint8Array) => {
      const isFree = application.isFree();
      if (isFree) {
        this.#taken++;
        application.taken(packet);
      }
      return isFree;
    };
    this.#link = newLink(settings, {
      packetArrived: take,
      datagramArrived: take,
      sessionBegan: (lost) => {
        this.#settle(lost);
        for (const listener of this.#listeners.splice(0)) {
          listener.failed({ code: 'PEER_RESET', delivered: 'unknown' });
        }
        if (sessions++ > 0) {
          application.sessionReplaced();
        }
      },
    });
  }

  get hasRoom(): boolean {
    return this.#link.isInSession && this.#packets.length < 2;
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    this.#link.push(bytes, nowMs);
    this.#settle(this.#link.waiting);
  }

  poll(nowMs: number): void {
    this.#link.poll(nowMs);
    this.#settle(this.#link.waiting);
    this.#pass();
  }

  dueAtMs(nowMs: number): number {
    const inMs = this.#link.timeoutInMs(nowMs);
    // Its clock counts whole milliseconds.
    return inMs === undefined ? Number.POSITIVE_INFINITY : Math.floor(nowMs) + Math.max(1, inMs);
  }

  send(packet: Uint8Array, listener: DeliveryListener): void {
    this.#packets.push([packet, listener]);
    this.#pass();
  }

  sendDatagram(packet: Uint8Array): void {
    this.#link.sendDatagram(packet);
  }

  write(target: Uint8Array, offset: number): number {
    const bytes = this.#link.takeFrame();
    // A delimiter may precede it.
    const frame = bytes.subarray(bytes[0] === 0 ? 1 : 0);
    if (frame.length > 0) {
      this.framesWritten++;
      this.#dataFramesWritten += kindOf(frame) === FRAME_KINDS.data ? 1 : 0;
    }
    target.set(bytes, offset);
    return offset + bytes.length;
  }

  checkCounts(): void {}

  checkCalmCounts(arrived: number): void {
    const { resent, duplicates, damaged, dropped } = this.#link.counts;
    const describe = () => JSON.stringify({ ...this.#link.counts, arrived, taken: this.#taken });
    const waiting = arrived - this.#taken - duplicates - dropped;
    assert(waiting >= 0 && waiting <= this.#receiveWindow, () => `the counts of received packets: ${describe()}`);
    assert(damaged === 0, () => `damaged, but nothing was: ${describe()}`);
    assert(
      this.#dataFramesWritten === this.#accepted + resent,
      () => `${this.#dataFramesWritten} DATA frames for ${this.#accepted} packets: ${describe()}`,
    );
  }

  /** Gives packets to `link.c` while it has room. */
  #pass(): void {
    for (let next = this.#packets[0]; next !== undefined && this.#link.send(next[0]); next = this.#packets[0]) {
      this.#packets.shift();
      this.#listeners.push(next[1]);
      this.#accepted++;
    }
  }

  /** All but the last `waiting` packets were acknowledged. */
  #settle(waiting: number): void {
    for (const listener of this.#listeners.splice(0, this.#listeners.length - waiting)) {
      listener.delivered();
    }
  }
}
