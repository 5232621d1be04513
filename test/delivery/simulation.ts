import { Opener } from '../../src/delivery/opener.js';
import type { DeliveryFailure, OutgoingPacket } from '../../src/delivery/outgoing-packet.js';
import { randomNumbers } from '../support/random.js';
import { AnswererEnd } from './answerer-end.js';
import { checkCounts, sum } from './counts.js';
import type { NewDevice } from './device-end.js';
import { DeviceSide } from './device-side.js';
import { EventQueue, VirtualTimer } from './event-queue.js';
import { assert, BrokenPromise, Ledger } from './ledger.js';
import { Line } from './line.js';
import { OpenerReader } from './opener-reader.js';
import { CALM_FAULTS, type Scenario } from './scenario.js';

const POLL_MS = 1_000;
const BACKLOG = 40;
const MAX_MS = 86_400_000;
const MAX_STEPS = 5_000_000;
/** Longer than this after the faults have ended, nothing may be pending. */
const SETTLE_MS = 120_000;

/** Runs a scenario until all packets are settled, and checks what was promised. */
export class Simulation {
  readonly events = new EventQueue();
  readonly fromHost: Ledger;
  readonly fromDevice: Ledger;
  readonly toDevice: Line;
  readonly toHost: Line;
  readonly #scenario: Scenario;
  readonly #random: (below: number) => number;
  readonly #device: DeviceSide;
  #opener!: Opener;
  #reader!: OpenerReader;
  /** What was sent to the device before each session that it may not know yet. */
  #unconfirmed: number[] = [];
  /** Of every start. */
  readonly #openers: Opener[] = [];
  #isPlugged = true;
  #hasFaults = true;
  /** The start of the device with which the opener has its session. */
  #sessionStart = 0;
  #timedOutAtMs = -1;
  #hostIsBusy = false;
  readonly #hostTimer: VirtualTimer;
  readonly #buffer = new Uint8Array(20_000);

