import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { NewDevice } from './device-end.js';
import { CALM_SCENARIO, type Scenario } from './scenario.js';
import { Simulation } from './simulation.js';
import { newWasmDevice } from './wasm-end.js';

/*
 * Goodput over a simulated line: payload bytes that the application takes, as a share of the bytes that the line can carry
 * in that time. 115,200 baud, packets of 64 bytes, a USB adapter in the direction to the host. `linkC` has link.c as the
 * device; the others have the answerer of the tests.
 */

const PACKETS = 4_000;

/** The rows of the table in docs/reliability.md: traffic, latency, loss, and both results in percent. */
function documented(): (string | number)[][] {
  const text = readFileSync(new URL('../../docs/reliability.md', import.meta.url), 'utf8');
  const rows = text.matchAll(/^\| (one way|both ways) \| (\d+) ms \| (\d+) % \| ([\d.]+) \| ([\d.]+) \|$/gm);
  return [...rows].map(([, traffic = '', ...numbers]) => [traffic, ...numbers.map(Number)]);
}

interface Traffic {
  window: number;
  latencyMs: number;
  loss: number;
  isTwoWay: boolean;
}

function simulate({ window, latencyMs, loss, isTwoWay }: Traffic, newDevice?: NewDevice): Simulation {
  const scenario: Scenario = {
    ...CALM_SCENARIO,
    latencyMs,
    hostWindow: window,
    deviceReceiveWindow: window,
    deviceSendWindow: window,
    minPacketBytes: 64,
    hostPackets: PACKETS,
    devicePackets: isTwoWay ? PACKETS : 0,
    faults: { ...CALM_SCENARIO.faults, loss },
  };
  const simulation = new Simulation(scenario, newDevice);
  simulation.run();
  return simulation;
}

/** In percent of the line rate; with traffic in both directions, of the slower one. */
function goodput(traffic: Traffic, newDevice?: NewDevice): number {
  const { fromHost, fromDevice } = simulate(traffic, newDevice);
  const ledgers = traffic.isTwoWay ? [fromHost, fromDevice] : [fromHost];
  return Math.min(
    ...ledgers.map(({ takenBytes, lastTakenAtMs }) => (takenBytes * 1_000_000) / 115_200 / lastTakenAtMs),
  );
}

test('goodput with a window of 4 packets', { timeout: 120_000 }, () => {
  const rows = [];
  for (const isTwoWay of [false, true]) {
    for (const latencyMs of [1, 16]) {
      for (const loss of [0, 0.01]) {
        const traffic = { latencyMs, loss, isTwoWay };
        rows.push({
          traffic: isTwoWay ? 'both ways' : 'one way',
          latencyMs,
          loss,
          windowOf4: Number(goodput({ ...traffic, window: 4 }).toFixed(1)),
          linkC: Number(goodput({ ...traffic, window: 4 }, newWasmDevice).toFixed(1)),
          stopAndWait: Number(goodput({ ...traffic, window: 1 }).toFixed(1)),
        });
      }
    }
  }
  console.table(rows);
  const close = (percent: number) => expect.closeTo(percent, 0);
  expect(documented()).toEqual(
    rows.map((row) => [row.traffic, row.latencyMs, 100 * row.loss, close(row.windowOf4), close(row.stopAndWait)]),
  );
  for (const device of ['windowOf4', 'linkC'] as const) {
    const [oneWay1, oneWay1Lossy, oneWay16, oneWay16Lossy, , bothWays1Lossy] = rows.map((row) => row[device]);
    expect(oneWay1).toBeGreaterThanOrEqual(85);
    expect(oneWay16).toBeGreaterThanOrEqual(85);
    expect(oneWay1Lossy).toBeGreaterThanOrEqual(84);
    expect(oneWay16Lossy).toBeGreaterThanOrEqual(84);
    expect(bothWays1Lossy).toBeGreaterThanOrEqual(78);
  }
  for (const { windowOf4, linkC, stopAndWait } of rows) {
    expect(Math.abs(linkC - windowOf4)).toBeLessThan(1);
    expect(windowOf4).toBeGreaterThan(1.2 * stopAndWait);
  }
});

describe('a single lost frame', () => {
  const ROUNDS = [1, 16];
  const DEVICES = [
    ['the answerer of the tests', undefined],
    ['link.c', newWasmDevice],
  ] as const;

  function run(
    scenario: Scenario,
    newDevice: NewDevice | undefined,
    sender: 'fromHost' | 'fromDevice',
    lost: number[],
  ) {
    const simulation = new Simulation(scenario, newDevice);
    const line = sender === 'fromHost' ? simulation.toDevice : simulation.toHost;
    line.framesToLose = lost;
    simulation.run();
    expect(line.counts.lost).toBe(lost.length);
    return { ledger: simulation[sender], roundTripMs: simulation.roundTripMs! };
  }

  test.for(DEVICES)(
    'delays its packet by less than 1.5 round trips when others follow, from the host to %s',
    ([, newDevice]) => {
      for (const latencyMs of ROUNDS) {
        const scenario = { ...CALM_SCENARIO, latencyMs, minPacketBytes: 64, devicePackets: 0, hostPackets: 100 };
        const calm = run(scenario, newDevice, 'fromHost', []);
        for (let packet = 20; packet < 40; packet++) {
          // The first frame is OPEN.
          const { ledger } = run(scenario, newDevice, 'fromHost', [packet + 2]);
          const delayMs = ledger.takenAtMs(packet) - calm.ledger.takenAtMs(packet);
          expect(delayMs).toBeGreaterThan(1);
          expect(delayMs).toBeLessThan(1.5 * calm.roundTripMs);
        }
      }
    },
  );

  test.for(DEVICES)('is sent again after a round trip and the frames that the line carries, by %s', ([, newDevice]) => {
    const frameMs = (73 * 10_000) / 115_200;
    for (const latencyMs of ROUNDS) {
      const scenario = { ...CALM_SCENARIO, latencyMs, minPacketBytes: 64, devicePackets: 100, hostPackets: 0 };
      const calm = run(scenario, newDevice, 'fromDevice', []).ledger;
      // One packet at a time.
      const single = run({ ...scenario, hostWindow: 1 }, newDevice, 'fromDevice', []).ledger;
      const roundTripMs = (single.takenAtMs(60) - single.takenAtMs(20)) / 40;
      for (let packet = 20; packet < 40; packet++) {
        // Before it, NO_SESSION and STATUS were sent, and an ACK that confirms the session.
        const { ledger } = run(scenario, newDevice, 'fromDevice', [packet + 3]);
        const delayMs = ledger.takenAtMs(packet) - calm.takenAtMs(packet);
        expect(delayMs).toBeGreaterThan(1);
        // The frame that shows the loss, and the one that is being sent when it is known.
        expect(delayMs).toBeLessThan(roundTripMs + 2 * frameMs);
      }
    }
  });
});
