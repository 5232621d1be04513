import { expect } from 'vitest';
import { ConnectionError, type SerialCommunicator, type SerialEvents } from '../../src/index.js';
import { randomNumbers } from './random.js';

/*
 * Traffic with `test/testing/fixtures/link-device.c` over a connection with acknowledged delivery and ids of one byte. It
 * keeps the books: what became of each packet, and what arrived.
 */

/** Of a packet with its id. */
const MAX_PACKET_BYTES = 64;

/** How many echoes the device can have accepted and not sent. They are lost if it restarts. */
const DEVICE_WINDOW = 4;

const ECHO = 'e'.charCodeAt(0);
const STREAM = 's'.charCodeAt(0);

type Fate = 'taken' | ConnectionError;

/** The packet of a number: its length and its contents follow from that. */
function packetOf(number: number): Uint8Array {
  const random = randomNumbers(number);
  const bytes = 3 + random(MAX_PACKET_BYTES - 3);
  return Uint8Array.from({ length: bytes }, (_, index) => [ECHO, number >> 8, number & 0xff][index] ?? random(3) * 127);
}

function streamPacketOf(number: number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes - 1 }, (_, index) => [STREAM, number >> 8][index] ?? number & 0xff);
}

/** A command of the device. */
export function command(first: string, ...rest: number[]): Uint8Array {
  return Uint8Array.of(first.charCodeAt(0), ...rest);
}

export class LinkTraffic {
  /** What became of each packet, by its number. Undefined while it is pending. */
  readonly fates: (Fate | undefined)[] = [];
  /** Numbers of the packets that came back. */
  readonly echoes: number[] = [];
  /** Numbers of the packets that the device streamed. */
  readonly streamed: number[] = [];
  /** Packets that do not belong to this traffic, and datagrams. */
  readonly others: Uint8Array[] = [];
  readonly resets: SerialEvents['peerReset'][] = [];
  readonly failures: SerialEvents['sessionFailed'][] = [];
  sessions = 0;
  readonly #serial: SerialCommunicator;
  readonly #name: string;
  #waiting: { isMet: () => boolean; resolve: () => void }[] = [];
  #streamBytes = MAX_PACKET_BYTES;

  /** The device replaces the receive handler. */
  constructor(serial: SerialCommunicator, name: string) {
    this.#serial = serial;
    this.#name = name;
    serial.setReceiveHandler((_, packet) => {
      this.#receive(packet);
      this.#changed();
    });
    serial.on('sessionStarted', () => {
      this.sessions++;
      this.#changed();
    });
    serial.on('peerReset', (event) => {
      this.resets.push(event);
      this.#changed();
    });
    serial.on('sessionFailed', (event) => this.failures.push(event));
  }

