import { expect, test } from 'vitest';
import { FrameDecoder, type HeardFrame, SessionListener } from '../../src/index.js';
import { randomNumbers, runSeed } from '../support/random.js';
import type { Ledger } from './ledger.js';
import type { Line } from './line.js';
import { type Scenario, scenarioOf } from './scenario.js';
import { Simulation } from './simulation.js';

const CASES = 30;

/** Kind, start of the sender, and number. */
const HEADER_BYTES = 7;

/** A simulation with a listener, which joins after some frames. */
class Eavesdropper {
  readonly counts = { data: 0, repetitions: 0, datagrams: 0, acks: 0, handshakes: 0, unknown: 0 };
  /** The packets and datagrams that were heard as new, of each direction. */
  readonly heard = { toDevice: new Map<string, number>(), toHost: new Map<string, number>() };
  readonly taken = { toDevice: new Set<string>(), toHost: new Set<string>() };
  readonly #simulation: Simulation;
  readonly #listener = new SessionListener();
  readonly #duplicates: boolean;
  #framesToMiss: number;

  constructor(scenario: Scenario, framesToMiss: number) {
    this.#framesToMiss = framesToMiss;
    this.#duplicates = scenario.faults.duplication > 0;
    this.#simulation = new Simulation(scenario);
    const { toDevice, toHost, fromHost, fromDevice } = this.#simulation;
    this.#tap(toDevice, 'toDevice', scenario.maxPacketBytes);
    this.#tap(toHost, 'toHost', scenario.maxPacketBytes);
    this.#watch(fromHost, 'toDevice');
    this.#watch(fromDevice, 'toHost');
  }

  run(): void {
    this.#simulation.run();
    for (const direction of ['toDevice', 'toHost'] as const) {
      this.#check(this.#listener.flush(direction), direction);
    }
  }

  #tap(line: Line, direction: 'toDevice' | 'toHost', maxPacketBytes: number): void {
    const decoder = new FrameDecoder({ maxPacketBytes: Math.max(20, maxPacketBytes + 10) });
    line.tap = (bytes) => {
      decoder.push(bytes.slice());
      for (let packet = decoder.next(); packet !== undefined; packet = decoder.next()) {
        if (packet instanceof Uint8Array && --this.#framesToMiss < 0) {
          this.#check(this.#listener.receive(packet, direction), direction);
        }
      }
    };
  }

  /** Notes which packets reach the application. */
  #watch(ledger: Ledger, direction: 'toDevice' | 'toHost'): void {
    const taken = ledger.taken.bind(ledger);
    ledger.taken = (payload, nowMs) => {
      this.taken[direction].add(identity(payload));
      taken(payload, nowMs);
    };
  }

  #check(frames: readonly HeardFrame[], direction: 'toDevice' | 'toHost'): void {
    for (const frame of frames) {
      if (frame.type === 'data' || frame.type === 'datagram') {
        this.#checkPayload(frame, direction);
      } else if (frame.type === 'ack') {
        this.counts.acks++;
      } else if (frame.type === 'unknown') {
        this.counts.unknown++;
      } else {
        this.counts.handshakes++;
      }
    }
  }

  #checkPayload(frame: HeardFrame & { payload: Uint8Array }, direction: 'toDevice' | 'toHost'): void {
    const { type, payload, isNew, isExact } = frame as Extract<HeardFrame, { isNew: boolean }>;
    if (!isExact) {
      return;
    }
    this.counts[type === 'data' ? 'data' : 'datagrams']++;
    expect(payload[0]).toBe(type === 'data' ? 0 : 1);
    expect(isIntact(payload)).toBe(true);
    if (!isNew) {
      this.counts.repetitions++;
      return;
    }
    const packet = identity(payload);
    const times = (this.heard[direction].get(packet) ?? 0) + 1;
    this.heard[direction].set(packet, times);
    if (type === 'data' || !this.#duplicates) {
      expect(times, `${direction} ${packet}`).toBe(1);
    }
  }
}

test('what an application takes is heard exactly once, whatever the line does', { timeout: 600_000 }, () => {
  const firstSeed = runSeed();
  const totals: Record<string, number> = {};
  for (let seed = firstSeed; seed < firstSeed + CASES; seed++) {
    const scenario = scenarioOf(seed);
    // A host that restarts or opens its port again begins with an empty buffer, so it can read what is damaged for others.
    const isSteady = scenario.unplugEveryMs === 0 && scenario.restartHostEveryMs === 0;
    const joinsLate = seed % 3 === 0;
    const eavesdropper = new Eavesdropper(scenario, joinsLate ? randomNumbers(seed)(200) : 0);
    try {
      eavesdropper.run();
      const { heard, taken, counts } = eavesdropper;
      const missed = (['toDevice', 'toHost'] as const).flatMap((direction) =>
        [...taken[direction]].filter((packet) => !heard[direction].has(packet)),
      );
      if (isSteady && !joinsLate) {
        expect(missed).toEqual([]);
      }
      for (const [name, number] of Object.entries({ ...counts, missed: missed.length })) {
        totals[name] = (totals[name] ?? 0) + number;
      }
    } catch (error) {
      throw new Error(`repeat it with TEST_SEED=${seed}\n${error}\n${JSON.stringify(scenario)}`, { cause: error });
    }
  }
  console.log(`from TEST_SEED=${firstSeed}: ${JSON.stringify(totals)}`);
  expect(totals.repetitions).toBeGreaterThan(100);
  expect(totals.missed).toBeLessThan(totals.data! / 3);
});

function identity(payload: Uint8Array): string {
  return Buffer.from(payload.subarray(0, HEADER_BYTES)).toString('hex');
}

/** The rest of a payload follows from its first bytes. */
function isIntact(payload: Uint8Array): boolean {
  for (let index = HEADER_BYTES; index < payload.length; index++) {
    if (payload[index] !== ((payload[index - 1]! + payload[index - 3]! + index) & 0xff)) {
      return false;
    }
  }
  return true;
}
