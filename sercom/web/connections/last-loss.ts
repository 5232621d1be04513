import type { ConnectionStatus } from '../../src/web/protocol.js';
import { clockTime, duration } from '../format/times.js';

/** When the port was away the last time, and for how long. Undefined if it never was. */
export function lastLoss({ lostAtUs, returnedAtUs }: ConnectionStatus): string | undefined {
  if (lostAtUs === undefined) {
    return undefined;
  }
  const time = clockTime(lostAtUs).replace(/\.\d*$/, '');
  return returnedAtUs === undefined
    ? `▲ away since ${time}`
    : `● back after ${duration(returnedAtUs - lostAtUs)}, lost at ${time}`;
}
