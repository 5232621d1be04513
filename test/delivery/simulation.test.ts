import { describe, expect, onTestFinished, test } from 'vitest';
import { runSeed } from '../support/random.js';
import { has } from '../support/tools.js';
import type { NewDevice } from './device-end.js';
import { NativeDevices, withNativeSizes } from './native-end.js';
import { bridgeScenarioOf, type Scenario, scenarioOf } from './scenario.js';
import { Simulation } from './simulation.js';
import { newWasmDevice, withWasmWindows } from './wasm-end.js';

/** How many packets to simulate with each device, and in what takes longer. The long form is `npm run simulate`. */
const PACKETS = Number(process.env.DELIVERY_PACKETS ?? 20_000);
const FEWER_PACKETS = PACKETS / 5;
const TIMEOUT_MS = 3_600_000;

interface Totals {
  cases: number;
  packets: number;
  delivered: number;
  failedNo: number;
  failedUnknown: number;
  aborted: number;
  datagrams: number;
}

/** Simulates scenarios until they have had enough packets. */
function simulate(packets: number, scenarioOfSeed: (seed: number) => Scenario, newDevice?: NewDevice): Totals {
  const firstSeed = runSeed();
  const totals = { cases: 0, packets: 0, delivered: 0, failedNo: 0, failedUnknown: 0, aborted: 0, datagrams: 0 };
  while (totals.packets < packets) {
    const seed = (firstSeed + totals.cases) | 0;
    const scenario = scenarioOfSeed(seed);
    const simulation = new Simulation(scenario, newDevice);
    try {
      simulation.run();
    } catch (error) {
      throw new Error(`repeat it with TEST_SEED=${seed}\n${error}\n${JSON.stringify(scenario)}`, { cause: error });
    }
    totals.cases++;
    for (const ledger of [simulation.fromHost, simulation.fromDevice]) {
      totals.packets += ledger.totals.sent;
      totals.delivered += ledger.totals.delivered;
      totals.failedNo += ledger.totals.failedNo;
      totals.failedUnknown += ledger.totals.failedUnknown;
      totals.aborted += ledger.totals.aborted;
      totals.datagrams += ledger.totals.datagramsTaken;
    }
  }
  console.log(`from TEST_SEED=${firstSeed}: ${JSON.stringify(totals)}`);
  // The rest failed for a reason, or its sender was restarted.
  expect(totals.delivered).toBeGreaterThan(packets / 4);
  return totals;
}

test('every packet is delivered exactly once and in order, or its failure is justified', {
  timeout: TIMEOUT_MS,
}, () => {
  simulate(PACKETS, scenarioOf);
});

test('the same, with link.c as the device', { timeout: TIMEOUT_MS }, () => {
  simulate(PACKETS, (seed) => withWasmWindows(scenarioOf(seed)), newWasmDevice);
});

test.skipIf(!has('cc') || !has('mkfifo'))(
  'the same, with link.c compiled for this machine (needs cc and mkfifo)',
  { timeout: TIMEOUT_MS },
  () => {
    const native = new NativeDevices();
    onTestFinished(() => native.close());
    // Each call waits for another process.
    simulate(FEWER_PACKETS, (seed) => withNativeSizes(scenarioOf(seed)), native.newDevice);
  },
);

describe('over a network bridge, which repeats old frames', () => {
  test('the same, if the start counter of the device never repeats', { timeout: TIMEOUT_MS }, () => {
    simulate(FEWER_PACKETS, bridgeScenarioOf);
    simulate(
      FEWER_PACKETS,
      (seed) => ({ ...bridgeScenarioOf(seed), deviceReceiveWindow: 4, deviceSendWindow: 4 }),
      newWasmDevice,
    );
  });
});