  /** Resolves when `isMet`. It is looked at after each arrival, settled packet and session. */
  until(isMet: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiting.push({ isMet, resolve });
      this.#changed();
    });
  }

  /** Sends the next packets, which the device echoes. Resolves when each is taken or has failed. */
  async send(count: number): Promise<void> {
    const first = this.fates.length;
    const sends = Array.from({ length: count }, (_, index) => {
      const number = first + index;
      this.fates.push(undefined);
      return this.#serial.send(this.#name, packetOf(number)).then(
        () => this.#settle(number, 'taken'),
        (error: ConnectionError) => this.#settle(number, error),
      );
    });
    await Promise.all(sends);
  }

  /** Has the device send packets of this size, id included. Resolves when all have arrived. */
  async stream(count: number, bytes: number): Promise<void> {
    this.#streamBytes = bytes;
    const before = this.streamed.length;
    await this.request(command('s', count >> 8, count & 0xff, bytes));
    await this.until(() => this.streamed.length >= before + count);
  }

  /** The numbers that it replies with, two bytes each: see `counts` in link-device.c. */
  async deviceCounts() {
    const reply = Buffer.from(await this.request(command('c')));
    const values = Array.from({ length: reply.length / 2 }, (_, index) => reply.readUInt16BE(2 * index));
    const [taken, sessions, damaged, duplicates, dropped, resent, lostBytes] = values;
    return { taken, sessions, damaged, duplicates, dropped, resent, lostBytes };
  }

  request(packet: Uint8Array): Promise<Uint8Array> {
    return this.#serial.request(this.#name, packet, { timeoutMs: 60_000 });
  }

  /** Checks that everything sent so far was taken, and came back, exactly once and in order. */
  async expectAll(): Promise<void> {
    expect(this.fates.filter((fate) => fate !== 'taken')).toEqual([]);
    await this.until(() => this.echoes.length >= this.fates.length);
    expect(this.echoes).toEqual(this.fates.map((_, number) => number));
    expect([this.resets, this.failures]).toEqual([[], []]);
    this.#expectCounted();
  }

  /** Checks what holds if the device restarted: nothing twice, all in order, and each rejection has its reason. */
  expectJustified(restarts: number): void {
    expect(this.resets).toHaveLength(restarts);
    expect(this.failures).toEqual([]);
    expect(this.resets.every(({ name, error }) => name === this.#name && error.code === 'PEER_RESET')).toBe(true);
    expect(this.echoes).toEqual([...new Set(this.echoes)].toSorted((a, b) => a - b));
    const arrived = new Set(this.echoes);
    let withoutEcho = 0;
    for (const [number, fate] of this.fates.entries()) {
      if (fate === 'taken') {
        withoutEcho += arrived.has(number) ? 0 : 1;
      } else {
        expect(fate).toBeInstanceOf(ConnectionError);
        expect(fate).toMatchObject({ code: 'PEER_RESET', delivered: expect.stringMatching(/^(no|unknown)$/) });
        expect(
          fate!.delivered === 'no' && arrived.has(number),
          `packet ${number} was "never sent", but came back`,
        ).toBe(false);
      }
    }
    expect(withoutEcho).toBeLessThanOrEqual(DEVICE_WINDOW * restarts);
    this.#expectCounted();
  }

  /** How many packets were rejected with PEER_RESET, by what is known of them. */
  rejected(delivered: 'no' | 'unknown'): number {
    return this.fates.filter((fate) => fate !== 'taken' && fate?.delivered === delivered).length;
  }

  #expectCounted(): void {
    const { delivery, ...stats } = this.#serial.stats(this.#name);
    const { packetsAccepted, packetsDelivered, packetsFailed, packetsAborted, datagramsSent } = delivery!;
    expect(packetsDelivered + packetsFailed + packetsAborted + datagramsSent).toBe(packetsAccepted);
    expect(delivery!.dataFramesReceived).toBe(delivery!.packetsTaken + delivery!.duplicates + delivery!.packetsDropped);
    expect(delivery!.peerResets).toBe(this.resets.length);
    expect(delivery!.sessions).toBe(this.sessions);
    expect(stats.packetsUndelivered).toBe(packetsFailed);
    expect(stats.packetsReceived).toBe(delivery!.packetsTaken + delivery!.datagramsTaken);
  }

  #settle(number: number, fate: Fate): void {
    expect(this.fates[number]).toBeUndefined();
    this.fates[number] = fate;
    this.#changed();
  }

  #receive(packet: Uint8Array): void {
    const number = packet.length < 3 ? -1 : Buffer.from(packet).readUInt16BE(1);
    if (packet[0] === ECHO && isSame(packet, packetOf(number))) {
      this.echoes.push(number);
    } else if (
      packet[0] === STREAM &&
      isSame(packet, streamPacketOf(packet.at(-1)! | (packet[1]! << 8), this.#streamBytes))
    ) {
      this.streamed.push(packet.at(-1)! | (packet[1]! << 8));
    } else {
      this.others.push(packet);
    }
  }

  #changed(): void {
    const met = this.#waiting.filter(({ isMet }) => isMet());
    this.#waiting = this.#waiting.filter((waiting) => !met.includes(waiting));
    for (const { resolve } of met) {
      resolve();
    }
  }
}

function isSame(one: Uint8Array, other: Uint8Array): boolean {
  return Buffer.compare(one, other) === 0;
}
