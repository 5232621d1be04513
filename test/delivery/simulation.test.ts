import { expect, test } from 'vitest';
import { runSeed } from '../support/random.js';
import { scenarioOf } from './scenario.js';
import { Simulation } from './simulation.js';

/** How many packets to simulate. The long form is `npm run simulate`. */
const PACKETS = Number(process.env.DELIVERY_PACKETS ?? 20_000);

test('every packet is delivered exactly once and in order, or its failure is justified', { timeout: 3_600_000 }, () => {
  const firstSeed = runSeed();
  const totals = { cases: 0, packets: 0, delivered: 0, failedNo: 0, failedUnknown: 0, aborted: 0, datagrams: 0 };
  while (totals.packets < PACKETS) {
    const seed = (firstSeed + totals.cases) | 0;
    const scenario = scenarioOf(seed);
    const simulation = new Simulation(scenario);
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
  expect(totals.delivered).toBeGreaterThan(PACKETS / 4);
});
