import { describe } from 'vitest';
import { describeAborting } from './contract/aborting.js';
import { describeChannels } from './contract/channels.js';
import { describeConnections } from './contract/connections.js';
import type { MakeHarness } from './contract/harness.js';
import { describeIterating } from './contract/iterating.js';
import { describeLifeCycle } from './contract/life-cycle.js';
import { describeReady } from './contract/ready.js';
import { describeReceiving } from './contract/receiving.js';
import { describeReleasing } from './contract/releasing.js';
import { describeOnRequest, describeRequestIds } from './contract/request-ids.js';
import { describeRequestTraps } from './contract/request-traps.js';
import { describeRequesting } from './contract/requesting.js';
import { describeSending } from './contract/sending.js';

/**
 * The tests that every implementation of `Communicator` must pass.
 *
 * @param name - the implementation, and what it runs over
 * @param makeHarness - makes a new communicator, with echoing devices
 * @param options - `canFail`: whether the harness has a `brokenConnection`; `canStall`: whether its devices can stop
 *   accepting bytes (default: true); `canRequest`: whether it has a `requestingDevice` (default: false); `skip`: do not
 *   run; the name says why
 */
export function describeCommunicatorContract(
  name: string,
  makeHarness: MakeHarness,
  options: { canFail: boolean; canStall?: boolean; canRequest?: boolean; skip?: boolean },
): void {
  describe.skipIf(options.skip ?? false)(`contract of Communicator: ${name}`, () => {
    describeLifeCycle(makeHarness, options.canFail);
    describeReady(makeHarness);
    describeReceiving(makeHarness);
    describeSending(makeHarness);
    describeRequesting(makeHarness);
    describeRequestIds(makeHarness);
    describeRequestTraps(makeHarness);
    describeConnections(makeHarness);
    describeIterating(makeHarness);
    if (options.canRequest ?? false) {
      describeOnRequest(makeHarness);
    }
    describeReleasing(makeHarness);
    describeChannels(makeHarness);
    if (options.canStall ?? true) {
      describeAborting(makeHarness);
    }
  });
}
