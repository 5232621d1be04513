import type { DeliveryListener } from '../../src/delivery/outgoing-packet.js';
import { Answerer } from './answerer.js';
import { checkStats, framesReceived, framesSent } from './counts.js';
import type { DeviceApplication, DeviceEnd, DeviceSettings } from './device-end.js';

/** How long nothing may arrive before it polls. */
const POLL_MS = 1_000;

/** A mistake that the simulation must find. */
export type AnswererMistake =
  /** It acknowledges packets that the application has not taken. */
  | 'acknowledges early'
  /** It confirms a session when OPEN arrives. */
  | 'confirms at once'
  /** It repeats its start counter. */
  | 'repeats its counter';

/** A device whose end of the connection is the {@link Answerer}. */
export class AnswererEnd implements DeviceEnd {
  readonly #application: DeviceApplication;
  readonly #answerer: Answerer;
  readonly #acknowledgesEarly: boolean;
  /** Acknowledged early. */
  readonly #kept: Uint8Array[] = [];

  constructor(settings: DeviceSettings, application: DeviceApplication, mistake?: AnswererMistake) {
    const { receiveWindow, sendWindow, maxPacketBytes, baudRate } = settings;
    const startCounter = mistake === 'repeats its counter' ? Math.sign(settings.startCounter) : settings.startCounter;
    this.#application = application;
    this.#acknowledgesEarly = mistake === 'acknowledges early';
    this.#answerer = new Answerer(
      {
        receiveWindow,
        sendWindow,
        receiveMaxPacketBytes: maxPacketBytes,
        sendMaxPacketBytes: maxPacketBytes,
        baudRate,
        pollMs: POLL_MS,
        startCounter: startCounter * 65_536,
        confirmsAtOnce: mistake === 'confirms at once',
      },
      () => application.sessionReplaced(),
    );
  }

  get hasRoom(): boolean {
    // A device has little memory: it sends only in a session.
    return this.#answerer.session !== undefined && this.#answerer.queues.packets.size < 2;
  }

  get framesWritten(): number {
    return framesSent(this.#answerer.stats);
  }

  get framesReceived(): number {
    return framesReceived(this.#answerer.stats);
  }

  receive(bytes: Uint8Array, nowMs: number): void {
    this.#answerer.receive(bytes, nowMs);
  }

  poll(nowMs: number): void {
    const answerer = this.#answerer;
    answerer.advance(nowMs);
    if (this.#acknowledgesEarly) {
      for (let packet = answerer.take(); packet !== undefined; packet = answerer.take()) {
        this.#kept.push(packet);
      }
    }
    while (this.#application.isFree()) {
      const packet = this.#kept.shift() ?? answerer.take();
      if (packet === undefined) {
        break;
      }
      this.#application.taken(packet);
    }
  }

  dueAtMs(): number {
    return this.#answerer.dueAtMs;
  }

  send(packet: Uint8Array, listener: DeliveryListener): void {
    this.#answerer.send(packet, listener);
  }

  sendDatagram(packet: Uint8Array): void {
    this.#answerer.sendDatagram(packet, { delivered() {}, failed() {} });
  }

  write(target: Uint8Array, offset: number, nowMs: number): number {
    return this.#answerer.write(target, offset, nowMs);
  }

  checkCounts(): void {
    const { stats, session, queues } = this.#answerer;
    checkStats(stats, session, queues.packets.size + queues.datagrams.size);
  }

  checkCalmCounts(): void {}
}