  /** @param newDevice - starts the device */
  constructor(
    scenario: Scenario,
    newDevice: NewDevice = (settings, application) => new AnswererEnd(settings, application),
  ) {
    this.#scenario = scenario;
    this.#random = randomNumbers(scenario.seed);
    const { baudRate, latencyMs, faults } = scenario;
    const { events } = this;
    const options = { baudRate, faults };
    this.toDevice = new Line(events, this.#random, { ...options, latencyMs: 1 }, (bytes) => {
      this.#device.receive(bytes);
    });
    this.toHost = new Line(events, this.#random, { ...options, latencyMs, isAdapter: true }, (bytes) => {
      if (this.#isPlugged) {
        this.#reader.receive(bytes, events.nowMs);
        this.#pumpHost();
      }
    });
    this.#hostTimer = new VirtualTimer(events, () => {
      this.#opener.advance(events.nowMs);
      this.#pumpHost();
    });
    this.fromHost = new Ledger('host', (failure, sentAtMs) => this.#judgeHost(failure, sentAtMs));
    this.fromDevice = new Ledger('device', (failure) => this.#judgeDevice(failure));
    this.#device = new DeviceSide(scenario, this.#random, events, newDevice, this.toHost, this, {
      started: () => {
        this.#unconfirmed = [];
        this.toDevice.sessionBegan(this.toDevice.sent);
      },
      // It may be a later one, too. Then some frames that nothing can accept arrive only while they are young.
      replaced: () => this.toDevice.sessionBegan(this.#unconfirmed.shift()!),
    });
    this.toDevice.packetsTaken = this.toHost.packetsTaken = () =>
      this.fromHost.totals.taken + this.fromDevice.totals.taken;
  }

  /** Throws a {@link BrokenPromise} if one is broken. */
  run(): void {
    const { hostPackets, devicePackets } = this.#scenario;
    this.#device.start();
    this.#startHost();
    this.#planFaults();
    const isSending = () => this.fromHost.totals.sent < hostPackets || this.fromDevice.totals.sent < devicePackets;
    this.#runWhile(isSending, MAX_MS);
    this.#hasFaults = false;
    this.toDevice.faults = CALM_FAULTS;
    this.toHost.faults = CALM_FAULTS;
    this.#runWhile(() => this.fromHost.pending + this.fromDevice.pending > 0, this.events.nowMs + SETTLE_MS);
    this.fromHost.finish();
    this.fromDevice.finish();
    checkCounts(this.#scenario, this.#openers, this.#device.devices, this.toDevice, this.toHost);
  }

  /** @param untilMs - when the condition must have become false */
  #runWhile(condition: () => boolean, untilMs: number): void {
    for (let steps = 0; condition(); steps++) {
      const hasStepped = steps < MAX_STEPS && this.events.nowMs < untilMs && this.events.step();
      assert(
        hasStepped,
        () =>
          `no progress at ${this.events.nowMs} ms: ${this.fromHost.pending} packets of the host and ` +
          `${this.fromDevice.pending} of the device are pending; the opener is ${this.#opener.state}`,
      );
    }
  }

  /** The smoothed round trip of the host's packets. */
  get roundTripMs(): number | undefined {
    return this.#opener.session?.outgoing.roundTrip.smoothedMs;
  }

  #startHost(): void {
    const { hostWindow, maxPacketBytes, baudRate, ackTimeoutMs } = this.#scenario;
    this.fromHost.senderStarted();
    const random = () => this.#random(4_294_967_296);
    this.#opener = new Opener(
      { maxPacketBytes, receiveWindow: hostWindow, ackTimeoutMs, keepAliveMs: 3 * POLL_MS, baudRate, random },
      {
        established: ({ h }) => {
          this.#sessionStart = this.#device.startOf(h);
          this.#unconfirmed.push(this.toDevice.sent);
          this.toHost.sessionBegan(this.toHost.sent);
        },
        ended: () => {},
        incompatible: (reason) => {
          throw new BrokenPromise(`incompatible: ${reason}`);
        },
        silent: () => {},
      },
    );
    this.#reader = new OpenerReader(this.#opener);
    this.#openers.push(this.#opener);
    this.#opener.portOpened(this.events.nowMs);
    this.#pumpHost();
  }

  #restartHost(): void {
    if (this.#isPlugged) {
      this.fromHost.senderEnded();
      this.toDevice.cut();
      this.#startHost();
    }
  }

  /** Sends, takes and writes what can be, and plans the next call. */
  #pumpHost(): void {
    const { events } = this;
    const opener = this.#opener;
    const { hostSlowMs, hostPackets, aborts, datagrams } = this.#scenario;
    while (!this.#hostIsBusy) {
      const packet = opener.take();
      if (packet === undefined) {
        break;
      }
      this.fromDevice.taken(packet, events.nowMs);
      if (hostSlowMs > 0) {
        this.#hostIsBusy = true;
        events.after((this.#random(1_001) / 1_000) * hostSlowMs, () => {
          this.#hostIsBusy = false;
          this.#pumpHost();
        });
      }
    }
    while (this.fromHost.pending < BACKLOG && this.fromHost.totals.sent < hostPackets) {
      const [payload, listener, entry] = this.fromHost.newPacket(this.#scenario, this.#random, events.nowMs);
      const packet = opener.send(payload, listener, events.nowMs);
      if (this.#happens(aborts)) {
        this.#planAbort(opener, packet, payload, entry);
      }
      if (this.#happens(datagrams)) {
        const [datagram, datagramListener] = this.fromHost.newPacket(this.#scenario, this.#random, events.nowMs, true);
        opener.sendDatagram(datagram, datagramListener, events.nowMs);
      }
    }
    if (this.#isPlugged) {
      const end = opener.write(this.#buffer, 0, events.nowMs);
      if (end > 0) {
        this.toDevice.send(this.#buffer.subarray(0, end));
      }
    }
    this.#hostTimer.plan(opener.dueAtMs);
  }

  #planAbort(
    opener: Opener,
    packet: OutgoingPacket,
    payload: Uint8Array,
    entry: Parameters<Ledger['aborted']>[0],
  ): void {
    this.events.after(this.#random(100), () => {
      if (entry.fate === 'pending') {
        opener.abort(packet);
        this.fromHost.aborted(entry);
        // The caller may use its memory again.
        payload.fill(0xee);
      }
    });
  }

  #planFaults(): void {
    const { unplugEveryMs, deadEveryMs, restartDeviceEveryMs, restartHostEveryMs } = this.#scenario;
    this.#repeat(unplugEveryMs, () => this.#unplug());
    this.#repeat(restartDeviceEveryMs, () => this.#device.restart());
    this.#repeat(restartHostEveryMs, () => this.#restartHost());
    this.#repeat(deadEveryMs, () => {
      const lines = [[this.toDevice], [this.toHost], [this.toDevice, this.toHost]][this.#random(3)]!;
      for (const line of lines) {
        line.isDead = true;
      }
      this.events.after(this.#random(3_000), () => {
        for (const line of lines) {
          line.isDead = false;
        }
      });
    });
  }

  #repeat(everyMs: number, action: () => void): void {
    if (everyMs > 0) {
      this.events.after(this.#random(2 * everyMs), () => {
        if (this.#hasFaults) {
          action();
          this.#repeat(everyMs, action);
        }
      });
    }
  }

  #unplug(): void {
    if (!this.#isPlugged) {
      return;
    }
    this.#isPlugged = false;
    this.toDevice.cut();
    this.toHost.cut();
    this.toDevice.isDead = true;
    this.toHost.isDead = true;
    this.#opener.portClosed(this.events.nowMs);
    if (this.#scenario.restartsWhenUnplugged) {
      this.#device.restart();
    }
    this.events.after(this.#random(2_000), () => {
      this.toDevice.isDead = false;
      this.toHost.isDead = false;
      this.#isPlugged = true;
      this.#reader.portOpened();
      this.#opener.portOpened(this.events.nowMs);
      this.#pumpHost();
    });
  }

  #happens(probability: number): boolean {
    return probability > 0 && this.#random(1_000_000) < probability * 1_000_000;
  }

  /** Whether a packet of the host may fail so. */
  #judgeHost({ code }: DeliveryFailure, sentAtMs: number): void {
    const { nowMs } = this.events;
    if (code === 'PEER_RESET') {
      // An old NO_SESSION that arrives again looks like a restart.
      const isPossible = this.#device.starts > this.#sessionStart || this.#scenario.faults.replays > 0;
      assert(isPossible, () => 'PEER_RESET, but the device has not restarted');
      return;
    }
    assert(code === 'ACK_TIMEOUT', () => `a packet failed with ${code}`);
    const { unplugEveryMs, deadEveryMs, restartDeviceEveryMs, aborts, ackTimeoutMs } = this.#scenario;
    const ageMs = nowMs - sentAtMs;
    // All packets fail together with the oldest, which may have been aborted.
    const isOld = ageMs >= ackTimeoutMs - 0.001 || this.#timedOutAtMs === nowMs || aborts > 0;
    assert(isOld, () => `ACK_TIMEOUT after ${ageMs} ms`);
    this.#timedOutAtMs = nowMs;
    assert(unplugEveryMs + deadEveryMs + restartDeviceEveryMs > 0, () => 'ACK_TIMEOUT, but the line was never cut');
  }

  /** A packet of the device fails only when the host has begun another session. */
  #judgeDevice({ code }: DeliveryFailure): void {
    const sessions = sum(this.#openers, ({ stats }) => stats.sessions);
    assert(code === 'PEER_RESET', () => `a packet of the device failed with ${code}`);
    assert(
      sessions > this.#device.resets + 1,
      () => 'a packet of the device failed, but the host has begun no other session',
    );
  }
}
