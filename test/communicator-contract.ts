import { describe } from 'vitest';
import type { MakeHarness } from './contract/harness.js';
import { describeLifeCycle } from './contract/life-cycle.js';
import { describeReceiving } from './contract/receiving.js';
import { describeSending } from './contract/sending.js';

/**
 * What every implementation of `Communicator` must keep.
 *
 * @param name - the implementation, and what it runs over
 * @param makeHarness - makes a new communicator, with devices that echo
 * @param options - `canFail`: whether the harness has a `brokenConnection`; `skip`: do not run, `name` says why
 */
export function describeCommunicatorContract(
  name: string,
  makeHarness: MakeHarness,
  options: { canFail: boolean; skip?: boolean },
): void {
  describe.skipIf(options.skip ?? false)(`contract of Communicator: ${name}`, () => {
    describeLifeCycle(makeHarness, options.canFail);
    describeReceiving(makeHarness);
    describeSending(makeHarness);
  });
}
