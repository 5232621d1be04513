import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { CALM_SCENARIO, type Scenario } from './scenario.js';
import { Simulation } from './simulation.js';

/*
 * Goodput over a simulated line: payload bytes that the application takes, as a share of the bytes that the line can carry
 * in that time. 115,200 baud, packets of 64 bytes, a USB adapter in the direction to the host.
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

function simulate({ window, latencyMs, loss, isTwoWay }: Traffic): Simulation {
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
  const simulation = new Simulation(scenario);
  simulation.run();
  return simulation;
}

/** In percent of the line rate; with traffic in both directions, of the slower one. */
function goodput(traffic: Traffic): number {
  const { fromHost, fromDevice } = simulate(traffic);
  const ledgers = traffic.isTwoWay ? [fromHost, fromDevice] : [fromHost];
  return Math.min(
    ...ledgers.map(({ takenBytes, lastTakenAtMs }) => (takenBytes * 1_000_000) / 115_200 / lastTakenAtMs),
  );
}

test('goodput with a window of 4 packets', () => {
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
  const [oneWay1, oneWay1Lossy, oneWay16, oneWay16Lossy, , bothWays1Lossy] = rows.map(({ windowOf4 }) => windowOf4);
  expect(oneWay1).toBeGreaterThanOrEqual(85);
  expect(oneWay16).toBeGreaterThanOrEqual(85);
  expect(oneWay1Lossy).toBeGreaterThanOrEqual(84);
  expect(oneWay16Lossy).toBeGreaterThanOrEqual(84);
  expect(bothWays1Lossy).toBeGreaterThanOrEqual(78);
  for (const { windowOf4, stopAndWait } of rows) {
    expect(windowOf4).toBeGreaterThan(1.2 * stopAndWait);
  }
});

test('a single lost frame delays its packet by less than 1.5 round trips when others follow', () => {
  for (const latencyMs of [1, 16]) {
    const scenario = { ...CALM_SCENARIO, latencyMs, minPacketBytes: 64, devicePackets: 0, hostPackets: 100 };
    const run = (framesToLose: number[]) => {
      const simulation = new Simulation(scenario);
      simulation.toDevice.framesToLose = framesToLose;
      simulation.run();
      return simulation;
    };
    const calm = run([]);
    for (let packet = 20; packet < 40; packet++) {
      // The first frame is OPEN.
      const lossy = run([packet + 2]);
      const delayMs = lossy.fromHost.takenAtMs(packet) - calm.fromHost.takenAtMs(packet);
      expect(lossy.toDevice.counts.lost).toBe(1);
      expect(delayMs).toBeGreaterThan(1);
      expect(delayMs).toBeLessThan(1.5 * calm.roundTripMs!);
    }
  }
});
