import type { DeliveryFailure, DeliveryListener } from '../../src/delivery/outgoing-packet.js';
import type { Scenario } from './scenario.js';

type Random = (below: number) => number;

/** What became of a packet, from its sender's point of view. */
type Fate = 'pending' | 'delivered' | 'failed no' | 'failed unknown' | 'aborted';

interface Entry {
  fate: Fate;
  timesTaken: number;
  takenAtMs: number;
  readonly sentAtMs: number;
}

const HEADER_BYTES = 7;

/** A promise that was broken. */
export class BrokenPromise extends Error {}

export function assert(condition: boolean, message: () => string): asserts condition {
  if (!condition) {
    throw new BrokenPromise(message());
  }
}

/** The packets of one direction: what was sent, what arrived, and whether that keeps the promises. */
export class Ledger {
  /** The packets and datagrams of each start of the sender, in the order in which they were sent. */
  readonly #packets: Entry[][] = [];
  readonly #datagrams: Entry[][] = [];
  /** Index of the last packet taken, of each start of the sender. */
  readonly #last: number[] = [];
  /** The latest start from which a packet was taken. */
  #lastStart = 0;
  readonly totals = { sent: 0, delivered: 0, failedNo: 0, failedUnknown: 0, aborted: 0, taken: 0, datagramsTaken: 0 };
  pending = 0;
  takenBytes = 0;
  lastTakenAtMs = 0;

  constructor(
    readonly name: string,
    /** Called for each failure: throws if it is not justified. */
    readonly judge: (failure: DeliveryFailure, sentAtMs: number) => void,
  ) {}

  /** The sender starts, for the first time or again. */
  senderStarted(): void {
    this.#packets.push([]);
    this.#datagrams.push([]);
    this.#last.push(-1);
  }

  /** A new packet, and what reports its fate. */
  newPacket(
    { minPacketBytes, maxPacketBytes }: Scenario,
    random: Random,
    nowMs: number,
    isDatagram = false,
  ): [Uint8Array, DeliveryListener, Entry] {
    const entries = (isDatagram ? this.#datagrams : this.#packets).at(-1)!;
    const start = this.#packets.length - 1;
    const payload = new Uint8Array(minPacketBytes + random(maxPacketBytes - minPacketBytes + 1));
    const view = new DataView(payload.buffer);
    payload[0] = isDatagram ? 1 : 0;
    view.setUint16(1, start);
    view.setUint32(3, entries.length);
    fill(payload);
    const entry: Entry = { fate: 'pending', timesTaken: 0, takenAtMs: 0, sentAtMs: nowMs };
    const describe = `${this.name} ${isDatagram ? 'datagram' : 'packet'} ${start}/${entries.length}`;
    entries.push(entry);
    if (isDatagram) {
      return [payload, { delivered() {}, failed() {} }, entry];
    }
    this.totals.sent++;
    this.pending++;
    const settle = (fate: Fate) => {
      assert(entry.fate === 'pending', () => `${describe} is ${fate} after it was ${entry.fate}`);
      entry.fate = fate;
      this.pending--;
    };
    const listener: DeliveryListener = {
      delivered: () => {
        settle('delivered');
        this.totals.delivered++;
        assert(
          entry.timesTaken === 1,
          () => `${describe} was reported as delivered, but taken ${entry.timesTaken} times`,
        );
      },
      failed: (failure) => {
        const isNo = failure.delivered === 'no';
        settle(isNo ? 'failed no' : 'failed unknown');
        this.totals[isNo ? 'failedNo' : 'failedUnknown']++;
        assert(!isNo || entry.timesTaken === 0, () => `${describe} was reported as not delivered, but it was taken`);
        this.judge(failure, entry.sentAtMs);
      },
    };
    return [payload, listener, entry];
  }

  aborted(entry: Entry): void {
    entry.fate = 'aborted';
    this.pending--;
    this.totals.aborted++;
  }

  /** The sender is gone: its pending packets have no fate any more. */
  senderEnded(): void {
    for (const entry of this.#packets.at(-1)!) {
      if (entry.fate === 'pending') {
        this.aborted(entry);
      }
    }
  }

  /** The application at the other end takes a packet. */
  taken(payload: Uint8Array, nowMs: number): void {
    const view = new DataView(payload.buffer, payload.byteOffset, payload.length);
    const isDatagram = payload[0] === 1;
    const start = view.getUint16(1);
    const index = view.getUint32(3);
    const describe = `${this.name} ${isDatagram ? 'datagram' : 'packet'} ${start}/${index}`;
    const entries = (isDatagram ? this.#datagrams : this.#packets)[start];
    const entry = entries?.[index];
    assert(entry !== undefined, () => `${describe} was taken, but never sent`);
    assert(isIntact(payload), () => `${describe} was taken, but is damaged`);
    entry.timesTaken++;
    assert(entry.timesTaken === 1, () => `${describe} was taken twice`);
    if (isDatagram) {
      this.totals.datagramsTaken++;
      return;
    }
    this.totals.taken++;
    this.takenBytes += payload.length;
    this.lastTakenAtMs = nowMs;
    entry.takenAtMs = nowMs;
    assert(entry.fate !== 'failed no', () => `${describe} was taken, but reported as not delivered`);
    assert(start >= this.#lastStart, () => `${describe} was taken after packets of a later start`);
    this.#lastStart = start;
    const last = this.#last[start]!;
    assert(index > last, () => `${describe} was taken after ${last}`);
    for (let skipped = last + 1; skipped < index; skipped++) {
      const { fate } = entries![skipped]!;
      assert(fate !== 'pending' && fate !== 'delivered', () => `${describe} was taken, but ${skipped} is ${fate}`);
    }
    this.#last[start] = index;
  }

  /** When a packet of the first start of the sender was taken. */
  takenAtMs(index: number): number {
    return this.#packets[0]![index]!.takenAtMs;
  }

  /** Nothing is left to be done. */
  finish(): void {
    assert(this.pending === 0, () => `${this.name}: ${this.pending} packets were never settled`);
    const { sent, delivered, failedNo, failedUnknown, aborted } = this.totals;
    assert(
      sent === delivered + failedNo + failedUnknown + aborted,
      () => `${this.name}: the fates do not add up: ${JSON.stringify(this.totals)}`,
    );
  }
}

function fill(payload: Uint8Array): void {
  for (let index = HEADER_BYTES; index < payload.length; index++) {
    payload[index] = (payload[index - 1]! + payload[index - 3]! + index) & 0xff;
  }
}

function isIntact(payload: Uint8Array): boolean {
  const expected = payload.slice();
  fill(expected);
  return Buffer.compare(expected, payload) === 0;
}
