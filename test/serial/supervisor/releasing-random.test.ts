import { expect, onTestFailed, test } from 'vitest';
import type { Binding, SerialConnection } from '../../../src/index.js';
import { FaultyLine } from '../../../src/testing/index.js';
import { outcome, someTurns } from '../../contract/harness.js';
import { randomNumbers, runSeed } from '../../support/random.js';
import { FAST, PACKET, ReleasingRig } from '../../support/releasing-rig.js';
import { expectNothingUncounted } from '../../support/stats.js';

/** A line that delays and cuts chunks, but changes no byte. */
function slowLine(seed: number): (binding: Binding) => Binding {
  const faults = { cutRate: 0.1, maxDelayMs: 1 };
  return (binding) => new FaultyLine(binding, { path: '/dev/arm', seed, toDevice: faults, toHost: faults }).binding;
}

test.each([
  ['a mock device', false],
  ['a slow line', true],
])('random calls over %s: every promise settles, the last call decides, every packet is counted', async (_, isSlow) => {
  const seed = runSeed();
  onTestFailed(() => console.log(`TEST_SEED=${seed}`));
  const random = randomNumbers(seed);
  for (let round = 0; round < 40; round++) {
    const settings: Partial<SerialConnection> = {
      reconnect: random(3) > 0 ? FAST : false,
      whenDisconnected: random(2) > 0 ? 'wait' : 'reject',
      settleMs: random(3),
    };
    const rig = new ReleasingRig(settings, isSlow ? slowLine(random(1_000)) : undefined);
    await rig.serial.initialize();
    const results: Promise<unknown>[] = [];
    let last = 'reopen';
    for (let step = 0; step < 15; step++) {
      switch (random(8)) {
        case 0:
        case 1:
          last = 'release';
          results.push(outcome(rig.arm.release()));
          break;
        case 2:
        case 3:
          last = 'reopen';
          results.push(outcome(rig.arm.reopen()));
          break;
        case 4:
          rig.device.unplug();
          break;
        case 5:
          rig.device.plug();
          break;
        case 6:
          results.push(outcome(rig.serial.send('arm', PACKET)), outcome(rig.serial.ready('arm')));
          break;
        case 7:
          results.push(
            outcome(rig.arm.request(PACKET, { matches: (reply) => reply[0] === 1 && random(2) > 0, timeoutMs: 50 })),
          );
          break;
      }
      await someTurns(random(4));
    }
    rig.device.plug();
    if (last === 'release') {
      await rig.arm.release();
      await rig.expectReleased();
    } else {
      await outcome(rig.arm.reopen());
      // A second attempt, if reconnect is off and the device was away in the first.
      await rig.arm.reopen();
      await rig.serial.ready('arm');
      await rig.expectEcho();
    }
    await rig.serial.shutdown();
    await Promise.all(results);
    expectNothingUncounted(rig.serial.stats('arm'));
    expect(rig.device.openOptions).toBeUndefined();
  }
});
