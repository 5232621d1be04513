import type { DeliveryStats } from '../../src/delivery/delivery-stats.js';
import type { Opener } from '../../src/delivery/opener.js';
import type { Session } from '../../src/delivery/session.js';
import type { DeviceEnd } from './device-end.js';
import { assert } from './ledger.js';
import type { Line } from './line.js';
import type { Scenario } from './scenario.js';

/** How many frames an adapter may still hold: 62 bytes, and the shortest frame has 8. */
const HELD_FRAMES = 8;

/** Checks that the counts of all starts of both ends and of the lines add up. */
export function checkCounts(
  scenario: Scenario,
  openers: readonly Opener[],
  devices: readonly DeviceEnd[],
  toDevice: Line,
  toHost: Line,
): void {
  for (const { stats, session, waiting } of openers) {
    checkStats(stats, session, waiting);
  }
  for (const device of devices) {
    device.checkCounts();
  }
  const isCalm = isFreeOfRestarts(scenario) && scenario.faults.bitErrors + scenario.faults.replays === 0;
  const isCounted = devices.every(({ framesReceived }) => framesReceived !== undefined);
  const host = openers.map(({ stats }) => stats);
  checkLine(
    toDevice,
    sum(host, framesSent),
    isCalm && isCounted ? sum(devices, (device) => device.framesReceived!) : undefined,
  );
  checkLine(
    toHost,
    sum(devices, ({ framesWritten }) => framesWritten),
    isCalm ? sum(host, framesReceived) : undefined,
  );
  if (isCalm) {
    devices[0]!.checkCalmCounts(toDevice.counts.arrivedPackets);
  }
}

function isFreeOfRestarts({ unplugEveryMs, deadEveryMs, restartDeviceEveryMs, restartHostEveryMs }: Scenario): boolean {
  return unplugEveryMs + deadEveryMs + restartDeviceEveryMs + restartHostEveryMs === 0;
}

/** @param received - undefined if unknown */
function checkLine({ counts }: Line, sent: number, received: number | undefined): void {
  const { frames, lost, cut, duplicated, replayed, arrived, inTransit } = counts;
  assert(frames === sent, () => 'the line has not carried what was sent');
  assert(
    frames + duplicated + replayed === lost + cut + arrived + inTransit,
    () => `the counts of the line do not add up: ${JSON.stringify(counts)}`,
  );
  const isWithin = received === undefined || (received <= arrived && received >= arrived - HELD_FRAMES);
  assert(isWithin, () => `${arrived} frames have arrived, but ${received} were received`);
}

export function sum<Item>(items: readonly Item[], value: (item: Item) => number): number {
  return items.reduce((total, item) => total + value(item), 0);
}

export function framesSent(stats: DeliveryStats): number {
  return stats.dataFramesSent + stats.acksSent + stats.datagramsSent + stats.handshakesSent;
}

export function framesReceived(stats: DeliveryStats): number {
  const { dataFramesReceived, acksReceived, datagramsReceived, handshakesReceived, invalidFrames } = stats;
  return dataFramesReceived + acksReceived + datagramsReceived + handshakesReceived + invalidFrames;
}

/**
 * Checks the counts of one end.
 *
 * @param waiting - how many packets and datagrams wait to be sent
 */
export function checkStats(stats: DeliveryStats, session: Session | undefined, waiting: number): void {
  checkReceived(stats, session);
  checkAccepted(stats, session, waiting);
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
