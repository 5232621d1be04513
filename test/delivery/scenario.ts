import { randomNumbers } from '../support/random.js';
import type { LineFaults } from './line.js';

/** A line, two ends and their applications. */
export interface Scenario {
  seed: number;
  baudRate: number;
  /** Of the adapter, in milliseconds. */
  latencyMs: number;
  hostWindow: number;
  deviceReceiveWindow: number;
  deviceSendWindow: number;
  minPacketBytes: number;
  maxPacketBytes: number;
  /** Packets of the host and of the device: until so many were sent, the application sends. */
  hostPackets: number;
  devicePackets: number;
  faults: LineFaults;
  /** The port is closed and opened again at random, on average after this time. 0: never. */
  unplugEveryMs: number;
  /** The line is dead for a while, and the port stays open. */
  deadEveryMs: number;
  restartDeviceEveryMs: number;
  restartHostEveryMs: number;
  /** Whether the device restarts when it is unplugged. */
  restartsWhenUnplugged: boolean;
  /** How long an application needs for a packet, at most. */
  hostSlowMs: number;
  deviceSlowMs: number;
  /** Probability that a packet of the host is aborted, and that a datagram is sent with a packet. */
  aborts: number;
  datagrams: number;
  ackTimeoutMs: number;
  hasStartCounter: boolean;
}

export const CALM_FAULTS: LineFaults = { loss: 0, bitErrors: 0, duplication: 0, maxDelayMs: 0, replays: 0 };

/** Nothing goes wrong. */
export const CALM_SCENARIO: Scenario = {
  seed: 1,
  baudRate: 115_200,
  latencyMs: 1,
  hostWindow: 32,
  deviceReceiveWindow: 4,
  deviceSendWindow: 4,
  minPacketBytes: 7,
  maxPacketBytes: 64,
  hostPackets: 200,
  devicePackets: 200,
  faults: { ...CALM_FAULTS },
  unplugEveryMs: 0,
  deadEveryMs: 0,
  restartDeviceEveryMs: 0,
  restartHostEveryMs: 0,
  restartsWhenUnplugged: false,
  hostSlowMs: 0,
  deviceSlowMs: 0,
  aborts: 0,
  datagrams: 0,
  ackTimeoutMs: 60_000,
  hasStartCounter: false,
};

/** A point of the grid, chosen by the seed. */
export function scenarioOf(seed: number): Scenario {
  const random = randomNumbers(seed ^ 0x5ca1ab1e);
  const pick = <Value>(...values: Value[]): Value => values[random(values.length)]!;
  const unplugEveryMs = pick(0, 0, 1_000, 5_000);
  const deadEveryMs = pick(0, 0, 2_000, 10_000);
  const restarts = pick('none', 'none', 'device', 'host', 'both');
  return {
    seed,
    baudRate: pick(9_600, 115_200, 115_200, 1_000_000),
    latencyMs: pick(1, 16),
    hostWindow: pick(1, 4, 32),
    deviceReceiveWindow: pick(1, 2, 4, 9, 32),
    deviceSendWindow: pick(1, 2, 4, 9, 32),
    minPacketBytes: 7,
    maxPacketBytes: pick(8, 64, 64, 300),
    hostPackets: pick(0, 300, 300),
    devicePackets: pick(0, 300, 300),
    faults: {
      loss: pick(0, 0.01, 0.05, 0.1, 0.2, 0.3),
      bitErrors: pick(0, 0, 0.0001, 0.001),
      duplication: pick(0, 0, 0.05, 0.3),
      maxDelayMs: pick(0, 0, 5, 50),
      replays: 0,
    },
    unplugEveryMs,
    deadEveryMs,
    restartDeviceEveryMs: restarts === 'device' || restarts === 'both' ? pick(500, 5_000) : 0,
    restartHostEveryMs: restarts === 'host' || restarts === 'both' ? pick(500, 5_000) : 0,
    restartsWhenUnplugged: restarts !== 'none' && random(3) === 0,
    hostSlowMs: pick(0, 0, 10, 100),
    deviceSlowMs: pick(0, 0, 10, 100),
    aborts: pick(0, 0, 0.1),
    datagrams: pick(0, 0, 0.3),
    // If the line is never cut, no packet may fail.
    ackTimeoutMs: unplugEveryMs + deadEveryMs > 0 ? pick(500, 5_000, 120_000) : 600_000,
    hasStartCounter: random(4) === 0,
  };
}

/** A point of the grid with a network bridge, which repeats old frames. */
export function bridgeScenarioOf(seed: number): Scenario {
  const scenario = scenarioOf(seed);
  const random = randomNumbers(seed ^ 0x0b51d6e5);
  return {
    ...scenario,
    faults: { ...scenario.faults, replays: [0.02, 0.1, 0.5][random(3)]! },
    restartDeviceEveryMs: [500, 2_000, 5_000][random(3)]!,
    deviceReceiveWindow: Math.min(scenario.deviceReceiveWindow, 9),
    deviceSendWindow: Math.min(scenario.deviceSendWindow, 9),
    hasStartCounter: true,
    // An old OPEN after that of the host may leave it in a session that the device never confirms: only this ends it.
    ackTimeoutMs: Math.min(scenario.ackTimeoutMs, 20_000),
    // One that arrives again after a later one is taken twice.
    datagrams: 0,
  };
}
