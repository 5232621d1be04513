import type { DeviceEnd, NewDevice } from './device-end.js';
import { type EventQueue, VirtualTimer } from './event-queue.js';
import type { Ledger } from './ledger.js';
import type { Line } from './line.js';
import type { Scenario } from './scenario.js';
import { statusNumber } from './status-number.js';

/** What happens to the session of the device. */
interface SessionEvents {
  /** The device starts, without a session. */
  started(): void;
  /** The device knows another session, and not the last one any more. */
  replaced(): void;
}

/** The device of a simulation, through all its starts, and its application. */
export class DeviceSide {
  /** Of every start. */
  readonly devices: DeviceEnd[] = [];
  /** How often another session has replaced one of the same start. */
  resets = 0;
  readonly #scenario: Scenario;
  readonly #random: (below: number) => number;
  readonly #events: EventQueue;
  readonly #newDevice: NewDevice;
  readonly #toHost: Line;
  readonly #fromHost: Ledger;
  readonly #fromDevice: Ledger;
  readonly #sessionEvents: SessionEvents;
  readonly #timer: VirtualTimer;
  readonly #buffer = new Uint8Array(2_000);
  /** The start that sent the STATUS with this H. */
  readonly #startOf = new Map<number, number>();
  /** Undefined while it starts. */
  #device: DeviceEnd | undefined;
  #isBusy = false;

  constructor(
    scenario: Scenario,
    random: (below: number) => number,
    events: EventQueue,
    newDevice: NewDevice,
    toHost: Line,
    ledgers: { fromHost: Ledger; fromDevice: Ledger },
    sessionEvents: SessionEvents,
  ) {
    this.#sessionEvents = sessionEvents;
    this.#scenario = scenario;
    this.#random = random;
    this.#events = events;
    this.#newDevice = newDevice;
    this.#toHost = toHost;
    this.#fromHost = ledgers.fromHost;
    this.#fromDevice = ledgers.fromDevice;
    this.#timer = new VirtualTimer(events, () => this.#pump());
  }

  /** How often it has started. */
  get starts(): number {
    return this.devices.length;
  }

  /** Which start has answered the OPEN with this H, counted from 1. */
  startOf(h: number): number {
    return this.#startOf.get(h)!;
  }

  start(): void {
    const { deviceReceiveWindow, deviceSendWindow, maxPacketBytes, baudRate, hasStartCounter } = this.#scenario;
    this.#fromDevice.senderStarted();
    this.#sessionEvents.started();
    this.#device = this.#newDevice(
      {
        receiveWindow: deviceReceiveWindow,
        sendWindow: deviceSendWindow,
        maxPacketBytes,
        baudRate,
        startCounter: hasStartCounter ? this.starts + 1 : 0,
      },
      {
        isFree: () => !this.#isBusy,
        taken: (packet) => this.#taken(packet),
        sessionReplaced: () => {
          this.resets++;
          this.#sessionEvents.replaced();
        },
      },
    );
    this.devices.push(this.#device);
    this.#pump();
  }

  restart(): void {
    if (this.#device !== undefined) {
      this.#fromDevice.senderEnded();
      this.#device = undefined;
      this.#events.after(this.#random(500), () => this.start());
    }
  }

  receive(bytes: Uint8Array): void {
    this.#device?.receive(bytes, this.#events.nowMs);
    this.#pump();
  }

  #taken(packet: Uint8Array): void {
    const { deviceSlowMs } = this.#scenario;
    this.#fromHost.taken(packet, this.#events.nowMs);
    if (deviceSlowMs > 0) {
      this.#isBusy = true;
      this.#events.after((this.#random(1_001) / 1_000) * deviceSlowMs, () => {
        this.#isBusy = false;
        this.#pump();
      });
    }
  }

  /** Takes, sends and writes what can be, and plans the next call. */
  #pump(): void {
    const device = this.#device;
    if (device === undefined) {
      return;
    }
    const { nowMs } = this.#events;
    const { devicePackets, datagrams } = this.#scenario;
    device.poll(nowMs);
    while (device.hasRoom && this.#fromDevice.totals.sent < devicePackets) {
      const [packet, listener] = this.#fromDevice.newPacket(this.#scenario, this.#random, nowMs);
      device.send(packet, listener);
      if (datagrams > 0 && this.#random(1_000) < datagrams * 1_000) {
        device.sendDatagram(this.#fromDevice.newPacket(this.#scenario, this.#random, nowMs, true)[0]);
      }
    }
    if (this.#toHost.freeAtMs <= nowMs) {
      const bytes = this.#buffer.subarray(0, device.write(this.#buffer, 0, nowMs));
      if (bytes.length > 0) {
        const h = statusNumber(bytes);
        if (h !== undefined) {
          this.#startOf.set(h, this.starts);
        }
        this.#toHost.send(bytes);
        this.#events.at(this.#toHost.freeAtMs, () => this.#pump());
      }
    }
    this.#timer.plan(device.dueAtMs(nowMs));
  }
}
