import type { DeliveryStats } from '../../src/delivery/delivery-stats.js';
import type { Opener } from '../../src/delivery/opener.js';
import type { Session } from '../../src/delivery/session.js';
import type { Answerer } from './answerer.js';
import { assert } from './ledger.js';
import type { Line } from './line.js';
import type { Scenario } from './scenario.js';

/** How many frames an adapter may still hold: 62 bytes, and the shortest frame has 8. */
const HELD_FRAMES = 8;

/** Checks that the counts of all starts of both ends and of the lines add up. */
export function checkCounts(
  scenario: Scenario,
  openers: readonly Opener[],
  answerers: readonly Answerer[],
  toDevice: Line,
  toHost: Line,
): void {
  const { faults, unplugEveryMs, deadEveryMs, restartDeviceEveryMs, restartHostEveryMs } = scenario;
  for (const { stats, session } of [...openers, ...answerers]) {
    checkReceived(stats, session);
  }
  for (const { stats, session, waiting } of openers) {
    checkAccepted(stats, session, waiting);
  }
  for (const { stats, session, queues } of answerers) {
    checkAccepted(stats, session, queues.packets.size + queues.datagrams.size);
  }
  const isClean = unplugEveryMs + deadEveryMs + restartDeviceEveryMs + restartHostEveryMs + faults.bitErrors === 0;
  const host = openers.map(({ stats }) => stats);
  const device = answerers.map(({ stats }) => stats);
  for (const { line, from, to } of [
    { line: toDevice, from: host, to: device },
    { line: toHost, from: device, to: host },
  ]) {
    const { frames, lost, cut, duplicated, arrived, inTransit } = line.counts;
    assert(frames === sum(from, framesSent), () => 'the line has not carried what was sent');
    assert(frames + duplicated === lost + cut + arrived + inTransit, () => 'the counts of the line do not add up');
    const received = sum(to, framesReceived);
    const isWithin = received <= arrived && received >= arrived - HELD_FRAMES;
    assert(!isClean || isWithin, () => `${arrived} frames have arrived, but ${received} were received`);
  }
}

export function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

function framesSent(stats: DeliveryStats): number {
  return stats.dataFramesSent + stats.acksSent + stats.datagramsSent + stats.handshakesSent;
}

function framesReceived(stats: DeliveryStats): number {
  const { dataFramesReceived, acksReceived, datagramsReceived, handshakesReceived, invalidFrames } = stats;
  return dataFramesReceived + acksReceived + datagramsReceived + handshakesReceived + invalidFrames;
}

function checkReceived(stats: DeliveryStats, session: Session | undefined): void {
  const waiting = session?.waiting ?? 0;
  const { dataFramesReceived, packetsTaken, packetsDropped, duplicates } = stats;
  const { datagramsReceived, datagramsTaken, datagramsDropped } = stats;
  assert(
    dataFramesReceived + datagramsReceived ===
      packetsTaken + packetsDropped + datagramsTaken + datagramsDropped + duplicates + waiting,
    () => `the counts of received packets do not add up: ${JSON.stringify(stats)}, ${waiting} waiting`,
  );
}

function checkAccepted(stats: DeliveryStats, session: Session | undefined, waiting: number): void {
  const pending = waiting + (session?.outgoing.count ?? 0);
  const { packetsAccepted, packetsDelivered, datagramsSent, packetsFailed, packetsAborted } = stats;
  assert(
    packetsAccepted === packetsDelivered + datagramsSent + packetsFailed + packetsAborted + pending,
    () => `the counts of sent packets do not add up: ${JSON.stringify(stats)}, ${pending} pending`,
  );
}
