import { expect, test } from 'vitest';
import { AnswererEnd, type AnswererMistake } from './answerer-end.js';
import type { NewDevice } from './device-end.js';
import { BrokenPromise } from './ledger.js';
import { bridgeScenarioOf, type Scenario, scenarioOf } from './scenario.js';
import { Simulation } from './simulation.js';
import { newWasmDevice } from './wasm-end.js';

/*
 * The simulation must find mistakes. Each of these has a device with one, and the same scenarios in which a right device
 * breaks no promise.
 */

const MAX_CASES = 200;

/** Any of these shows that a packet was taken twice, or in a session to which it does not belong. */
const TAKEN_WRONGLY = /was taken twice|was taken after|was taken, but/;

/** Whether the device breaks a promise, and which, in cases in which a right device breaks none. Stops at the expected one. */
function broken(
  expected: RegExp,
  scenarioOfCase: (seed: number) => Scenario,
  newDevice: NewDevice,
  right?: NewDevice,
): string {
  let found = 'nothing';
  for (let seed = 1; seed <= MAX_CASES && !expected.test(found); seed++) {
    const scenario = scenarioOfCase(seed);
    new Simulation(scenario, right).run();
    try {
      new Simulation(scenario, newDevice).run();
    } catch (error) {
      if (!(error instanceof BrokenPromise)) {
        throw error;
      }
      found = error.message;
    }
  }
  return found;
}

function withMistake(mistake: AnswererMistake): NewDevice {
  return (settings, application) => new AnswererEnd(settings, application, mistake);
}

test.for<[AnswererMistake, (seed: number) => Scenario, RegExp]>([
  ['acknowledges early', scenarioOf, /was reported as delivered, but taken 0 times/],
  ['confirms at once', scenarioOf, /failed, but the host has begun no other session/],
  ['repeats its counter', bridgeScenarioOf, TAKEN_WRONGLY],
])('finds a device that %s', { timeout: 120_000 }, ([mistake, scenarioOfCase, promise]) => {
  expect(broken(promise, scenarioOfCase, withMistake(mistake))).toMatch(promise);
});

function linkScenarioOf(seed: number): Scenario {
  return { ...bridgeScenarioOf(seed), deviceReceiveWindow: 4, deviceSendWindow: 4 };
}

test.for([
  ['repeats its start counter', 1],
  ['has no start counter', 0],
] as const)('finds a link.c that %s, over a network bridge', { timeout: 120_000 }, ([, startCounter]) => {
  const newDevice: NewDevice = (settings, application) => newWasmDevice({ ...settings, startCounter }, application);
  expect(broken(TAKEN_WRONGLY, linkScenarioOf, newDevice, newWasmDevice)).toMatch(TAKEN_WRONGLY);
});
