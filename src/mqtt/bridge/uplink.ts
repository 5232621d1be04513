import { Queue } from '../../requests/queue.js';
import type { BrokerConnection } from '../broker-connection.js';
import type { BrokerFailure } from '../broker-failure.js';
import type { Instance } from '../messages.js';
import type { BridgeStats } from './bridge-stats.js';
import { PacketMessages } from './packet-messages.js';

/** Packets with QoS 1 of one connection that wait for the broker, in bytes. */
const MAX_UNACKNOWLEDGED_BYTES = 262_144;

/** Topic and properties are not longer than this. */
const HEADER_BYTES = 1_024;

/** What a short packet costs at least. */
const PACKET_BYTES = 128;

/** What the uplinks of all connections share. */
export interface UplinkOwner {
  readonly instance: Instance;
  readonly qos: 0 | 1;
  /** Bytes that wait for the broker, of all connections together, before a device is held up. */
  readonly publishQueueBytes: number;
  /** The connection to the broker while the name is held, otherwise undefined. */
  readonly online: BrokerConnection | undefined;
}

/** A packet with QoS 1 that the broker does not have yet. */
interface Unacknowledged {
  readonly packet: Uint8Array;
  readonly number: number;
  isAcknowledged: boolean;
}

/** The packets from one device, on their way to the broker. */
export class Uplink {
  readonly #topic: string;
  readonly #stats: BridgeStats;
  readonly #owner: UplinkOwner;
  readonly #messages: PacketMessages;
  /** Whether the broker has not taken what was sent before within the patience: QoS 0. */
  #isStuck = false;
  readonly #unacknowledged = new Queue<Unacknowledged>();
  #unacknowledgedBytes = 0;
  #room: Promise<void> | undefined;
  #onRoom: (() => void) | undefined;
  #isStopped = false;

  constructor(topic: string, stats: BridgeStats, owner: UplinkOwner) {
    this.#topic = topic;
    this.#stats = stats;
    this.#owner = owner;
    this.#messages = new PacketMessages(topic, owner.instance);
  }

  /** Takes a packet from the device. Returns a promise, which never rejects, if the next one has to wait. */
  readonly take = (packet: Uint8Array): Promise<void> | undefined => {
    this.#stats.packetsReceived++;
    const number = this.#messages.next();
    if (this.#owner.qos === 1) {
      return this.#keep(packet, number);
    }
    const { online, publishQueueBytes } = this.#owner;
    if (online !== undefined && online.bufferedBytes <= publishQueueBytes) {
      this.#publish(online, packet, number);
      return undefined;
    }
    if (online === undefined || this.#isStuck) {
      this.#stats.packetsNotPublished++;
      return undefined;
    }
    return this.#waitForBroker(online, packet, number);
  };

  /** The name is held from now on: publishes what waits. */
  resume(): void {
    const waiting: Unacknowledged[] = [];
    for (let next = this.#unacknowledged.shift(); next !== undefined; next = this.#unacknowledged.shift()) {
      waiting.push(next);
    }
    for (const entry of waiting) {
      this.#unacknowledged.add(entry);
      if (!entry.isAcknowledged) {
        this.#publishAcknowledged(entry);
      }
    }
  }

  /** The bridge has stopped: drops what waits. */
  stop(): void {
    this.#isStopped = true;
    this.#stats.packetsNotPublished += this.#stats.packetsWaiting;
    this.#stats.packetsWaiting = 0;
    this.#unacknowledged.clear();
    this.#unacknowledgedBytes = 0;
    this.#makeRoom();
  }

  #publish(broker: BrokerConnection, packet: Uint8Array, number: number): void {
    if (packet.length + HEADER_BYTES > broker.maxPacketBytes) {
      this.#stats.packetsNotPublished++;
      return;
    }
    broker.write(this.#messages.encode(packet, number));
    this.#stats.packetsPublished++;
  }

  /** Holds up the device. If the broker accepts nothing, its packets are dropped until it has caught up. */
  async #waitForBroker(broker: BrokerConnection, packet: Uint8Array, number: number): Promise<void> {
    this.#stats.packetsWaiting++;
    const isDrained = await broker.draining.drainsInTime();
    if (this.#isStopped) {
      return;
    }
    this.#stats.packetsWaiting--;
    if (isDrained && this.#owner.online === broker) {
      this.#publish(broker, packet, number);
      return;
    }
    this.#stats.packetsNotPublished++;
    if (!isDrained) {
      this.#isStuck = true;
      void broker.draining.untilDrained().then(() => {
        this.#isStuck = false;
      });
    }
  }

  #keep(packet: Uint8Array, number: number): Promise<void> | undefined {
    if (this.#isStopped) {
      this.#stats.packetsNotPublished++;
      return undefined;
    }
    const entry: Unacknowledged = { packet, number, isAcknowledged: false };
    this.#stats.packetsWaiting++;
    this.#unacknowledged.add(entry);
    this.#unacknowledgedBytes += costOf(packet);
    if (this.#owner.online !== undefined) {
      this.#publishAcknowledged(entry);
    }
    if (this.#unacknowledgedBytes <= MAX_UNACKNOWLEDGED_BYTES) {
      return undefined;
    }
    this.#room ??= new Promise((resolve) => {
      this.#onRoom = resolve;
    });
    return this.#room;
  }

  #publishAcknowledged(entry: Unacknowledged): void {
    const broker = this.#owner.online!;
    const { packet, number } = entry;
    if (packet.length + HEADER_BYTES > broker.maxPacketBytes) {
      this.#settle(entry, 'packetsNotPublished');
      return;
    }
    const settled = (failure?: BrokerFailure) => {
      // What was lost with the connection is published again by `resume`.
      if (failure?.code !== 'BROKER_OFFLINE') {
        this.#settle(entry, failure === undefined ? 'packetsPublished' : 'packetsNotPublished');
      }
    };
    broker.publishAcknowledged(this.#topic, packet, this.#messages.propertiesOf(number), settled);
  }

  #settle(entry: Unacknowledged, outcome: 'packetsPublished' | 'packetsNotPublished'): void {
    if (this.#isStopped || entry.isAcknowledged) {
      return;
    }
    entry.isAcknowledged = true;
    this.#stats.packetsWaiting--;
    this.#stats[outcome]++;
    while (this.#unacknowledged.first?.isAcknowledged) {
      this.#unacknowledgedBytes -= costOf(this.#unacknowledged.shift()!.packet);
    }
    // For many at a time: with each one alone, every packet would be a call of the operating system.
    if (2 * this.#unacknowledgedBytes <= MAX_UNACKNOWLEDGED_BYTES) {
      this.#makeRoom();
    }
  }

  #makeRoom(): void {
    this.#onRoom?.();
    this.#room = undefined;
    this.#onRoom = undefined;
  }
}

function costOf(packet: Uint8Array): number {
  return PACKET_BYTES + packet.length;
}
